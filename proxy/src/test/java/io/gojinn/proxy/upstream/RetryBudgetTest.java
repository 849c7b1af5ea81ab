package io.gojinn.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    @Test
    void allowsTheMinimumWithoutRequests() {
        assertThat(takeAll(new RetryBudget(0.2, 3))).isEqualTo(30);
    }

    @Test
    void allowsAShareOfTheRequestsOfTheWindow() {
        RetryBudget budget = new RetryBudget(0.2, 0);
        begin(budget, 1_000);
        assertThat(takeAll(budget)).isEqualTo(200);
        tick(budget, 5);
        begin(budget, 100);
        assertThat(takeAll(budget)).isEqualTo(20);
    }

    @Test
    void forgetsWhatIsOlderThanTheWindow() {
        RetryBudget budget = new RetryBudget(0.2, 1);
        begin(budget, 1_000);
        assertThat(takeAll(budget)).isEqualTo(210);
        tick(budget, RetryBudget.WINDOW_SECONDS - 1);
        assertThat(takeAll(budget)).isZero();
        tick(budget, 1);
        assertThat(takeAll(budget)).isEqualTo(10);
    }

    private static void begin(RetryBudget budget, int requests) {
        for (int i = 0; i < requests; i++) {
            budget.began();
        }
    }

    private static void tick(RetryBudget budget, int seconds) {
        for (int i = 0; i < seconds; i++) {
            budget.tick();
        }
    }

    private static int takeAll(RetryBudget budget) {
        int taken = 0;
        while (budget.take()) {
            taken++;
        }
        return taken;
    }
}
