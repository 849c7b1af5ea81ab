package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.gojinn.examples.PlainConnection.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that is asked for everything at once: handlers, middleware, functions that crash, clients that leave, reloads that
 * bring new modules. Every answer is right, and nothing leaks or piles up.
 *
 * <p>Three thousand requests, with an eye on every buffer; two million of them, with one on one buffer in sixteen, for which a
 * leak of one in a thousand requests would show as a hundred:
 * {@code ./mvnw -B -pl config-examples -am verify -Dtest=SoakTest -Dsurefire.failIfNoSpecifiedTests=false -Dgojinn.soak=2000000}
 */
class SoakTest {
    private static final int REQUESTS = Integer.getInteger("gojinn.soak", 3_000);
    private static final int CLIENTS = 12;
    private static final int REQUESTS_A_RELOAD = Math.max(1_000, REQUESTS / 100);

    /** The short run ends while the engine is still compiling, which takes memory: it finds what piles up fast, not less. */
    private static final boolean LONG = REQUESTS >= 200_000;

    private static final Map<String, String> ENVIRONMENT = LONG
            ? Map.of(
                    "GOJINN_JAVA_OPTS",
                    "-Dio.netty.leakDetection.level=advanced -Dio.netty.leakDetection.samplingInterval=16 -Xmx1g")
            : Map.of();

    private static final long HEAP_SLACK = LONG ? 8 << 20 : 32 << 20;
    private static final long RESIDENT_SLACK = LONG ? 64 << 20 : 256 << 20;

    private static final Path EXAMPLES = Path.of(System.getProperty("gojinn.root"), "config-examples");

    @TempDir
    private Path folder;

    private final AtomicInteger sent = new AtomicInteger();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private int deployed;

    /** What is asked for, each as often in a hundred as its weight says. */
    private enum Kind {
        GREETING(30),
        TAX(20),
        ANSWERED_BODY(15),
        CHANGED_FIELDS(15),
        CHANGED_BODIES(12),
        REFUSAL(4),
        CRASH(2),
        ABORT(2);

        private static final List<Kind> MIX = Stream.of(values())
                .flatMap(kind -> Collections.nCopies(kind.weight, kind).stream())
                .toList();

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        static Kind any(Random random) {
            return MIX.get(random.nextInt(MIX.size()));
        }
    }

    /** An end of a function, and the answer that a client gets. */
    private record Crash(String command, String answer) {}

    private static final List<Crash> CRASHES = List.of(
            new Crash("!exit", "500 exit"),
            new Crash("!trap", "500 trap"),
            new Crash("!memory", "500 memory"),
            new Crash("!stack", "500 stack"),
            new Crash("!nothing", "502 contract"),
            new Crash("!flood", "502 output_limit"));

    /** What a process takes when nothing is asked of it. */
    private record Taken(long heap, double direct, double threads, long resident, long files) {
        @Override
        public String toString() {
            return "heap %.1f MiB, direct %.1f MiB, threads %.0f, resident %d MiB, files %d"
                    .formatted(heap / 1048576.0, direct / 1048576.0, threads, resident >> 20, files);
        }
    }

