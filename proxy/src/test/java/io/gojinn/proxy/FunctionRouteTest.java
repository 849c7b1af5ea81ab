package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FunctionRouteTest {
    @ParameterizedTest
    @CsvSource({
        "EXIT, 500, exit",
        "TRAP, 500, trap",
        "STACK, 500, stack",
        "MEMORY, 500, memory",
        "DEADLINE, 504, deadline",
        "CONTRACT, 502, contract",
        "OUTPUT_LIMIT, 502, output_limit",
        "OVERLOADED, 503, overloaded",
        "INTERNAL, 500, internal",
    })
    void answersFailuresAsTheContractSays(FunctionFailure failure, int status, String label) {
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.failing(failure))
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/f").read();
            assertThat(response.status()).isEqualTo(status);
            assertThat(response.header("x-gojinn-error")).isEqualTo(label);
            assertThat(response.header("retry-after")).isEqualTo(failure == FunctionFailure.OVERLOADED ? "1" : null);
            assertThat(response.body())
                    .matches("\\{\"error\":\"" + label + "\",\"trace_id\":\"[0-9a-f]{32}\"}")
                    .doesNotContain("secret");
            assertThat(client.get("/f").read().status()).isEqualTo(status);
        }
    }

    @Test
    void collectsChunkedBodiesOfManySmallPieces() {
        try (TestProxy proxy =
                        TestProxy.with().function("/f", FakeFunction.echo()).start();
                RawClient client = proxy.connect()) {
            client.send("POST /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send("1\r\nx\r\n".repeat(50_000) + "0\r\n\r\n");
            assertThat(client.read().body()).contains("\"" + "x".repeat(50_000) + "\"");
        }
    }

    @Test
    void takesABodyOfExactlyTheLimitAndNotOneByteMore() {
        FakeFunction echo =
                new FakeFunction(FakeFunction.limits(1000), FakeFunction.echo().body(), new AtomicInteger());
        try (TestProxy proxy = TestProxy.with().function("/f", echo).start()) {
            try (RawClient client = proxy.connect()) {
                client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(1000));
                assertThat(client.read().status()).isEqualTo(200);
                client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + "x".repeat(1001));
                Response response = client.read();
                assertThat(response.status()).isEqualTo(413);
                assertThat(response.header("x-gojinn-error")).isEqualTo("body_limit");
            }
            try (RawClient client = proxy.connect()) {
                client.send(
                        "POST /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + "x".repeat(1001));
                assertThat(client.read().status()).isEqualTo(413);
                assertThat(client.isClosedByPeer()).isTrue();
            }
        }
    }

    @Test
    void passesAnEmptyBodyAndCaptures() {
        try (TestProxy proxy = TestProxy.with()
                        .function("/users/{id}", FakeFunction.echo())
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/users/a%20b").read().body())
                    .contains("\"params\":{\"id\":\"a b\"}")
                    .containsPattern("\"trace_id\":\"00-[0-9a-f]{32}-[0-9a-f]{16}-01\"")
                    .contains("\"body\":\"\"");
        }
    }

    @Test
    void answersLargeOutput() {
        String large = "y".repeat(3_000_000);
        FakeFunction function = new FakeFunction(invocation -> {
            invocation.input();
            FakeFunction.reply(invocation, 201, large);
        });
        try (TestProxy proxy = TestProxy.with().function("/f", function).start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/f").read();
            assertThat(response.status()).isEqualTo(201);
            assertThat(response.body()).isEqualTo(large);
        }
    }

    @Test
    void answersHeadWithTheLengthAlone() {
        try (TestProxy proxy =
                        TestProxy.with().function("/f", FakeFunction.echo()).start();
                RawClient client = proxy.connect()) {
            Response response =
                    client.send("HEAD /f HTTP/1.1\r\nHost: a\r\n\r\n").read(true);
            assertThat(Integer.parseInt(String.valueOf(response.header("content-length"))))
                    .isPositive();
            assertThat(client.get("/f").read().status()).isEqualTo(200);
        }
    }

    @Test
    void releasesACallThatIsTurnedAwayAtOnce() {
        FunctionInvoker full = new FunctionInvoker() {
            @Override
            public String name() {
                return "full";
            }

            @Override
            public FunctionLimits limits() {
                return FakeFunction.limits(1 << 20);
            }

            @Override
            public Execution invoke(Invocation invocation) {
                invocation.completed(new Outcome.Failed(FunctionFailure.OVERLOADED, "full", Outcome.Usage.NONE));
                return () -> {};
            }
        };
        try (TestProxy proxy = TestProxy.with().function("/f", full).start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
                assertThat(client.read().status()).isEqualTo(503);
            }
        }
    }

    @Test
    void answers500WhenTheRuntimeBreaksItsPromise() {
        FunctionInvoker broken = new FunctionInvoker() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public FunctionLimits limits() {
                return FakeFunction.limits(1 << 20);
            }

            @Override
            public Execution invoke(Invocation invocation) {
                throw new IllegalStateException("broken");
            }
        };
        try (TestProxy proxy = TestProxy.with().function("/f", broken).start();
                RawClient client = proxy.connect()) {
            assertThat(client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                            .read()
                            .status())
                    .isEqualTo(500);
        }
    }

    @Test
    void cancelsTheExecutionWhenTheClientLeaves() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        FakeFunction slow = new FakeFunction(invocation -> {
            invocation.input();
            invocation.write(ByteBuffer.allocate(100));
            running.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            // The answer comes too late: its memory must be given back all the same.
            FakeFunction.reply(invocation, 200, "late");
            over.countDown();
        });
        try (TestProxy proxy = TestProxy.with().function("/f", slow).start()) {
            try (RawClient client = proxy.connect()) {
                client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
                await().until(() -> running.getCount() == 0);
            }
            await().until(() -> slow.cancelled().get() == 1);
            await().until(() -> proxy.metric("gojinn_active_requests", "route", "function-0") == 0);
            goOn.countDown();
            await().until(() -> over.getCount() == 0);
        }
    }
}
