package io.gojinn.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A {@code gojinn serve} process started from the distribution that the build has just made. Leak detection is paranoid;
 * closing it fails the test when a leak was reported.
 */
final class Gojinn implements AutoCloseable {
    private static final Path ROOT = Path.of(System.getProperty("gojinn.root"));
    private static final Path LAUNCHER = ROOT.resolve("cli/target/gojinn/gojinn");
    private static final String READY = "ready in";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final Process process;
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Thread reader;

    private Gojinn(Process process) {
        this.process = process;
        this.reader = Thread.ofPlatform().daemon().start(this::read);
    }

    /** Serves a config and returns when it is ready. */
    static Gojinn serve(Path config) throws Exception {
        return serve(config, Map.of());
    }

    /** Serves a config in this environment, beside what tests always set. */
    static Gojinn serve(Path config, Map<String, String> environment) throws Exception {
        ProcessBuilder launch = launch("serve", config.toString()).redirectErrorStream(true);
        launch.environment().putAll(environment);
        Process process = launch.start();
        Gojinn gojinn = new Gojinn(process);
        // The latch opens when the process is ready, or at the end of its output.
        if (!gojinn.ready.await(60, TimeUnit.SECONDS) || !gojinn.isReady()) {
            process.destroyForcibly();
            throw new IllegalStateException("not ready: " + String.join("\n", gojinn.log()));
        }
        return gojinn;
    }

    /** Serves a config without looking for leaks at every step of every buffer, which takes longer than a request: to measure. */
    static Gojinn serveAsShipped(Path config) throws Exception {
        return serve(config, Map.of("GOJINN_JAVA_OPTS", "-Xmx1g"));
    }

    /** Runs a command to its end. */
    static Finished run(String... arguments) throws Exception {
        Path out = Files.createTempFile("gojinn", ".out");
        Path err = Files.createTempFile("gojinn", ".err");
        Process process = launch(arguments)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("gojinn " + String.join(" ", arguments) + " did not end");
        }
        return new Finished(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** What a command left. */
    record Finished(int exitCode, String out, String err) {
        String all() {
            return out + err;
        }
    }

    private static ProcessBuilder launch(String... arguments) {
        if (!Files.isExecutable(LAUNCHER)) {
            throw new IllegalStateException(LAUNCHER + " is missing: these tests need the package phase of cli");
        }
        List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment()
                .put("GOJINN_JAVA_OPTS", "-Dio.netty.leakDetection.level=paranoid -XX:TieredStopAtLevel=4 -Xmx1g");
        return builder;
    }

    /** An example's config in a folder of its own, with every port replaced by a free one. */
    static Served example(String name, Path folder) throws IOException {
        return config(
                Files.readString(ROOT.resolve("config-examples").resolve(name).resolve("proxy.toml")), folder);
    }

    /**
     * A config whose ports are replaced by free ones and whose modules by absolute paths. Functions that name no timeout get a
     * long one: on a busy machine a first call, of code that is not compiled, can take seconds.
     */
    static Served config(String text, Path folder) throws IOException {
        String patient = text.contains("[defaults") ? text : text + "\n[defaults.function]\ntimeout = \"30s\"\n";
        String placed = patient.replace("../functions/", ROOT.resolve("config-examples/functions") + "/")
                .replace("MODULES/", ROOT.resolve("runtime/src/test/modules") + "/");
        List<Integer> ports = new ArrayList<>();
        for (String port : List.of("8080", "8081", "8443", "2019")) {
            int free = freePort();
            ports.add(free);
            placed = placed.replace(":" + port, ":" + free);
        }
        Path file = Files.writeString(folder.resolve("proxy.toml"), placed);
        return new Served(file, ports.get(0), ports.get(2), ports.get(3));
    }

    /** A config file with the ports it got. */
    record Served(Path file, int port, int tlsPort, int adminPort) {
        URI uri(String path) {
            return URI.create("http://127.0.0.1:" + port + path);
        }

        /** A line of the metrics, by the start of the line. */
        double metric(String series) throws Exception {
            HttpResponse<String> response = get(URI.create("http://127.0.0.1:" + adminPort + "/metrics"));
            return response.body()
                    .lines()
                    .filter(line -> line.startsWith(series + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + series + " in\n" + response.body()));
        }
    }

    static HttpResponse<String> get(URI uri, String... fields) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        return send((fields.length == 0 ? request : request.headers(fields)).build());
    }

    static HttpResponse<String> post(URI uri, String body) throws Exception {
        return send(HttpRequest.newBuilder(uri)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isReady() {
        return log().stream().anyMatch(line -> line.contains(READY));
    }

    /** Asks it to stop, as systemd does. */
    void terminate() {
        process.destroy();
    }

    /** Sends it a signal, by name. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** What of its heap is alive. */
    long liveBytes() throws IOException {
        // Total, the number of instances, the bytes.
        String histogram = command("GC.class_histogram");
        Matcher total = Pattern.compile("(?m)^Total +\\d+ +(\\d+)").matcher(histogram);
        if (!total.find()) {
            throw new IllegalStateException(histogram);
        }
        // What the collector has put into the place of the dead where it did not compact.
        long dead = Pattern.compile("(?m)^ *\\d+: +\\d+ +(\\d+) +\\S*jdk\\.internal\\.vm\\.Filler")
                .matcher(histogram)
                .results()
                .mapToLong(filler -> Long.parseLong(filler.group(1)))
                .sum();
        return Long.parseLong(total.group(1)) - dead;
    }

    /** What its heap is made of, and what its compilers are at: to tell what has piled up. */
    String liveObjects() {
        try {
            String histogram = command("GC.class_histogram");
            return command("Compiler.queue")
                    + "\n"
                    + histogram.lines().limit(40).collect(Collectors.joining("\n"))
                    + "\n"
                    + histogram
                            .lines()
                            .filter(line -> line.contains(" io.gojinn."))
                            .limit(60)
                            .collect(Collectors.joining("\n"));
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }

    /** Gives its virtual machine a diagnostic command; returns what that prints. */
    private String command(String name) throws IOException {
        Process command = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(process.pid()),
                        name)
                .redirectErrorStream(true)
                .start();
        try (BufferedReader lines = command.inputReader(StandardCharsets.UTF_8)) {
            return lines.lines().collect(Collectors.joining("\n"));
        }
    }

    /** What it takes of the machine's memory, after what it has freed was given back. Of Linux. */
    long residentBytes() throws IOException {
        command("System.trim_native_heap");
        return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }

    /** How many files it has open, connections included. Of Linux. */
    long openFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            return files.count();
        }
    }

    /** Waits for its end. */
    int exitCode() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("still running");
        }
        return process.exitValue();
    }

    /** What it has written, but for the access log. */
    List<String> log() {
        return List.copyOf(log);
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            String line;
            while ((line = lines.readLine()) != null) {
                // Millions in a long run.
                if (!line.contains("\"logger\":\"gojinn.access\"")) {
                    log.add(line);
                }
                if (line.contains(READY)) {
                    ready.countDown();
                }
            }
        } catch (IOException e) {
            log.add("log broke off: " + e);
        }
        ready.countDown();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("did not stop");
            }
            reader.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        for (String line : log()) {
            if (line.contains("LEAK:")) {
                throw new AssertionError(line);
            }
        }
    }
}
