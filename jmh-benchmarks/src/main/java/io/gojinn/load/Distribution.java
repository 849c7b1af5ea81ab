package io.gojinn.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The distribution that {@code bin/build} makes, serving a config from a temporary folder. Its admin listener tells what it
 * takes. Needs Linux.
 */
final class Distribution implements AutoCloseable {
    private static final Duration READY_TIMEOUT = Duration.ofMinutes(2);
    private static final String HEAP = "jvm_memory_bytes_used{area=\"heap\",}";
    private static final String DIRECT = "gojinn_direct_memory_bytes";

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path folder;
    private final Path log;
    private final int adminPort;
    private final Process process;

    private Distribution(Path folder, Path log, int adminPort, Process process) {
        this.folder = folder;
        this.log = log;
        this.adminPort = adminPort;
        this.process = process;
    }

    /** What the process takes, in MiB. */
    record Memory(double resident, double heap, double direct) {}

    /**
     * Starts and waits until it serves.
     *
     * @param folder of what the config refers to, deleted at the end
     * @param config without an admin listener
     */
    static Distribution start(Path folder, String config, String javaOptions) throws IOException, InterruptedException {
        int adminPort = freePort();
        Files.writeString(
                folder.resolve("proxy.toml"), config + "[admin]\naddress = \"127.0.0.1:%d\"\n".formatted(adminPort));
        Path log = folder.resolve("log");
        ProcessBuilder launcher = new ProcessBuilder(
                        "cli/target/gojinn/gojinn",
                        "serve",
                        folder.resolve("proxy.toml").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        launcher.environment().put("GOJINN_JAVA_OPTS", javaOptions);
        Distribution started = new Distribution(folder, log, adminPort, launcher.start());
        try {
            started.awaitReady();
        } catch (IOException | InterruptedException | RuntimeException failed) {
            started.close();
            throw failed;
        }
        return started;
    }

    private void awaitReady() throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + READY_TIMEOUT.toNanos();
        while (logged("ready in") == 0) {
            if (!process.isAlive() || System.nanoTime() - deadlineNanos > 0) {
                throw new IllegalStateException("not ready: " + Files.readString(log));
            }
            Thread.sleep(50);
        }
    }

    /** How many lines of the log hold this text. */
    long logged(String text) throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains(text)).count();
        }
    }

    /** What it takes now. */
    Memory memory() throws IOException, InterruptedException {
        String metrics = client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        double residentKib = 0;
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                residentKib = Double.parseDouble(line.replaceAll("[^0-9]", ""));
            }
        }
        return new Memory(residentKib / 1024, sample(metrics, HEAP), sample(metrics, DIRECT));
    }

    /** The processor time that it has taken so far, of itself and for it. */
    Duration processorTime() {
        return process.toHandle().info().totalCpuDuration().orElseThrow();
    }

    private static double sample(String metrics, String name) {
        Optional<String> line =
                metrics.lines().filter(each -> each.startsWith(name + " ")).findFirst();
        return Double.parseDouble(line.orElseThrow().substring(name.length() + 1)) / (1 << 20);
    }

    /** Collects garbage and returns what stays. */
    Memory collected() throws IOException, InterruptedException {
        for (int i = 0; i < 2; i++) {
            new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                    .toString(),
                            Long.toString(process.pid()),
                            "GC.run")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        }
        return memory();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
