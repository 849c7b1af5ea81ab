package io.gojinn.cli.app;

import io.gojinn.cli.config.ConfigLoader;
import io.gojinn.cli.config.GojinnConfig;
import io.gojinn.cli.config.LoadedConfig;
import io.gojinn.cli.config.Problem;
import io.gojinn.proxy.ProxyServer;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.PreparedFunction;
import io.gojinn.runtime.RuntimeOptions;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running process: assembled from a config, taken down in the reverse order. */
public final class Application implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn");

    private final FunctionRuntime runtime;
    private final ProxyServer server;

    private Application(FunctionRuntime runtime, ProxyServer server) {
        this.runtime = runtime;
        this.server = server;
    }

    /**
     * Reads the config, prepares every function, binds every listener.
     *
     * @throws Refusal with every problem; nothing stays open
     */
    public static Application start(Path file, String version) throws Refusal {
        long startNanos = System.nanoTime();
        GojinnConfig config = load(file);
        CollectorRegistry metrics = new CollectorRegistry();
        DefaultExports.register(metrics);
        FunctionRuntime runtime = FunctionRuntime.start(options(config), metrics);
        try {
            Map<String, PreparedFunction> functions = prepare(runtime, config);
            StatusDocument status = new StatusDocument(version, config, runtime, functions);
            Map<String, FunctionInvoker> invokers = new LinkedHashMap<>();
            functions.forEach((name, function) -> invokers.put(name, function.invoker()));
            ProxyServer server = ProxyServer.start(config.proxy(), invokers, metrics, status::toJson, accessLog());
            logReady(config, server, startNanos);
            return new Application(runtime, server);
        } catch (IOException e) {
            runtime.close();
            throw new Refusal(List.of(file + ": " + e.getMessage()));
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
        GojinnConfig config = load(file);
        try (FunctionRuntime runtime = FunctionRuntime.start(options(config), new CollectorRegistry())) {
            prepare(runtime, config);
        }
        try {
            ProxyServer.check(config.proxy());
        } catch (IOException e) {
            throw new Refusal(List.of(file + ": " + e.getMessage()));
        }
        return config;
    }

    private static RuntimeOptions options(GojinnConfig config) {
        return new RuntimeOptions(
                config.functionThreads(), RuntimeOptions.defaults().queue());
    }

    private static GojinnConfig load(Path file) throws Refusal {
        return switch (new ConfigLoader(System::getenv).load(file)) {
            case LoadedConfig.Accepted accepted -> accepted.config();
            case LoadedConfig.Rejected rejected ->
                throw new Refusal(
                        rejected.problems().stream().map(Problem::toString).toList());
        };
    }

    private static Map<String, PreparedFunction> prepare(FunctionRuntime runtime, GojinnConfig config) throws Refusal {
        Map<String, PreparedFunction> functions = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        List<Future<PreparedFunction>> prepared = runtime.prepareAll(config.functions());
        for (int i = 0; i < prepared.size(); i++) {
            String name = config.functions().get(i).name();
            if (prepared.get(i).state() == Future.State.SUCCESS) {
                PreparedFunction function = prepared.get(i).resultNow();
                functions.put(name, function);
                LOG.atInfo()
                        .addKeyValue("function", name)
                        .addKeyValue("sha256", function.module().sha256())
                        .addKeyValue("shape", function.module().shape().orElse(""))
                        .log("function prepared");
                continue;
            }
            switch (prepared.get(i).exceptionNow()) {
                case FunctionRejectedException rejected ->
                    problems.add("function " + name + ": " + rejected.getMessage());
                case Throwable defect -> throw new IllegalStateException("cannot prepare the function " + name, defect);
            }
        }
        if (!problems.isEmpty()) {
            throw new Refusal(problems);
        }
        return functions;
    }

    private static void logReady(GojinnConfig config, ProxyServer server, long startNanos) {
        List<InetSocketAddress> addresses = server.addresses();
        for (int i = 0; i < addresses.size(); i++) {
            LOG.atInfo()
                    .addKeyValue("listener", config.proxy().listeners().get(i).name())
                    .addKeyValue("address", addresses.get(i))
                    .log("listening");
        }
        server.adminAddress()
                .ifPresent(
                        address -> LOG.atInfo().addKeyValue("address", address).log("admin listening"));
        LOG.info("ready in {} ms", (System.nanoTime() - startNanos) / 1_000_000);
    }

    /** Stops accepting, finishes open exchanges, stops the functions. Blocks for as long as the grace lasts. */
    @Override
    public void close() {
        LOG.info("stopping");
        server.drain();
        runtime.close();
    }
}
