package io.gojinn.proxy;

import io.gojinn.proxy.compress.Codecs;
import io.gojinn.proxy.compress.Compression;
import io.gojinn.proxy.function.FunctionMiddleware;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.RouteMiddleware;
import io.gojinn.proxy.limit.ConcurrencyLimit;
import io.gojinn.proxy.limit.RequestRateLimit;
import io.gojinn.proxy.middleware.AddressRules;
import io.gojinn.proxy.middleware.CertificateRules;
import io.gojinn.proxy.middleware.CompressionRules;
import io.gojinn.proxy.middleware.ConcurrencyRules;
import io.gojinn.proxy.middleware.CorsRules;
import io.gojinn.proxy.middleware.ErrorPageRules;
import io.gojinn.proxy.middleware.ForwardAuthRules;
import io.gojinn.proxy.middleware.HeaderRules;
import io.gojinn.proxy.middleware.JwtRules;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.middleware.PasswordRules;
import io.gojinn.proxy.middleware.RateRules;
import io.gojinn.proxy.middleware.RedirectRules;
import io.gojinn.proxy.middleware.RewriteRules;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.policy.AddressFilter;
import io.gojinn.proxy.policy.CertificateFilter;
import io.gojinn.proxy.policy.Cors;
import io.gojinn.proxy.policy.ErrorPages;
import io.gojinn.proxy.policy.ForwardAuth;
import io.gojinn.proxy.policy.HeaderRewrite;
import io.gojinn.proxy.policy.PasswordAuthentication;
import io.gojinn.proxy.policy.Redirect;
import io.gojinn.proxy.policy.Rewrite;
import io.gojinn.proxy.policy.Workers;
import io.gojinn.proxy.policy.jwt.JwtAuthentication;
import io.gojinn.proxy.policy.jwt.KeySource;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.shed.LoadShedding;
import io.gojinn.proxy.transport.FileDigest;
import io.gojinn.proxy.upstream.Upstream;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Registry;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the middleware of a snapshot, each once however many routes name it, or finds that of the snapshot before: a middleware
 * is the same object for as long as a config has one with an equal {@link Key}, so that what it counts, caches or has learned
 * outlives reloads that do not concern it.
 */
final class MiddlewareFactory {
    private final Map<String, ? extends FunctionInvoker> functions;
    private final Map<String, Upstream> upstreams;
    private final Means means;
    private final Registry<Key, Middleware> known;
    private final List<Registry.Lease<?>> leases;
    private final Map<String, Middleware> byName;

    /**
     * What makes two middlewares the same.
     *
     * @param refersTo what it uses of its snapshot, such as a function or an upstream: those are the same object for as long as
     *     nothing of theirs changes
     * @param files a digest of what the files hold that the kind names
     */
    record Key(MiddlewareConfig config, List<?> refersTo, String files) {}

    /**
     * What middleware works with, the same for all snapshots.
     *
     * @param tokens check signatures
     * @param passwords check passwords, which takes much longer
     */
    record Means(EventLoopGroup loops, Metrics metrics, Workers tokens, Workers passwords) {
        void close() {
            tokens.close();
            passwords.close();
        }
    }

    /**
     * A factory that has taken none.
     *
     * @param upstreams of the new snapshot, by name, there before the first is taken
     * @param given middleware beyond what a config can say, by name
     * @param known that of all snapshots
     * @param leases gets those of the new snapshot
     */
    MiddlewareFactory(
            Map<String, ? extends FunctionInvoker> functions,
            Map<String, Upstream> upstreams,
            Means means,
            Map<String, Middleware> given,
            Registry<Key, Middleware> known,
            List<Registry.Lease<?>> leases) {
        this.functions = functions;
        this.upstreams = upstreams;
        this.means = means;
        this.known = known;
        this.leases = leases;
        this.byName = new HashMap<>(given);
    }

    /**
     * Finds or makes the middleware of this config. Blocks when it reads files.
     *
     * @throws IOException that names the middleware and the file which cannot be used
     */
    void take(MiddlewareConfig config) throws IOException {
        Key key = new Key(config, refersTo(config), FileDigest.of(config.kind().files()));
        Registry.Lease<Middleware> lease = known.<IOException>lease(key, () -> make(config));
        leases.add(lease);
        byName.put(config.name(), lease.value());
    }

