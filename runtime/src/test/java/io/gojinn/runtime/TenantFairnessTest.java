package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.RequestEnvelopeEncoder;
import io.prometheus.client.CollectorRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What tenants feel of each other. */
class TenantFairnessTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final CollectorRegistry metrics = new CollectorRegistry();
    private final FunctionRuntime runtime = FunctionRuntime.start(new RuntimeOptions(1, 64), metrics);
    private final Queue<String> started = new ConcurrentLinkedQueue<>();
    private final CountDownLatch gate = new CountDownLatch(1);

    @AfterEach
    void close() {
        gate.countDown();
        runtime.close();
    }

    /** A call that does not begin before the gate is open. */
    private final class Call implements Invocation {
        private final @Nullable Tenant tenant;
        private final ByteBuffer output = ByteBuffer.allocateDirect(1024);
        private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

        Call(@Nullable Tenant tenant) {
            this.tenant = tenant;
        }

        @Override
        public @Nullable Tenant tenant() {
            return tenant;
        }

        @Override
        public ByteBuffer input() {
            started.add(tenant == null ? "" : tenant.name());
            try {
                assertThat(gate.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            RequestEnvelope request = new RequestEnvelope(
                    "GET", "/", "/", "", "http", "a", List.of(), List.of(), "r", Map.of(), "::1", "r", null);
            return RequestEnvelopeEncoder.encode(
                    request,
                    ByteBuffer.allocateDirect(4096),
                    (current, more) ->
                            ByteBuffer.allocateDirect(current.position() + more).put(current.flip()));
        }

        @Override
        public void write(ByteBuffer source) {
            output.put(source);
        }

        @Override
        public ByteBuffer output() {
            return output.duplicate().flip();
        }

        @Override
        public void log(LogLevel level, String line) {}

        @Override
        public void completed(Outcome end) {
            outcome.complete(end);
        }

        boolean isRefused() {
            return outcome.isDone() && outcome.join().label().equals("overloaded");
        }

        String end() {
            return outcome.orTimeout(30, TimeUnit.SECONDS).join().label();
        }
    }

    private FunctionInvoker function(int concurrency, int queue) throws FunctionRejectedException {
        FunctionLimits limits =
                new FunctionLimits(Duration.ofSeconds(60), 1_000_000, 1 << 20, 1 << 20, 1 << 20, concurrency, queue);
        return runtime.prepare(new FunctionDefinition(
                        "f", TestModules.module("ok"), limits, Map.of(), InstancePolicy.defaults()))
                .invoker();
    }

    private List<Call> invoke(FunctionInvoker function, Tenant tenant, int times) {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            Call call = new Call(tenant);
            calls.add(call);
            function.invoke(call);
        }
        return calls;
    }

    private double rejected(String bound) {
        Double count = metrics.getSampleValue(
                "gojinn_function_rejected_total", new String[] {"function", "bound"}, new String[] {"f", bound});
        return count == null ? 0 : count;
    }

    @Test
    void aTenantWithAFullQueueLeavesOthersPlacesAndTheirTurn() throws Exception {
        TenantLimits many = new TenantLimits(1_000, 0, 0);
        Tenant greedy = new Tenant("greedy", many);
        Tenant modest = new Tenant("modest", many);
        FunctionInvoker function = function(1, 20);
        invoke(function, greedy, 1);
        while (started.isEmpty()) {
            Thread.onSpinWait();
        }
        List<Call> flood = invoke(function, greedy, 30);
        assertThat(flood.stream().filter(Call::isRefused)).hasSize(20);
        assertThat(rejected("tenant")).isEqualTo(20);
        List<Call> few = invoke(function, modest, 5);
        assertThat(few).noneMatch(Call::isRefused);
        gate.countDown();
        assertThat(few).allMatch(call -> call.end().equals("ok"));
        flood.forEach(Call::end);
        assertThat(List.copyOf(started).subList(1, 11))
                .containsExactly(
                        "greedy", "modest", "greedy", "modest", "greedy", "modest", "greedy", "modest", "greedy",
                        "modest");
        assertThat(greedy.executions()).isZero();
        assertThat(modest.executions()).isZero();
    }

    @Test
    void whoIsToldApartFromNobodyHasTheWholeQueue() throws Exception {
        FunctionInvoker function = function(1, 20);
        Call first = new Call(null);
        function.invoke(first);
        while (started.isEmpty()) {
            Thread.onSpinWait();
        }
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 21; i++) {
            Call call = new Call(null);
            calls.add(call);
            function.invoke(call);
        }
        assertThat(calls.stream().filter(Call::isRefused)).hasSize(1);
        assertThat(rejected("function")).isEqualTo(1);
        gate.countDown();
        assertThat(first.end()).isEqualTo("ok");
    }

    @Test
    void theNodesQueueIsSharedTheSameWay() throws Exception {
        TenantLimits many = new TenantLimits(1_000, 0, 0);
        FunctionInvoker function = function(1, 1_000);
        Tenant greedy = new Tenant("greedy", many);
        List<Call> flood = invoke(function, greedy, 200);
        long accepted = flood.stream().filter(call -> !call.isRefused()).count();
        assertThat(accepted).isBetween(32L, 63L);
        assertThat(invoke(function, new Tenant("modest", many), 8)).noneMatch(Call::isRefused);
        gate.countDown();
        flood.forEach(Call::end);
    }

    @Test
    void aTenantHasNoMoreExecutionsAtOnceThanItMay() throws Exception {
        Tenant tenant = new Tenant("t", new TenantLimits(2, 0, 0));
        FunctionInvoker function = function(8, 8);
        List<Call> calls = invoke(function, tenant, 3);
        assertThat(calls.get(2).isRefused()).isTrue();
        assertThat(calls.subList(0, 2)).noneMatch(Call::isRefused);
        gate.countDown();
        assertThat(calls.subList(0, 2)).allMatch(call -> call.end().equals("ok"));
        assertThat(invoke(function, tenant, 1).getFirst().end()).isEqualTo("ok");
        assertThat(tenant.executions()).isZero();
    }

    @Test
    void aCancelledExecutionMakesRoom() throws Exception {
        Tenant tenant = new Tenant("t", new TenantLimits(2, 0, 0));
        FunctionInvoker function = function(1, 8);
        invoke(function, tenant, 1);
        Call waiting = new Call(tenant);
        FunctionInvoker.Execution execution = function.invoke(waiting);
        assertThat(invoke(function, tenant, 1).getFirst().isRefused()).isTrue();
        execution.cancel();
        assertThat(waiting.end()).isEqualTo("cancelled");
        assertThat(invoke(function, tenant, 1).getFirst().isRefused()).isFalse();
    }

    @Test
    void aTenantThatHasUsedItsFuelWaitsUntilItIsPaidBack() throws Exception {
        Tenant tenant = new Tenant("t", new TenantLimits(10, 0, 1));
        FunctionInvoker function = function(8, 8);
        gate.countDown();
        assertThat(invoke(function, tenant, 1).getFirst().end()).isEqualTo("ok");
        assertThat(invoke(function, tenant, 1).getFirst().end()).isEqualTo("overloaded");
        assertThat(rejected("tenant_fuel")).isEqualTo(1);
    }

    @Test
    void ratesRefillWithTheTime() {
        Tenant tenant = new Tenant("t", new TenantLimits(1, 10, 100));
        long now = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            assertThat(execution(tenant, now)).isEqualTo(Admission.ADMITTED);
        }
        assertThat(execution(tenant, now)).isEqualTo(Admission.TENANT_REQUESTS);
        assertThat(tenant.isIdle(now)).isFalse();
        assertThat(execution(tenant, now + SECOND / 10 + 1_000_000)).isEqualTo(Admission.ADMITTED);
        assertThat(execution(tenant, now + SECOND / 10 + 1_000_000)).isEqualTo(Admission.TENANT_REQUESTS);
        // A request that has been counted is not counted again.
        assertThat(tenant.enter(now + SECOND / 10 + 1_000_000, false)).isEqualTo(Admission.ADMITTED);
        tenant.leave(0);

        assertThat(tenant.enter(now + SECOND, true)).isEqualTo(Admission.ADMITTED);
        tenant.leave(300);
        assertThat(tenant.enter(now + 2 * SECOND, true)).isEqualTo(Admission.TENANT_FUEL);
        assertThat(tenant.enter(now + 4 * SECOND, true)).isEqualTo(Admission.ADMITTED);
        assertThat(tenant.enter(now + 4 * SECOND, true)).isEqualTo(Admission.TENANT_FULL);
        tenant.leave(0);
        assertThat(tenant.isIdle(now + 10 * SECOND)).isTrue();
    }

    private static Admission execution(Tenant tenant, long nowNanos) {
        Admission admission = tenant.enter(nowNanos, true);
        if (admission == Admission.ADMITTED) {
            tenant.leave(0);
        }
        return admission;
    }
}
