package io.gojinn.cli.app;

import io.gojinn.cli.config.ConfigLoader;
import io.gojinn.cli.config.GojinnConfig;
import io.gojinn.cli.config.LoadedConfig;
import io.gojinn.cli.config.Problem;
import io.gojinn.cli.config.WatchConfig;
import io.gojinn.proxy.ProxyServer;
import io.gojinn.proxy.UnusableConfigException;
import io.gojinn.proxy.admin.Operations;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.upstream.TargetStatus;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.PreparedFunction;
import io.gojinn.runtime.RuntimeOptions;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * The running process: assembled from a config, taken down in the reverse order. In between the config may be replaced by what
 * its file says then. Thread-safe.
 */
public final class Application implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn");

    /** How long an operator's call waits for a reload; it is told when that takes longer. */
    private static final Duration RELOAD_ANSWER_LIMIT = Duration.ofSeconds(50);

    /** A loop that does not answer for so long does not work. */
    private static final Duration RESPONSE_LIMIT = Duration.ofSeconds(5);

    private final ServiceManager manager = ServiceManager.of(System::getenv);
    private final Path file;
    private final String version;
    private final GojinnConfig first;
    private final FunctionRuntime runtime;
    private final Reloader reloader = new Reloader(this::reloadOnce);
    private final FileWatch watch = new FileWatch(() -> reload("a file has changed"));
    private final ProxyServer server;
    private final ConfigMetrics metrics;
    // What the current config is served with; publishes what GET /status tells.
    private volatile Serving serving;

    /** A config with its functions. */
    private record Serving(Loaded loaded, Map<String, PreparedFunction> functions, StatusDocument status) {}

    /** A config with every file that it is made of. */
    private record Loaded(GojinnConfig config, Set<Path> files) {}

    private Application(Path file, String version, Loaded loaded, FunctionRuntime runtime, CollectorRegistry registry)
            throws Refusal {
        this.file = file;
        this.version = version;
        this.first = loaded.config();
        this.runtime = runtime;
        watch.follow(loaded.files());
        try {
            this.serving = prepare(loaded, Map.of(), Runtime.getRuntime().availableProcessors());
            this.server = ProxyServer.start(
                    loaded.config().proxy(), invokers(serving), registry, new AdminCalls(), accessLog());
        } catch (UnusableConfigException unusable) {
            throw refusal(file, unusable.problems());
        }
        this.metrics = new ConfigMetrics(registry, server::generation, server::retired);
        watchAs(loaded.config().watch());
    }

    /**
     * Reads the config, prepares every function, binds every listener.
     *
     * @throws Refusal with every problem; nothing stays open
     */
    public static Application start(Path file, String version) throws Refusal {
        long startNanos = System.nanoTime();
        Loaded loaded = load(file);
        CollectorRegistry registry = new CollectorRegistry();
        DefaultExports.register(registry);
        FunctionRuntime runtime = FunctionRuntime.start(options(loaded.config()), registry);
        try {
            Application application = new Application(file, version, loaded, runtime, registry);
            application.logReady(startNanos);
            application.tellManager();
            return application;
        } catch (Refusal e) {
            runtime.close();
            throw e;
        }
    }

    // Where the other loggers write: both write whole lines to this stream.
    private static Optional<OutputStream> accessLog() {
        return LoggerFactory.getLogger("gojinn.access").isInfoEnabled() ? Optional.of(System.out) : Optional.empty();
    }

    /**
     * Does all that {@link #start} does but bind and serve.
     *
     * @return what the file says
     * @throws Refusal with every problem
     */
    public static GojinnConfig check(Path file) throws Refusal {
        GojinnConfig config = load(file).config();
        List<String> problems = new ArrayList<>();
        try (FunctionRuntime runtime = FunctionRuntime.start(options(config), new CollectorRegistry())) {
            prepareFunctions(runtime, config, Runtime.getRuntime().availableProcessors(), problems);
        }
        problems.addAll(inFile(file, ProxyServer.check(config.proxy())));
        if (!problems.isEmpty()) {
            throw new Refusal(problems);
        }
        return config;
    }

    private static RuntimeOptions options(GojinnConfig config) {
        return new RuntimeOptions(
                config.functionThreads(), RuntimeOptions.defaults().queue());
    }

    private static Loaded load(Path file) throws Refusal {
        return switch (new ConfigLoader(System::getenv).load(file)) {
            case LoadedConfig.Accepted(GojinnConfig config, Set<Path> read) -> {
                Set<Path> files = new HashSet<>(read);
                config.functions().forEach(function -> files.add(function.module()));
                config.proxy()
                        .listeners()
                        .forEach(listener -> listener.tls().ifPresent(tls -> files.addAll(tls.files())));
                config.proxy()
                        .upstreams()
                        .forEach(upstream -> files.addAll(upstream.wire().tls().files()));
                config.proxy()
                        .middleware()
                        .forEach(middleware -> files.addAll(middleware.kind().files()));
                yield new Loaded(config, files);
            }
            case LoadedConfig.Rejected rejected ->
                throw new Refusal(
                        rejected.problems().stream().map(Problem::toString).toList());
        };
    }

    private static List<String> inFile(Path file, List<String> problems) {
        return problems.stream().map(problem -> file + ": " + problem).toList();
    }

    private static Refusal refusal(Path file, List<String> problems) {
        return new Refusal(inFile(file, problems));
    }

    private Serving prepare(Loaded loaded, Map<String, PreparedFunction> before, int threads) throws Refusal {
        List<String> problems = new ArrayList<>();
        Map<String, PreparedFunction> functions = prepareFunctions(runtime, loaded.config(), threads, problems);
        if (!problems.isEmpty()) {
            functions.values().forEach(PreparedFunction::close);
            problems.addAll(inFile(file, ProxyServer.check(loaded.config().proxy())));
            throw new Refusal(problems);
        }
        functions.forEach((name, function) -> {
            PreparedFunction known = before.get(name);
            if (known == null || !known.invoker().equals(function.invoker())) {
                LOG.atInfo()
                        .addKeyValue("function", name)
                        .addKeyValue("sha256", function.module().sha256())
                        .addKeyValue("shape", function.module().shape().orElse(""))
                        .log("function prepared");
            }
        });
        return new Serving(loaded, functions, new StatusDocument(version, loaded.config(), runtime, functions));
    }

    /** The functions that could be prepared, by name; adds why others could not. */
    private static Map<String, PreparedFunction> prepareFunctions(
            FunctionRuntime runtime, GojinnConfig config, int threads, List<String> problems) {
        Map<String, PreparedFunction> functions = new LinkedHashMap<>();
        List<Future<PreparedFunction>> prepared = runtime.prepareAll(config.functions(), threads);
        for (int i = 0; i < prepared.size(); i++) {
            String name = config.functions().get(i).name();
            if (prepared.get(i).state() == Future.State.SUCCESS) {
                functions.put(name, prepared.get(i).resultNow());
                continue;
            }
            switch (prepared.get(i).exceptionNow()) {
                case FunctionRejectedException rejected ->
                    problems.add("function " + name + ": " + rejected.getMessage());
                case Throwable defect -> throw new IllegalStateException("cannot prepare the function " + name, defect);
            }
        }
        return functions;
    }

    private static Map<String, FunctionInvoker> invokers(Serving serving) {
        Map<String, FunctionInvoker> invokers = new LinkedHashMap<>();
        serving.functions().forEach((name, function) -> invokers.put(name, function.invoker()));
        return invokers;
    }

    private void logReady(long startNanos) {
        logListening();
        server.adminAddress()
                .ifPresent(
                        address -> LOG.atInfo().addKeyValue("address", address).log("admin listening"));
        LOG.info("ready in {} ms", (System.nanoTime() - startNanos) / 1_000_000);
    }

    private void tellManager() {
        manager.ready("serving");
        manager.watch(() -> server.responds(RESPONSE_LIMIT));
    }

    private void logListening() {
        List<InetSocketAddress> addresses = server.addresses();
        List<ListenerConfig> listeners = serving.loaded().config().proxy().listeners();
        for (int i = 0; i < addresses.size(); i++) {
            LOG.atInfo()
                    .addKeyValue("listener", listeners.get(i).name())
                    .addKeyValue("address", addresses.get(i))
                    .log("listening");
        }
    }

    // Reload.

    /**
     * Asks for the config to be replaced by what its file says now, or left as it is when that cannot be. Returns at once: the
     * log tells what becomes of it. Whoever asks while a reload goes on shares the next one with all who do.
     *
     * @param cause who asks, for the log
     */
    @SuppressWarnings("FutureReturnValueIgnored")
    public void reload(String cause) {
        reloader.request(cause);
    }

    // On the thread of the reloader.
    private ReloadOutcome reloadOnce(String cause) {
        manager.reloading();
        String status = "serving, after a reload that failed";
        try {
            ReloadOutcome outcome = attempt(cause);
            status = switch (outcome) {
                case ReloadOutcome.Applied applied -> "serving config " + applied.generation();
                case ReloadOutcome.Refused refused ->
                    "serving, after a reload that was refused: "
                            + refused.problems().size() + " problems";
            };
            return outcome;
        } finally {
            manager.ready(status);
        }
    }

    private ReloadOutcome attempt(String cause) {
        long startNanos = System.nanoTime();
        LOG.atInfo().addKeyValue("cause", cause).log("reloading");
        watch.mark();
        try {
            Loaded loaded = load(file);
            // Known from before they are read, and until the next attempt: one that was refused may be repaired by any.
            watch.followAlso(loaded.files());
            // Others need the cores.
            serve(prepare(loaded, serving.functions(), 1));
            watch.follow(loaded.files());
            watchAs(loaded.config().watch());
        } catch (Refusal refusal) {
            return refused(refusal.problems());
        }
        metrics.applied();
        List<String> unapplied = unapplied(serving.loaded().config());
        unapplied.forEach(change -> LOG.atWarn().addKeyValue("change", change).log("needs a restart"));
        LOG.atInfo()
                .addKeyValue("generation", server.generation())
                .log("reloaded in {} ms", (System.nanoTime() - startNanos) / 1_000_000);
        return new ReloadOutcome.Applied(server.generation(), unapplied);
    }

    private ReloadOutcome refused(List<String> problems) {
        metrics.refused();
        for (String problem : problems) {
            LOG.atWarn().addKeyValue("problem", problem).log("the config is refused");
        }
        LOG.atWarn().addKeyValue("problems", problems.size()).log("not reloaded, the config before is served");
        return new ReloadOutcome.Refused(problems);
    }

    private void serve(Serving next) throws Refusal {
        Runnable letGo = () -> next.functions().values().forEach(PreparedFunction::close);
        try {
            server.reload(next.loaded().config().proxy(), invokers(next), letGo);
        } catch (UnusableConfigException unusable) {
            letGo.run();
            throw refusal(file, unusable.problems());
        } catch (RuntimeException defect) {
            letGo.run();
            throw defect;
        }
        serving = next;
    }

    private List<String> unapplied(GojinnConfig now) {
        List<String> unapplied = new ArrayList<>();
        if (now.proxy().eventLoops() != first.proxy().eventLoops()) {
            unapplied.add("server.event_loops is " + first.proxy().eventLoops() + " until a restart");
        }
        if (now.functionThreads() != first.functionThreads()) {
            unapplied.add("server.function_threads is " + first.functionThreads() + " until a restart");
        }
        return unapplied;
    }

    private void watchAs(WatchConfig config) {
        if (config.enabled()) {
            watch.every(config.interval());
        } else {
            watch.pause();
        }
    }

    /** What comes over the operators' listener. */
    private final class AdminCalls implements Operations {
        @Override
        public String status(Map<String, List<TargetStatus>> targets) {
            return serving.status().toJson(targets);
        }

        @Override
        public Reloaded reload() {
            try {
                ReloadOutcome outcome =
                        reloader.request("POST /reload").get(RELOAD_ANSWER_LIMIT.toSeconds(), TimeUnit.SECONDS);
                return switch (outcome) {
                    case ReloadOutcome.Applied(int generation, List<String> unapplied) ->
                        new Reloaded(
                                200,
                                json(Map.of("outcome", "applied", "generation", generation, "unapplied", unapplied)));
                    case ReloadOutcome.Refused(List<String> problems) ->
                        new Reloaded(422, json(Map.of("outcome", "refused", "problems", problems)));
                };
            } catch (TimeoutException goesOn) {
                return new Reloaded(202, json(Map.of("outcome", "running")));
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                return new Reloaded(503, json(Map.of("outcome", "stopping")));
            } catch (ExecutionException defect) {
                throw new IllegalStateException("a reload failed", defect.getCause());
            }
        }

        private static String json(Map<String, Object> document) {
            return JsonMapper.shared().writeValueAsString(document);
        }
    }

    /** Stops accepting, finishes open exchanges, stops the functions. Blocks for as long as the grace lasts. */
    @Override
    public void close() {
        LOG.info("stopping");
        manager.stopping();
        manager.close();
        watch.close();
        server.drain();
        // One that goes on is refused by the server.
        reloader.close();
        runtime.close();
    }
}
