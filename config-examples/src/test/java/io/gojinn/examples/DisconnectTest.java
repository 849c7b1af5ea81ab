package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client that leaves while a function runs for it. */
class DisconnectTest {
    private static final int CLIENTS = 50;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final String CONFIG = """
            [admin]
            address = "127.0.0.1:2019"

            [[listener]]
            name = "web"
            address = "127.0.0.1:8080"

            [[function]]
            name = "busy"
            module = "MODULES/%s.wasm"
            timeout = "60s"
            fuel = 1_000_000_000_000_000

            [[route]]
            name = "busy"
            function = "busy"
            """;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"busy-loop, false", "busy-loop, true", "busy-calls, false", "busy-fill, false", "busy-host, false"})
    void freesItsSandboxWithinTwentyMilliseconds(String module, boolean resets) throws Exception {
        Gojinn.Served served = Gojinn.config(CONFIG.formatted(module), folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            List<Double> millis = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                millis.add(leave(served, resets));
            }
            millis.sort(null);
            report(module, resets, millis);
            // Looking takes a millisecond or two of it.
            assertThat(millis.get(CLIENTS / 2)).isLessThan(20);
            assertThat(served.metric("gojinn_function_executions_total{function=\"busy\",outcome=\"cancelled\",}"))
                    .isEqualTo(CLIENTS);
        }
    }

    /** How long the sandbox stays busy. */
    private static double leave(Gojinn.Served served, boolean resets) throws Exception {
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), served.port())) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            awaitRunning(served, 1);
            if (resets) {
                client.setSoLinger(true, 0);
            }
        }
        long left = System.nanoTime();
        awaitRunning(served, 0);
        return (System.nanoTime() - left) / 1e6;
    }

    private static void awaitRunning(Gojinn.Served served, int executions) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (served.metric("gojinn_function_running{function=\"busy\",}") != executions) {
            assertThat(System.nanoTime() - deadline)
                    .as("waited for %d running", executions)
                    .isNegative();
        }
    }

    @SuppressWarnings("SystemOut") // the figures
    private static void report(String module, boolean resets, List<Double> millis) {
        System.out.printf(
                "%s, %s: sandbox free after p50 %.1f ms, p90 %.1f ms, at most %.1f ms%n",
                module,
                resets ? "reset" : "closed",
                millis.get(CLIENTS / 2),
                millis.get(CLIENTS * 9 / 10),
                millis.getLast());
    }
}
