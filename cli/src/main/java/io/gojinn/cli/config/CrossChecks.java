package io.gojinn.cli.config;

import io.gojinn.proxy.listen.TlsConfig.ClientCertificates;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.route.RouteMatch;
import io.gojinn.proxy.route.RoutePlan;
import io.gojinn.proxy.tenant.TenantSource;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.UpstreamConfig.Target;
import io.gojinn.proxy.upstream.WireConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The checks that one value alone cannot decide: against other tables, and against the disk. */
final class CrossChecks {
    /** A larger module is a mistake rather than a function; reading it would only fail later. */
    static final long MOST_MODULE_BYTES = 256L << 20;

    private static final long MOST_CERTIFICATE_BYTES = 1 << 20;

    private final Section file;
    private final Problems problems;

    CrossChecks(Section file, Problems problems) {
        this.file = file;
        this.problems = problems;
    }

    /** Reports the name of an upstream that is not there. */
    void upstream(Sited<String> name) {
        reference(
                name,
                "an upstream",
                file.tables(ConfigSchema.UPSTREAMS).stream()
                        .flatMap(upstream -> upstream.find(ConfigSchema.UPSTREAM_NAME).stream())
                        .map(Sited::value)
                        .collect(Collectors.toSet()));
    }

    /** Reports what asks for client certificates where no listener does. */
    void clientCertificates(Place place) {
        boolean asked = file.tables(ConfigSchema.LISTENERS).stream()
                .map(listener -> listener.table(ConfigSchema.TLS))
                .anyMatch(tls -> tls.has(ConfigSchema.CLIENT_CERTIFICATES));
        if (!asked) {
            problems.add(place, "no listener with client_certificates", "one that asks for them");
        }
    }

    /** Reports fields that two keys name. */
    void distinctValues(Section section, Key<Map<String, String>> key) {
        Set<String> seen = new HashSet<>();
        section.find(key).orElse(Map.of()).values().stream()
                .filter(value -> !seen.add(value.toLowerCase(Locale.ROOT)))
                .forEach(value -> problems.add(
                        section.placeOf(key), Shown.quoted(value) + " twice", "a field of its own for each"));
    }

    Problems problems() {
        return problems;
    }

    void run() {
        Set<String> listeners = names("listener", ConfigSchema.LISTENERS, ConfigSchema.LISTENER_NAME);
        Set<String> upstreams = names("upstream", ConfigSchema.UPSTREAMS, ConfigSchema.UPSTREAM_NAME);
        Set<String> destinations = new TreeSet<>(upstreams);
        destinations.addAll(splits(upstreams));
        Set<String> functions = names("function", ConfigSchema.FUNCTIONS, ConfigSchema.FUNCTION_NAME);
        Set<String> middleware = middleware(functions);
        names("route", ConfigSchema.ROUTES, ConfigSchema.ROUTE_NAME);
        tenants();
        addresses();
        listeners();
        targets();
        upgrades();
        dns();
        modules();
        for (Section route : file.tables(ConfigSchema.ROUTES)) {
            oneAction(route);
            route.find(ConfigSchema.ROUTE_FUNCTION).ifPresent(name -> reference(name, "a function", functions));
            route.find(ConfigSchema.ROUTE_UPSTREAM)
                    .ifPresent(name -> reference(name, "an upstream or a split", destinations));
            routeMiddleware(route, middleware);
            mirror(route.table(ConfigSchema.ROUTE_MIRROR), upstreams);
            route.table(ConfigSchema.MATCH)
                    .find(ConfigSchema.MATCH_LISTENER)
                    .orElse(List.of())
                    .forEach(name -> reference(name, "a listener", listeners));
            distinctFields(route.table(ConfigSchema.MATCH), ConfigSchema.MATCH_HEADERS);
            distinctFields(route.table(ConfigSchema.RESPOND), ConfigSchema.RESPOND_HEADERS);
            bodilessStatus(route.table(ConfigSchema.RESPOND));
            route.find(ConfigSchema.STATIC).ifPresent(files -> FilesSyntax.check(files, this));
        }
        matches();
        notEmpty(file.find(ConfigSchema.LISTENERS), file.placeOf(ConfigSchema.LISTENERS), "[[listener]]");
        if (file.has(ConfigSchema.METRICS) && !file.has(ConfigSchema.ADMIN)) {
            problems.add(
                    file.placeOf(ConfigSchema.METRICS),
                    "[metrics] without [admin]",
                    "[admin], which serves the metrics");
        }
    }

