package io.gojinn.density;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Serves thousands of distinct modules with one process, calls every function over HTTP, waits until all are idle, and prints
 * what the process takes. Needs the distribution, which {@code bin/build} makes, and Linux.
 *
 * <p>{@code jmh-benchmarks/run -main io.gojinn.density.DensityMain [functions] [options of the server's JVM]}
 */
public final class DensityMain {
    private static final int CLIENTS = 4;
    private static final Duration READY_TIMEOUT = Duration.ofMinutes(30);
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final int functions;
    private final String javaOptions;
    private final Path folder;
    private final int port = freePort();
    private final int adminPort = freePort();

    private DensityMain(int functions, String javaOptions, Path folder) {
        this.functions = functions;
        this.javaOptions = javaOptions;
        this.folder = folder;
    }

    /** Runs once. */
    public static void main(String... arguments) throws Exception {
        int functions = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10_000;
        String javaOptions = arguments.length > 1 ? arguments[1] : "-Xmx2g";
        Path folder = Files.createTempDirectory("gojinn-density");
        try {
            new DensityMain(functions, javaOptions, folder).run();
        } finally {
            delete(folder);
        }
    }

    private void run() throws Exception {
        long moduleBytes = write();
        long started = System.nanoTime();
        Path log = folder.resolve("log");
        ProcessBuilder launcher = new ProcessBuilder(
                        "cli/target/gojinn/gojinn", "serve", "" + folder.resolve("proxy.toml"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        launcher.environment().put("GOJINN_JAVA_OPTS", javaOptions);
        Process server = launcher.start();
        try {
            awaitReady(server, log);
            print("functions", functions, "");
            print("modules, mean", (double) moduleBytes / functions / 1024, "KiB");
            print("all prepared, ready", seconds(started), "s");
            print("processor time until ready", cpuSeconds(server), "s");
            report("ready", server);
            long first = System.nanoTime();
            callAll();
            print("each called once, right answer", seconds(first), "s");
            print("processor time until then", cpuSeconds(server), "s");
            report("called", server);
            awaitIdle();
            report("idle", server);
        } finally {
            server.destroy();
            if (!server.waitFor(60, TimeUnit.SECONDS)) {
                server.destroyForcibly();
            }
        }
    }

    private long write() throws IOException {
        DistinctModules modules =
                new DistinctModules(Files.readAllBytes(Path.of("config-examples/functions/greet.wasm")));
        StringBuilder config = new StringBuilder(200 * functions);
        config.append("[[listener]]\nname = \"web\"\naddress = \"127.0.0.1:%d\"\n".formatted(port));
        config.append("[admin]\naddress = \"127.0.0.1:%d\"\n".formatted(adminPort));
        long bytes = 0;
        for (int i = 0; i < functions; i++) {
            byte[] module = modules.module(i);
            bytes += module.length;
            Files.write(folder.resolve(i + ".wasm"), module);
            config.append("[[function]]\nname = \"f%1$d\"\nmodule = \"%1$d.wasm\"\nidle = \"1s\"\ntimeout = \"10s\"\n"
                    .formatted(i));
            config.append(
                    "[[route]]\nname = \"r%1$d\"\nmatch = { path = \"/%1$d\" }\nfunction = \"f%1$d\"\n".formatted(i));
        }
        Files.writeString(folder.resolve("proxy.toml"), config);
        return bytes;
    }

    private static void awaitReady(Process server, Path log) throws Exception {
        long deadline = System.nanoTime() + READY_TIMEOUT.toNanos();
        try (BufferedReader lines = Files.newBufferedReader(log)) {
            String last = "";
            while (System.nanoTime() - deadline < 0) {
                String line = lines.readLine();
                if (line == null) {
                    if (!server.isAlive()) {
                        throw new IllegalStateException("the server ended: " + last);
                    }
                    Thread.sleep(20);
                } else if (line.contains("ready in")) {
                    return;
                } else {
                    last = line;
                }
            }
        }
        throw new IllegalStateException("not ready");
    }

    private void callAll() throws Exception {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> clients = new ArrayList<>();
        try (ExecutorService executor = Executors.newFixedThreadPool(CLIENTS)) {
            for (int client = 0; client < CLIENTS; client++) {
                clients.add(executor.submit(() -> {
                    int number;
                    while ((number = next.getAndIncrement()) < functions) {
                        call(number);
                    }
                    return null;
                }));
            }
            for (Future<?> client : clients) {
                client.get();
            }
        }
    }

    private void call(int number) throws Exception {
        HttpResponse<String> response = get(port, "/" + number);
        String expected = "{\"message\":\"" + DistinctModules.word(number) + ", world!\"";
        if (response.statusCode() != 200 || !response.body().startsWith(expected)) {
            throw new IllegalStateException(
                    "function " + number + " said " + response.statusCode() + " " + response.body());
        }
    }

    /** Until no function has an instance. */
    private void awaitIdle() throws Exception {
        long deadline = System.nanoTime() + IDLE_TIMEOUT.toNanos();
        while (get(adminPort, "/metrics").body().lines().anyMatch(DensityMain::tellsOfInstances)) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("instances stay");
            }
            Thread.sleep(500);
        }
    }

    private static boolean tellsOfInstances(String line) {
        return line.startsWith("gojinn_idle_instances{") && !line.endsWith(" 0.0");
    }

    private static HttpResponse<String> get(int port, String path) throws Exception {
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    private void report(String when, Process server) throws IOException {
        long kibibytes = 0;
        for (String line : Files.readAllLines(Path.of("/proc/" + server.pid() + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                kibibytes = Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        long files;
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + server.pid() + "/fd"))) {
            files = descriptors.count();
        }
        print(when + ": resident", kibibytes / 1024.0, "MiB");
        print(when + ": resident, a function", (double) kibibytes / functions, "KiB");
        print(when + ": open files", (double) files, "");
    }

    @SuppressWarnings("SystemOut") // what it is for
    private static void print(String what, double value, String unit) {
        System.out.printf("%-32s %,12.1f %s%n", what, value, unit);
    }

    private static double cpuSeconds(Process server) {
        return server.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
    }

    private static double seconds(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e9;
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
