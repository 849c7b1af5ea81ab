package io.gojinn.cli.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReloaderTest {
    private static final ReloadOutcome DONE = new ReloadOutcome.Applied(1, List.of());

    @Test
    void makesOneOfABurstAndNeverTwoAtOnce() {
        Semaphore begun = new Semaphore(0);
        Semaphore end = new Semaphore(0);
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<String> causes = new ArrayList<>();
        try (Reloader reloader = new Reloader(cause -> {
            causes.add(cause);
            most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            begun.release();
            end.acquireUninterruptibly();
            atOnce.decrementAndGet();
            return DONE;
        })) {
            CompletableFuture<ReloadOutcome> first = reloader.request("first");
            begun.acquireUninterruptibly();
            List<CompletableFuture<ReloadOutcome>> burst = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                burst.add(reloader.request("burst " + i));
            }
            end.release(2);
            assertThat(first.join()).isEqualTo(DONE);
            burst.forEach(asked -> assertThat(asked.join()).isEqualTo(DONE));
            assertThat(causes).containsExactly("first", "burst 0");
            assertThat(most).hasValue(1);
        }
    }

    @Test
    void goesOnAfterADefect() {
        AtomicInteger attempts = new AtomicInteger();
        try (Reloader reloader = new Reloader(cause -> {
            if (attempts.incrementAndGet() == 1) {
                throw new IllegalStateException("defect");
            }
            return DONE;
        })) {
            assertThatThrownBy(reloader.request("first")::join).hasRootCauseMessage("defect");
            assertThat(reloader.request("second").join()).isEqualTo(DONE);
        }
    }
}