    /** Checks the splits; returns their names. */
    private Set<String> splits(Set<String> upstreams) {
        for (Section split : file.tables(ConfigSchema.SPLITS)) {
            split.find(ConfigSchema.SPLIT_NAME)
                    .filter(name -> upstreams.contains(name.value()))
                    .ifPresent(name -> problems.add(
                            name.place(), name.shown() + ", the name of an upstream too", "a name of its own"));
            Set<String> seen = new HashSet<>();
            for (Section share : split.tables(ConfigSchema.SHARES)) {
                share.find(ConfigSchema.SHARE_UPSTREAM).ifPresent(name -> {
                    reference(name, "an upstream", upstreams);
                    if (!seen.add(name.value())) {
                        problems.add(name.place(), name.shown() + " twice", "each upstream once");
                    }
                });
            }
            Place place = split.placeOf(ConfigSchema.SHARES);
            if (split.has(ConfigSchema.SHARES)
                    && !problems.existBelow(place)
                    && split.tables(ConfigSchema.SHARES).stream()
                            .allMatch(share ->
                                    share.find(ConfigSchema.SHARE_WEIGHT).orElse(1) == 0)) {
                problems.add(place, "upstreams without any weight", "at least one with a weight");
            }
        }
        return names("split", ConfigSchema.SPLITS, ConfigSchema.SPLIT_NAME);
    }

    private void upgrades() {
        for (Section upstream : file.tables(ConfigSchema.UPSTREAMS)) {
            boolean http2 = upstream.find(ConfigSchema.UPSTREAM_PROTOCOL).orElse(WireConfig.Protocol.AUTO)
                    == WireConfig.Protocol.H2;
            if (http2 && !upstream.find(ConfigSchema.UPGRADES).orElse(List.of()).isEmpty()) {
                problems.add(
                        upstream.placeOf(ConfigSchema.UPGRADES),
                        "upgrades beside protocol = \"h2\"",
                        "one of them: upgrades are of HTTP/1.1");
            }
        }
    }

    private Set<String> names(String what, Key<List<Section>> tables, Key<Sited<String>> key) {
        Map<String, Place> first = new LinkedHashMap<>();
        for (Section table : file.tables(tables)) {
            table.find(key).ifPresent(name -> {
                Place before = first.putIfAbsent(name.value(), name.place());
                if (before != null) {
                    problems.add(
                            name.place(),
                            name.shown() + ", the name of the " + what + " on line " + before.line() + " too",
                            "a name of its own");
                }
            });
        }
        return first.keySet();
    }

    private void reference(Sited<String> name, String what, Set<String> known) {
        if (!known.contains(name.value())) {
            problems.add(name.place(), name.shown(), "the name of " + what, Nearest.to(name.value(), known));
        }
    }

    private void addresses() {
        List<Sited<InetSocketAddress>> taken = new ArrayList<>();
        for (Section listener : file.tables(ConfigSchema.LISTENERS)) {
            listener.find(ConfigSchema.LISTENER_ADDRESS).ifPresent(address -> take(address, taken));
        }
        file.table(ConfigSchema.ADMIN).find(ConfigSchema.ADMIN_ADDRESS).ifPresent(address -> take(address, taken));
    }

    private void take(Sited<InetSocketAddress> address, List<Sited<InetSocketAddress>> taken) {
        taken.stream()
                .filter(other -> overlap(address.value(), other.value()))
                .findFirst()
                .ifPresent(other -> problems.add(
                        address.place(),
                        address.shown() + ", taken by " + other.place().key() + " on line "
                                + other.place().line(),
                        "an address of its own"));
        taken.add(address);
    }

    /** Whether the second bind would fail: a wildcard takes every address of its port. */
    private static boolean overlap(InetSocketAddress one, InetSocketAddress other) {
        InetAddress first = one.getAddress();
        InetAddress second = other.getAddress();
        return one.getPort() != 0
                && one.getPort() == other.getPort()
                && (first.equals(second) || first.isAnyLocalAddress() || second.isAnyLocalAddress());
    }