    @Test
    void everyAnswerIsRightAndNothingPilesUp() throws Exception {
        HttpServer upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 512);
        upstream.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders()
                    .set("X-Got", String.valueOf(exchange.getRequestHeaders().getFirst("X-Tag")));
            exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            upstream.setExecutor(threads);
            upstream.start();
            replaceModule();
            long startNanos = System.nanoTime();
            Gojinn.Served served = Gojinn.config(config(upstream.getAddress().getPort()), folder);
            String config = Files.readString(served.file());
            try (Gojinn gojinn = Gojinn.serve(served.file(), ENVIRONMENT)) {
                ask(REQUESTS / 3, served, config, threads);
                Taken early = taken(gojinn, served);
                ask(REQUESTS, served, config, threads);
                Taken late = taken(gojinn, served);
                report(early, late, (System.nanoTime() - startNanos) / 1_000_000_000);
                assertThat(late.heap()).isLessThan(early.heap() * 11 / 10 + HEAP_SLACK);
                assertThat(late.direct()).isLessThan(early.direct() + (16 << 20));
                // Background workers come and go.
                assertThat(late.threads()).isLessThan(early.threads() + 8);
                assertThat(late.files()).isLessThan(early.files() + 8);
                assertThat(late.resident()).isLessThan(early.resident() * 11 / 10 + RESIDENT_SLACK);
                assertThat(gojinn.log()).noneMatch(line -> line.contains("\"level\":\"ERROR\""));
            } finally {
                upstream.stop(0);
            }
        }
    }

    private static String config(int upstreamPort) {
        Path answer = EXAMPLES.resolve("src/test/modules/answer.wasm");
        return """
                [[listener]]
                name = "web"
                address = "127.0.0.1:8080"
                [admin]
                address = "127.0.0.1:2019"
                [defaults.function]
                # What a client has left must be ended by that alone.
                timeout = "10m"
                fuel = 1_000_000_000_000
                max_output = "1MiB"
                [[upstream]]
                name = "app"
                targets = ["http://127.0.0.1:%1$d"]
                [[function]]
                name = "greet"
                module = "greet.wasm"
                [[function]]
                name = "tax"
                module = "../functions/tax.wasm"
                [[function]]
                name = "echo"
                module = "../functions/echo.wasm"
                [[function]]
                name = "handler"
                module = "%2$s"
                memory = "20MiB"
                env = { FIELD = "X-Handler", DEFAULT = '{"status":200}' }
                [[function]]
                name = "in"
                module = "%2$s"
                memory = "20MiB"
                env = { FIELD = "X-In", DEFAULT = "{}" }
                [[function]]
                name = "out"
                module = "%2$s"
                memory = "20MiB"
                env = { FIELD = "X-Out", DEFAULT = "{}" }
                [[function]]
                name = "changing"
                module = "%2$s"
                env = { FIELD = "X-None", DEFAULT = "!echo" }
                [[middleware]]
                name = "before"
                function = "in"
                [[middleware]]
                name = "after"
                function = "out"
                phases = ["response"]
                [[middleware]]
                name = "around"
                function = "changing"
                phases = ["request", "response"]
                body = "buffer"
                [[route]]
                name = "greet"
                match.path = "/greet"
                function = "greet"
                [[route]]
                name = "tax"
                match.path = "/tax"
                function = "tax"
                [[route]]
                name = "echo"
                match.path = "/echo"
                function = "echo"
                [[route]]
                name = "handler"
                match.path = "/handler"
                middleware = ["before", "after"]
                function = "handler"
                [[route]]
                name = "forwarded"
                match.path = "/forwarded"
                middleware = ["before", "after"]
                upstream = "app"
                [[route]]
                name = "changed"
                match.path = "/changed"
                middleware = ["around"]
                upstream = "app"
                """.formatted(upstreamPort, answer);
    }

    /** Asks until so many requests have been sent. */
    private void ask(int until, Gojinn.Served served, String config, ExecutorService threads) throws Exception {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Random random = new Random(31L * until + i);
            clients.add(threads.submit(() -> client(until, served.port(), random)));
        }
        while (sent.get() < until && wrong.isEmpty()) {
            int next = sent.get() + REQUESTS_A_RELOAD;
            await().atMost(Duration.ofMinutes(10))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> sent.get() >= Math.min(next, until) || !wrong.isEmpty());
            deploy(served, config);
        }
        for (Future<?> client : clients) {
            client.get();
        }
        assertThat(wrong).isEmpty();
    }

    /** Brings another module of the same meaning, and another answer of a route. */
    private void deploy(Gojinn.Served served, String config) throws Exception {
        deployed++;
        replaceModule();
        String next = config
                + "[[route]]\nname = \"deployed\"\nmatch.path = \"/deployed\"\nrespond.body = \"%d\"\n"
                        .formatted(deployed);
        Path written = Files.writeString(folder.resolve("next.toml"), next);
        Files.move(written, served.file(), StandardCopyOption.ATOMIC_MOVE);
        assertThat(Gojinn.post(URI.create("http://127.0.0.1:" + served.adminPort() + "/reload"), "")
                        .statusCode())
                .isEqualTo(200);
        assertThat(Gojinn.get(served.uri("/deployed")).body()).isEqualTo(String.valueOf(deployed));
    }

    /** The module has a custom section of its own: it is none that was prepared before. */
    private void replaceModule() throws IOException {
        byte[] name = bytes("deployed " + deployed);
        ByteArrayOutputStream module = new ByteArrayOutputStream();
        module.write(Files.readAllBytes(EXAMPLES.resolve("functions/greet.wasm")));
        module.write(0);
        module.write(name.length + 1);
        module.write(name.length);
        module.write(name);
        Path written = Files.write(folder.resolve("next.wasm"), module.toByteArray());
        Files.move(written, folder.resolve("greet.wasm"), StandardCopyOption.ATOMIC_MOVE);
    }

    private @Nullable Void client(int until, int port, Random random) {
        PlainConnection connection = new PlainConnection(port);
        try (connection) {
            while (sent.getAndIncrement() < until && wrong.isEmpty()) {
                Kind kind = Kind.any(random);
                try {
                    String found = exchange(kind, connection, random);
                    if (!found.isEmpty()) {
                        wrong.add(kind + ": " + found);
                    }
                } catch (IOException lost) {
                    wrong.add(kind + ": " + lost);
                }
            }
        }
        return null;
    }

    /** Does one exchange; returns what is wrong with its answer, nothing when it is right. */
    private static String exchange(Kind kind, PlainConnection connection, Random random) throws IOException {
        int number = random.nextInt(1_000_000);
        return switch (kind) {
            case GREETING -> {
                Response response = connection.send("GET", "/greet?name=n" + number, new byte[0]);
                yield expect(response, "200 -", response.text().contains("Hello, n" + number + "!"));
            }
            case TAX -> {
                byte[] order = bytes("{\"id\":\"" + number + "\",\"value\":" + number + "}");
                Response response = connection.send("POST", "/tax", order);
                long hundredths = number * 115L;
                String total = "\"total\":%d.%02d}".formatted(hundredths / 100, hundredths % 100);
                String text = response.text();
                yield expect(response, "200 -", text.endsWith(total) && text.contains("\"" + number + "\""));
            }
            case ANSWERED_BODY, CHANGED_BODIES -> {
                byte[] body = new byte[random.nextInt(random.nextInt(50) == 0 ? 500_000 : 4_096)];
                random.nextBytes(body);
                Response response = connection.send("POST", kind == Kind.ANSWERED_BODY ? "/echo" : "/changed", body);
                yield expect(response, "200 -", Arrays.equals(response.body(), body));
            }
            case CHANGED_FIELDS -> {
                Response response = connection.send(
                        "GET",
                        "/forwarded",
                        new byte[0],
                        "X-In: {\"next\":{\"headers\":{\"set\":{\"X-Tag\":\"" + number + "\"}}}}",
                        "X-Out: {\"response\":{\"headers\":{\"set\":{\"X-Passed\":\"" + number + "\"}}}}");
                String tag = String.valueOf(number);
                yield expect(
                        response,
                        "200 -",
                        response.field("x-got").equals(tag)
                                && response.field("x-passed").equals(tag));
            }
            case REFUSAL -> {
                Response response = connection.send(
                        "POST",
                        "/forwarded",
                        bytes("unwanted"),
                        "X-In: {\"status\":403,\"body\":\"not " + number + "\"}");
                yield expect(response, "403 -", response.text().equals("not " + number));
            }
            case CRASH -> {
                Crash crash = CRASHES.get(random.nextInt(CRASHES.size()));
                String field = List.of("X-Handler", "X-In", "X-Out").get(random.nextInt(3));
                Response response = connection.send("GET", "/handler", new byte[0], field + ": " + crash.command());
                yield expect(response, crash.answer(), response.text().contains("trace_id"));
            }
            case ABORT -> {
                connection.leave(
                        switch (random.nextInt(3)) {
                            case 0 -> "GET /handler HTTP/1.1\r\nHost: a\r\nX-Handler: !spin\r\n\r\n";
                            case 1 -> "GET /handler HTTP/1.1\r\nHost: a\r\nX-In: !spin\r\n\r\n";
                            default -> "POST /changed HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbegun";
                        });
                yield "";
            }
        };
    }

    private static String expect(Response response, String outcome, boolean right) {
        return response.outcome().equals(outcome) && right
                ? ""
                : "found %s %.500s, expected %s".formatted(response.outcome(), response.text(), outcome);
    }

    /** Waits until nothing is under way. */
    private static Taken taken(Gojinn gojinn, Gojinn.Served served) throws Exception {
        for (String nothing :
                List.of("gojinn_active_sandboxes", "gojinn_waiting_executions", "gojinn_config_retired")) {
            await().atMost(Duration.ofMinutes(1)).until(() -> served.metric(nothing) == 0);
        }
        return new Taken(
                gojinn.liveBytes(),
                served.metric("gojinn_direct_memory_bytes"),
                served.metric("jvm_threads_current"),
                gojinn.residentBytes(),
                gojinn.openFiles());
    }

    @SuppressWarnings("SystemOut") // the figures of the long run
    private void report(Taken early, Taken late, long seconds) {
        System.out.printf(
                "%,d requests in %,d s, %d reloads; after a third: %s; at the end: %s%n",
                sent.get(), seconds, deployed, early, late);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