    /**
     * Looks for what a middleware needs of this machine. Blocks.
     *
     * @throws IOException that names the middleware and what is missing
     */
    static void check(MiddlewareConfig config) throws IOException {
        if (config.kind() instanceof CompressionRules compression) {
            Optional<String> missing = Codecs.load(compression.codings());
            if (missing.isPresent()) {
                throw new IOException("middleware " + config.name() + ": " + missing.get());
            }
        }
    }

    private List<?> refersTo(MiddlewareConfig config) throws IOException {
        return switch (config.kind()) {
            case MiddlewareKind.Call call -> List.of(function(config, call));
            case AddressRules addresses -> List.of();
            case CertificateRules certificates -> List.of();
            case CorsRules cors -> List.of();
            case ErrorPageRules pages -> List.of();
            case ForwardAuthRules auth -> List.of(upstream(config, auth.upstream()));
            case HeaderRules headers -> List.of();
            case RateRules rate -> List.of();
            case ConcurrencyRules concurrency -> List.of();
            case CompressionRules compression -> List.of();
            case MiddlewareKind.Shedding shedding -> List.of();
            case JwtRules jwt ->
                jwt.keys() instanceof JwtRules.Keys.Fetched fetched
                        ? List.of(upstream(config, fetched.upstream()))
                        : List.of();
            case PasswordRules passwords -> List.of();
            case RedirectRules redirect -> List.of();
            case RewriteRules rewrite -> List.of();
        };
    }

    private Middleware make(MiddlewareConfig config) throws IOException {
        return switch (config.kind()) {
            case MiddlewareKind.Call call -> new FunctionMiddleware(function(config, call), call);
            case AddressRules addresses -> new AddressFilter(addresses);
            case CertificateRules certificates -> new CertificateFilter(certificates);
            case CorsRules cors -> new Cors(cors);
            case ErrorPageRules pages -> new ErrorPages(pages);
            case ForwardAuthRules auth -> new ForwardAuth(auth, upstream(config, auth.upstream()));
            case HeaderRules headers -> new HeaderRewrite(headers);
            case RateRules rate ->
                new RequestRateLimit(config.name(), rate, means.metrics().limit(config.name()));
            case ConcurrencyRules concurrency ->
                new ConcurrencyLimit(config.name(), concurrency, means.metrics().limit(config.name()));
            case CompressionRules compression -> {
                check(config);
                yield new Compression(compression, means.metrics().compression());
            }
            case MiddlewareKind.Shedding shedding ->
                new LoadShedding(shedding, means.metrics().shedding(config.name()));
            case JwtRules jwt -> new JwtAuthentication(jwt, keys(config, jwt), means.tokens(), InstantSource.system());
            case PasswordRules passwords -> new PasswordAuthentication(passwords, means.passwords());
            case RedirectRules redirect -> new Redirect(redirect);
            case RewriteRules rewrite -> new Rewrite(rewrite);
        };
    }

    private KeySource keys(MiddlewareConfig config, JwtRules jwt) throws IOException {
        return switch (jwt.keys()) {
            case JwtRules.Keys.Given given -> KeySource.given(given);
            case JwtRules.Keys.Shared shared -> KeySource.shared(shared);
            case JwtRules.Keys.Fetched fetched ->
                KeySource.fetched(
                        config.name(),
                        fetched,
                        upstream(config, fetched.upstream()),
                        means.loops().next(),
                        means.metrics().keyFetches(config.name()));
        };
    }

    private Upstream upstream(MiddlewareConfig config, String name) throws IOException {
        Upstream upstream = upstreams.get(name);
        if (upstream == null) {
            throw new IOException("middleware " + config.name() + ": its upstream " + name + " cannot be used");
        }
        return upstream;
    }

    private FunctionInvoker function(MiddlewareConfig config, MiddlewareKind.Call call) {
        return ProxyServer.named(functions, call.function(), "middleware " + config.name());
    }

    /** The middleware of a route, in its order. */
    RouteMiddleware of(RouteConfig route) {
        if (route.middleware().isEmpty()) {
            return RouteMiddleware.NONE;
        }
        List<Middleware> list = new ArrayList<>();
        for (String name : route.middleware()) {
            list.add(ProxyServer.named(byName, name, "route " + route.name()));
        }
        return new RouteMiddleware(list);
    }
}
