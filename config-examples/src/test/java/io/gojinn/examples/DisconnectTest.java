package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.examples.PlainConnection.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that leaves while a function runs for it: another one takes its place, the only one there is. */
class DisconnectTest {
    private static final int CLIENTS = 200;
    private static final int WARM_UP = 3_000;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long ASKS_AGAIN_NANOS = 200_000;
    private static final Path ANSWER =
            Path.of(System.getProperty("gojinn.root"), "config-examples/src/test/modules/answer.wasm");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nineOfTenFreeTheirSandboxWithinTwentyMilliseconds(boolean resets) throws Exception {
        Gojinn.Served served = Gojinn.config(config(), folder);
        try (Gojinn _ = Gojinn.serveAsShipped(served.file());
                PlainConnection other = new PlainConnection(served.port())) {
            for (int i = 0; i < WARM_UP; i++) {
                isServed(other);
            }
            // While the function and what serves it are compiled, then as it stays.
            List<Double> first = leave(4 * CLIENTS, served.port(), resets, other);
            List<Double> then = leave(CLIENTS, served.port(), resets, other);
            report(resets, "first", first);
            report(resets, "then", then);
            assertThat(first.get(first.size() / 2)).isLessThan(20);
            assertThat(then.get(then.size() * 9 / 10)).isLessThan(20);
        }
    }

    /** How many milliseconds it takes after each client, the least first. */
    private static List<Double> leave(int clients, int port, boolean resets, PlainConnection other) throws IOException {
        List<Double> millis = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            millis.add(leave(port, resets, other));
        }
        millis.sort(null);
        return millis;
    }

    private static String config() {
        return """
                [[listener]]
                name = "web"
                address = "127.0.0.1:8080"

                [[function]]
                name = "one"
                module = "%s"
                timeout = "60s"
                fuel = 1_000_000_000_000
                concurrency = 1
                queue = 0
                env = { FIELD = "X-Do", DEFAULT = '{"status":204}' }

                [[route]]
                name = "one"
                function = "one"
                """.formatted(ANSWER);
    }

    /** How long it takes until another client is served. */
    private static double leave(int port, boolean resets, PlainConnection other) throws IOException {
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
            spin(client);
            long beginsNanos = System.nanoTime();
            while (isServed(other)) {
                assertThat(System.nanoTime() - beginsNanos).isLessThan(PATIENCE.toNanos());
                InputStream refused = client.getInputStream();
                if (refused.available() > 0) {
                    // The other one had the place at that moment.
                    refused.skipNBytes(refused.available());
                    spin(client);
                }
                LockSupport.parkNanos(ASKS_AGAIN_NANOS);
            }
            if (resets) {
                client.setSoLinger(true, 0);
            }
        }
        long leftNanos = System.nanoTime();
        long deadlineNanos = leftNanos + PATIENCE.toNanos();
        while (!isServed(other)) {
            assertThat(System.nanoTime() - deadlineNanos).isNegative();
            // Who asks without pause takes the processors from what is to end.
            LockSupport.parkNanos(ASKS_AGAIN_NANOS);
        }
        return (System.nanoTime() - leftNanos) / 1e6;
    }

    private static void spin(Socket client) throws IOException {
        client.getOutputStream()
                .write("GET / HTTP/1.1\r\nHost: a\r\nX-Do: !spin\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    private static boolean isServed(PlainConnection connection) throws IOException {
        Response response = connection.send("GET", "/", new byte[0]);
        assertThat(response.outcome()).isIn("204 -", "503 overloaded");
        return response.status() == 204;
    }

    @SuppressWarnings("SystemOut") // the figures
    private static void report(boolean resets, String when, List<Double> millis) {
        System.out.printf(
                "a client that %s, %s: its sandbox was free after p50 %.1f ms, p90 %.1f ms, p99 %.1f ms%n",
                resets ? "resets" : "closes",
                when,
                millis.get(millis.size() / 2),
                millis.get(millis.size() * 9 / 10),
                millis.get(millis.size() * 99 / 100));
    }
}
