package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What it costs the originals that copies of them go to a server that never answers: latency with and without, in turn.
 *
 * <p>A few short turns, with room for a busy machine; longer ones, with what is promised: {@code ./mvnw -B -pl config-examples
 * -am verify -Dtest=MirrorUnderLoadTest -Dsurefire.failIfNoSpecifiedTests=false -Dgojinn.mirror.seconds=10}
 */
class MirrorUnderLoadTest {
    private static final int SECONDS = Integer.getInteger("gojinn.mirror.seconds", 2);
    private static final boolean LONG = SECONDS >= 10;
    private static final int TURNS = LONG ? 6 : 2;
    private static final int REQUESTS_PER_SECOND = 500;
    private static final int CONNECTIONS = 50;
    private static final String CONFIG = """
            [admin]
            address = "127.0.0.1:2019"
            [[listener]]
            name = "web"
            address = "127.0.0.1:8080"
            [[upstream]]
            name = "app"
            targets = ["http://127.0.0.1:APP"]
            [[upstream]]
            name = "next"
            targets = ["http://127.0.0.1:STALLED"]
            [[route]]
            name = "plain"
            match.path = "/plain"
            upstream = "app"
            [[route]]
            name = "mirrored"
            match.path = "/mirrored"
            upstream = "app"
            mirror = { upstream = "next", timeout = "1s" }
            """;

    @TempDir
    private Path folder;

    @Test
    void aStalledTargetCostsTheOriginalsNothing() throws Exception {
        // Takes connections, reads nothing, answers nothing.
        try (ServerSocket stalled = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
                SlowServer server = new SlowServer(CONNECTIONS, Duration.ofMillis(5))) {
            Gojinn.Served served = Gojinn.config(
                    CONFIG.replace("APP", "" + server.port()).replace("STALLED", "" + stalled.getLocalPort()), folder);
            try (Gojinn gojinn = Gojinn.serve(served.file())) {
                load(served, "/plain", LONG ? 10 : 2);
                load(served, "/mirrored", LONG ? 10 : 2);
                List<Load.Answer> plain = new ArrayList<>();
                List<Load.Answer> mirrored = new ArrayList<>();
                for (int turn = 0; turn < TURNS; turn++) {
                    plain.addAll(load(served, "/plain", SECONDS));
                    mirrored.addAll(load(served, "/mirrored", SECONDS));
                }
                Load.Outcome without = new Load.Outcome(plain, TURNS * SECONDS);
                Load.Outcome with = new Load.Outcome(mirrored, TURNS * SECONDS);
                double sent = served.metric("gojinn_mirror_requests_total{route=\"mirrored\",outcome=\"sent\",}");
                double busy = served.metric("gojinn_mirror_requests_total{route=\"mirrored\",outcome=\"busy\",}");
                report(without, with, sent, busy);
                assertThat(mirrored).allMatch(answer -> answer.status() == 200);
                assertThat(sent).isPositive();
                assertThat(busy).isPositive();
                // A median moves by nothing but what every request costs.
                assertThat(with.millis(50)).isLessThan(1.2 * without.millis(50));
                assertThat(with.millis(99)).isLessThan((LONG ? 1.05 : 2) * without.millis(99));
                assertThat(gojinn.log()).noneMatch(line -> line.contains("\"level\":\"ERROR\""));
            }
        }
    }

    private static List<Load.Answer> load(Gojinn.Served served, String path, int seconds) throws Exception {
        return Load.open(served.port(), path, REQUESTS_PER_SECOND, CONNECTIONS, Duration.ofSeconds(seconds))
                .answers();
    }

    @SuppressWarnings("SystemOut") // the figures of the long run
    private static void report(Load.Outcome without, Load.Outcome with, double sent, double busy) {
        System.out.printf(
                "%d and %d requests; p50 %.2f ms without, %.2f ms with (%.3f); p99 %.2f ms without, %.2f ms with (%.3f);"
                        + " %.0f copies sent, %.0f not%n",
                without.answers().size(),
                with.answers().size(),
                without.millis(50),
                with.millis(50),
                with.millis(50) / without.millis(50),
                without.millis(99),
                with.millis(99),
                with.millis(99) / without.millis(99),
                sent,
                busy);
    }
}