    private void listeners() {
        for (Section listener : file.tables(ConfigSchema.LISTENERS)) {
            notEmpty(listener.find(ConfigSchema.PROTOCOLS), listener.placeOf(ConfigSchema.PROTOCOLS), "protocol");
            if (listener.find(ConfigSchema.PROXY_PROTOCOL).orElse(false)
                    && listener.find(ConfigSchema.TRUSTED_PROXIES)
                            .orElse(List.of())
                            .isEmpty()
                    && !problems.existBelow(listener.placeOf(ConfigSchema.TRUSTED_PROXIES))) {
                problems.add(
                        listener.placeOf(ConfigSchema.PROXY_PROTOCOL),
                        "true without trusted_proxies",
                        "trusted_proxies, from where the header is believed");
            }
            Section tls = listener.table(ConfigSchema.TLS);
            List<Section> certificates = tls.tables(ConfigSchema.CERTIFICATES);
            Place place = tls.placeOf(ConfigSchema.CERTIFICATES);
            notEmpty(tls.find(ConfigSchema.CERTIFICATES), place, "certificate");
            for (Section certificate : certificates) {
                present(certificate, ConfigSchema.CERTIFICATE, MOST_CERTIFICATE_BYTES);
                present(certificate, ConfigSchema.CERTIFICATE_KEY, MOST_CERTIFICATE_BYTES);
            }
            clientAuthorities(tls);
        }
    }

    private void clientAuthorities(Section tls) {
        List<Sited<Path>> authorities =
                tls.find(ConfigSchema.CLIENT_AUTHORITIES).orElse(List.of());
        authorities.forEach(file -> present(file.place(), file.shown(), file.value(), MOST_CERTIFICATE_BYTES));
        boolean asked =
                tls.find(ConfigSchema.CLIENT_CERTIFICATES).orElse(ClientCertificates.NONE) != ClientCertificates.NONE;
        Place place = tls.placeOf(ConfigSchema.CLIENT_AUTHORITIES);
        if (asked && authorities.isEmpty() && !problems.existBelow(place)) {
            problems.add(
                    tls.placeOf(ConfigSchema.CLIENT_CERTIFICATES),
                    "client certificates without client_authorities",
                    "who certifies clients");
        } else if (!asked && !authorities.isEmpty()) {
            problems.add(
                    place,
                    "client_authorities without client_certificates",
                    "client_certificates = \"request\" or \"require\"");
        }
    }

    private void dns() {
        Section dns = file.table(ConfigSchema.DNS_KEY);
        Duration min =
                dns.find(ConfigSchema.DNS_MIN_TTL).orElse(DnsConfig.defaults().minTtl());
        Duration max =
                dns.find(ConfigSchema.DNS_MAX_TTL).orElse(DnsConfig.defaults().maxTtl());
        if (max.compareTo(min) < 0) {
            problems.add(
                    dns.placeOf(
                            dns.has(ConfigSchema.DNS_MAX_TTL) ? ConfigSchema.DNS_MAX_TTL : ConfigSchema.DNS_MIN_TTL),
                    "max_ttl below min_ttl",
                    "at least min_ttl");
        }
    }

    private void targets() {
        for (Section upstream : file.tables(ConfigSchema.UPSTREAMS)) {
            Place place = upstream.placeOf(ConfigSchema.TARGETS);
            notEmpty(upstream.find(ConfigSchema.TARGETS), place, "target");
            if (upstream.has(ConfigSchema.UPSTREAM_TLS)) {
                upstreamTls(upstream, upstream.table(ConfigSchema.UPSTREAM_TLS));
            }
        }
    }

    private void upstreamTls(Section upstream, Section tls) {
        Optional<List<Target>> targets = upstream.find(ConfigSchema.TARGETS);
        if (targets.isPresent()
                && targets.get().stream().noneMatch(Target::tls)
                && !problems.existBelow(upstream.placeOf(ConfigSchema.TARGETS))) {
            problems.add(
                    upstream.placeOf(ConfigSchema.UPSTREAM_TLS), "tls without an https target", "a target with TLS");
        }
        tls.find(ConfigSchema.UPSTREAM_CA)
                .orElse(List.of())
                .forEach(ca -> present(ca.place(), ca.shown(), ca.value(), MOST_CERTIFICATE_BYTES));
        present(tls, ConfigSchema.UPSTREAM_CERTIFICATE, MOST_CERTIFICATE_BYTES);
        present(tls, ConfigSchema.UPSTREAM_KEY, MOST_CERTIFICATE_BYTES);
        if (tls.has(ConfigSchema.UPSTREAM_CERTIFICATE) != tls.has(ConfigSchema.UPSTREAM_KEY)) {
            problems.add(
                    upstream.placeOf(ConfigSchema.UPSTREAM_TLS),
                    tls.has(ConfigSchema.UPSTREAM_KEY) ? "key without certificate" : "certificate without key",
                    "both or neither");
        }
        if (tls.find(ConfigSchema.UPSTREAM_INSECURE).orElse(false) && tls.has(ConfigSchema.UPSTREAM_CA)) {
            problems.add(
                    tls.placeOf(ConfigSchema.UPSTREAM_INSECURE),
                    "insecure_skip_verify beside ca",
                    "one of them: nothing is verified");
        }
    }

