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
 * What it costs the originals that copies of them go to a server that never answers: latency with and without, in turn. The
 * median of the turns counts: whatever else a machine does falls into one of them.
 *
 * <p>A few short turns, with room for a busy machine; longer ones, with what is promised: {@code ./mvnw -B -pl config-examples
 * -am verify -Dtest=MirrorUnderLoadTest -Dsurefire.failIfNoSpecifiedTests=false -Dgojinn.mirror.seconds=10}
 */
class MirrorUnderLoadTest {
    private static final int SECONDS = Integer.getInteger("gojinn.mirror.seconds", 2);
    private static final boolean LONG = SECONDS >= 10;
    private static final int TURNS = LONG ? 7 : 3;
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
            try (Gojinn gojinn = Gojinn.serveAsShipped(served.file())) {
                load(served, "/plain", LONG ? 10 : 2);
                load(served, "/mirrored", LONG ? 10 : 2);
                List<Load.Outcome> without = new ArrayList<>();
                List<Load.Outcome> with = new ArrayList<>();
                for (int turn = 0; turn < TURNS; turn++) {
                    without.add(load(served, "/plain", SECONDS));
                    with.add(load(served, "/mirrored", SECONDS));
                }
                double sent = served.metric("gojinn_mirror_requests_total{route=\"mirrored\",outcome=\"sent\",}");
                double busy = served.metric("gojinn_mirror_requests_total{route=\"mirrored\",outcome=\"busy\",}");
                report(without, with, sent, busy);
                assertThat(with)
                        .allSatisfy(turn -> assertThat(turn.answers())
                                .hasSizeGreaterThan(REQUESTS_PER_SECOND * SECONDS / 2)
                                .allMatch(answer -> answer.status() == 200));
                assertThat(sent).isPositive();
                assertThat(busy).isPositive();
                // A median moves by nothing but what every request costs.
                assertThat(median(with, 50)).isLessThan(1.2 * median(without, 50));
                assertThat(median(with, 99)).isLessThan((LONG ? 1.05 : 2) * median(without, 99));
                assertThat(gojinn.log()).noneMatch(line -> line.contains("\"level\":\"ERROR\""));
            }
        }
    }

    private static Load.Outcome load(Gojinn.Served served, String path, int seconds) throws Exception {
        return Load.open(served.port(), path, REQUESTS_PER_SECOND, CONNECTIONS, Duration.ofSeconds(seconds));
    }

    /** Of the percentiles of all turns, in milliseconds. */
    private static double median(List<Load.Outcome> turns, double percentile) {
        double[] sorted = turns.stream()
                .mapToDouble(turn -> turn.millis(percentile))
                .sorted()
                .toArray();
        return sorted[sorted.length / 2];
    }

    @SuppressWarnings("SystemOut") // the figures of the long run
    private static void report(List<Load.Outcome> without, List<Load.Outcome> with, double sent, double busy) {
        for (int i = 0; i < with.size(); i++) {
            System.out.printf(
                    "p50 %.2f ms without, %.2f ms with; p99 %.2f ms without, %.2f ms with%n",
                    without.get(i).millis(50),
                    with.get(i).millis(50),
                    without.get(i).millis(99),
                    with.get(i).millis(99));
        }
        System.out.printf(
                "medians: p50 %.3f, p99 %.3f of that without; %.0f copies sent, %.0f not%n",
                median(with, 50) / median(without, 50), median(with, 99) / median(without, 99), sent, busy);
    }
}
