package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three times as many requests as a server can answer, through the example {@code overload}.
 *
 * <p>A few seconds of overload, with figures that a busy machine reaches too; a minute, with those that are promised:
 * {@code ./mvnw -B -pl config-examples -am verify -Dtest=OverloadTest -Dsurefire.failIfNoSpecifiedTests=false
 * -Dgojinn.overload.seconds=60}
 */
class OverloadTest {
    private static final int SECONDS = Integer.getInteger("gojinn.overload.seconds", 5);
    private static final boolean LONG = SECONDS >= 60;
    private static final int WORKERS = 8;
    private static final Duration WORK = Duration.ofMillis(20);
    private static final int CONNECTIONS = 200;

    @TempDir
    private Path folder;

    @Test
    void answersWhatTheServerCanInTimeAndRefusesTheRestAtOnce() throws Exception {
        String text =
                Files.readString(Path.of(System.getProperty("gojinn.root"), "config-examples/overload/proxy.toml"));
        try (SlowServer server = new SlowServer(WORKERS, WORK)) {
            Gojinn.Served served = Gojinn.config(text.replace(":3000", ":" + server.port()), folder);
            try (Gojinn gojinn = Gojinn.serveAsShipped(served.file())) {
                int port = served.port();
                Load.closed(port, WORKERS, Duration.ofSeconds(LONG ? 20 : 3));
                double capacity = Load.closed(port, 2 * WORKERS, Duration.ofSeconds(3))
                        .where(status -> status == 200)
                        .perSecond();
                Load.Outcome normal =
                        Load.open(port, "/", 0.7 * capacity, CONNECTIONS, Duration.ofSeconds(LONG ? 20 : 3));
                Load.Outcome overload = Load.open(port, "/", 3 * capacity, CONNECTIONS, Duration.ofSeconds(SECONDS));
                Load.Outcome recovery = Load.open(
                                port, "/", 0.7 * capacity, CONNECTIONS, Duration.ofSeconds(LONG ? 15 : 7))
                        .after(5);
                Load.Outcome admitted = overload.where(status -> status == 200);
                Load.Outcome refused = overload.where(status -> status == 503);
                Load.Outcome settled = overload.after(1);
                report(capacity, normal, overload, admitted, refused, recovery);
                assertThat(overload.answers())
                        .hasSize(admitted.answers().size() + refused.answers().size());
                assertThat(refused.answers()).isNotEmpty();
                assertThat(admitted.perSecond()).isGreaterThan((LONG ? 0.85 : 0.7) * capacity);
                if (LONG) {
                    assertThat(admitted.millis(99)).isLessThan(5 * normal.millis(99));
                    assertThat(refused.millis(99)).isLessThan(5);
                } else {
                    // A hundred wait before anything is learned of the server: in seconds these are more than one in a
                    // hundred.
                    assertThat(settled.where(status -> status == 200).millis(99))
                            .isLessThan(10 * normal.millis(99));
                    assertThat(refused.millis(50)).isLessThan(admitted.millis(50) / 2);
                }
                assertThat(recovery.answers()).allMatch(answer -> answer.status() == 200);
                assertThat(recovery.millis(99)).isLessThan((LONG ? 1.5 : 3) * normal.millis(99));
                assertThat(served.metric("gojinn_shed_requests_total{middleware=\"overload\",}"))
                        .isGreaterThanOrEqualTo(refused.answers().size());
                assertThat(gojinn.log()).noneMatch(line -> line.contains("\"level\":\"ERROR\""));
            }
        }
    }

    @SuppressWarnings("SystemOut") // the figures of the long run
    private static void report(
            double capacity,
            Load.Outcome normal,
            Load.Outcome overload,
            Load.Outcome admitted,
            Load.Outcome refused,
            Load.Outcome recovery) {
        System.out.printf(
                "capacity %.0f/s; at 0.7: p99 %.1f ms, %d refused; offered %.0f/s for %d s: %.0f/s answered (%.2f), p99"
                        + " %.1f ms (%.1f times normal); refused p50 %.2f ms, p99 %.2f ms, most %.1f ms; 5 s later: p99 %.1f"
                        + " ms, %d refused%n",
                capacity,
                normal.millis(99),
                normal.where(status -> status != 200).answers().size(),
                overload.perSecond(),
                SECONDS,
                admitted.perSecond(),
                admitted.perSecond() / capacity,
                admitted.millis(99),
                admitted.millis(99) / normal.millis(99),
                refused.millis(50),
                refused.millis(99),
                refused.millis(100),
                recovery.millis(99),
                recovery.where(status -> status != 200).answers().size());
    }
}