    /** An array that lost its entries to problems of their own is not reported again. */
    void notEmpty(Optional<? extends List<?>> list, Place place, String what) {
        if (list.isPresent() && list.get().isEmpty() && !problems.existBelow(place)) {
            problems.add(place, "an empty array", "at least one " + what);
        }
    }

    private void modules() {
        for (Section function : file.tables(ConfigSchema.FUNCTIONS)) {
            function.find(ConfigSchema.MODULE)
                    .ifPresent(module -> present(module.place(), module.shown(), module.value(), MOST_MODULE_BYTES));
        }
    }

    private void present(Section section, Key<Sited<Path>> key, long mostBytes) {
        section.find(key).ifPresent(path -> present(path.place(), path.shown(), path.value(), mostBytes));
    }

    private void present(Place place, String shown, Path path, long mostBytes) {
        if (!Files.exists(path)) {
            problems.add(place, shown, "a file that exists");
        } else if (!Files.isRegularFile(path)) {
            problems.add(place, shown + (Files.isDirectory(path) ? ", a directory" : ""), "a regular file");
        } else if (!Files.isReadable(path)) {
            problems.add(place, shown, "a file that can be read");
        } else {
            long bytes = path.toFile().length();
            if (bytes > mostBytes) {
                problems.add(
                        place, shown + " of " + bytes + " bytes", "a file of at most " + Types.shownBytes(mostBytes));
            }
        }
    }

    /** Checks the middleware; returns every name that routes may use for one. */
    private Set<String> middleware(Set<String> functions) {
        Set<String> names = names("middleware", ConfigSchema.MIDDLEWARE, ConfigSchema.MIDDLEWARE_NAME);
        for (Section middleware : file.tables(ConfigSchema.MIDDLEWARE)) {
            middleware
                    .find(ConfigSchema.MIDDLEWARE_NAME)
                    .filter(name -> functions.contains(name.value()))
                    .ifPresent(name -> problems.add(
                            name.place(), name.shown() + ", the name of a function too", "a name of its own"));
            oneOf(middleware, ConfigSchema.MIDDLEWARE_KINDS, "kind");
            middleware
                    .find(ConfigSchema.MIDDLEWARE_FUNCTION)
                    .ifPresent(name -> reference(name, "a function", functions));
            notEmpty(
                    middleware.find(ConfigSchema.MIDDLEWARE_PHASES),
                    middleware.placeOf(ConfigSchema.MIDDLEWARE_PHASES),
                    "phase");
            if (!middleware.has(ConfigSchema.MIDDLEWARE_FUNCTION)) {
                for (Key<?> key : ConfigSchema.MIDDLEWARE_OF_FUNCTIONS) {
                    if (middleware.has(key)) {
                        problems.add(middleware.placeOf(key), key.name() + " without function", "a function");
                    }
                }
            }
            for (MiddlewareSyntax syntax : MiddlewareSyntax.ALL) {
                middleware.find(syntax.key()).ifPresent(table -> syntax.checks().accept(table, this));
            }
        }
        Set<String> all = new TreeSet<>(names);
        all.addAll(functions);
        return all;
    }

    private void tenants() {
        names("tenant", ConfigSchema.TENANTS, ConfigSchema.TENANT_NAME);
        Optional<TenantSource> from =
                file.table(ConfigSchema.TENANCY).find(ConfigSchema.TENANCY_FROM).orElse(Optional.empty());
        boolean byKey =
                from.filter(source -> source instanceof TenantSource.ApiKey).isPresent();
        Set<String> keys = new HashSet<>();
        for (Section tenant : file.tables(ConfigSchema.TENANTS)) {
            if (!file.has(ConfigSchema.TENANCY)) {
                problems.add(tenant.place(), "[[tenant]] without [tenancy]", "[tenancy], which says how it is told");
            }
            List<String> own = tenant.find(ConfigSchema.TENANT_KEYS).orElse(List.of());
            if (!own.isEmpty() && !byKey) {
                problems.add(tenant.placeOf(ConfigSchema.TENANT_KEYS), "keys", "none unless from = \"api_key\"");
            }
            // Keys are secrets: what is wrong with one is said without it.
            if (!own.stream().allMatch(keys::add)) {
                problems.add(tenant.placeOf(ConfigSchema.TENANT_KEYS), "a key twice", "each key once");
            }
        }
    }

    private void routeMiddleware(Section route, Set<String> known) {
        Set<String> seen = new HashSet<>();
        for (Sited<String> name : route.find(ConfigSchema.ROUTE_MIDDLEWARE).orElse(List.of())) {
            reference(name, "a middleware or a function", known);
            if (!seen.add(name.value())) {
                problems.add(name.place(), name.shown() + " twice", "each middleware once");
            }
        }
    }

    private void mirror(Section mirror, Set<String> upstreams) {
        mirror.find(ConfigSchema.MIRROR_UPSTREAM).ifPresent(name -> reference(name, "an upstream", upstreams));
        if (mirror.find(ConfigSchema.MIRROR_SHARE).orElse(1.0) == 0) {
            problems.add(mirror.placeOf(ConfigSchema.MIRROR_SHARE), "0.0", "more than 0.0, or no mirror");
        }
    }

    private void oneAction(Section route) {
        oneOf(route, ConfigSchema.ACTIONS, "action");
    }

    /** Reports a table that does not have exactly one of these. */
    void oneOf(Section table, List<Key<?>> keys, String what) {
        List<String> given =
                keys.stream().filter(table::has).<String>map(Key::name).toList();
        if (given.size() != 1) {
            problems.add(
                    table.place(),
                    given.isEmpty() ? "no " + what : String.join(" and ", given),
                    "exactly one of " + keys.stream().<String>map(Key::name).collect(Collectors.joining(", ")));
        }
    }

    /** Reports fields that are named twice. */
    void distinctFields(Section section, Key<Map<String, String>> key) {
        Set<String> seen = new HashSet<>();
        section.find(key).orElse(Map.of()).keySet().stream()
                .filter(name -> !seen.add(name.toLowerCase(Locale.ROOT)))
                .forEach(name -> problems.add(
                        section.placeOf(key), Shown.quoted(name) + " twice", "each field once, whatever its case"));
    }

    private void bodilessStatus(Section respond) {
        int status = respond.find(ConfigSchema.RESPOND_STATUS).orElse(200);
        boolean body = !respond.find(ConfigSchema.RESPOND_BODY).orElse("").isEmpty();
        if (body && (status == 204 || status == 205 || status == 304)) {
            problems.add(
                    respond.placeOf(ConfigSchema.RESPOND_BODY), "a body", "none with status " + status + " (RFC 9110)");
        }
    }

    /** A route whose every request another one takes before never gets one. */
    private void matches() {
        Map<RouteConfig, Section> sections = new LinkedHashMap<>();
        List<RouteConfig> routes = new ArrayList<>();
        for (Section route : file.tables(ConfigSchema.ROUTES)) {
            Place place = route.has(ConfigSchema.MATCH) ? route.placeOf(ConfigSchema.MATCH) : route.place();
            if (problems.existBelow(place) && route.has(ConfigSchema.MATCH)) {
                continue;
            }
            RouteMatch match =
                    route.find(ConfigSchema.MATCH).map(ConfigAssembler::match).orElse(RouteMatch.ANY);
            // Named by its place: routes of one name are a problem of their own.
            RouteConfig config = new RouteConfig(route.place().key(), match, new RouteAction.Forward(""));
            sections.put(config, route);
            routes.add(config);
        }
        RoutePlan.shadowed(routes).forEach((route, before) -> {
            Section section = sections.get(route);
            Section first = sections.get(before);
            if (section != null && first != null) {
                problems.add(
                        section.has(ConfigSchema.MATCH) ? section.placeOf(ConfigSchema.MATCH) : section.place(),
                        "a match that leaves nothing to it: " + first.place().key() + " on line "
                                + first.place().line() + " takes all its requests first",
                        "one that takes other requests");
            }
        });
    }
}
