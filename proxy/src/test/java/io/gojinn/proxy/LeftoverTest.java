package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands behind a request that was answered early is its body, or nothing: never the next request by mistake. */
class LeftoverTest {
    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

    private final Queue<String> reached = new ConcurrentLinkedQueue<>();

    private static String path(String head) {
        return head.substring(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1));
    }

    /** Answers as soon as it has a header section, and reads no body. */
    private RawUpstream hasty() {
        return new RawUpstream(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                reached.add(path(head));
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhasty");
            }
        });
    }

    /** Everything that comes back until the connection ends. */
    private static List<Response> all(RawClient client) {
        List<Response> responses = new ArrayList<>();
        for (Response next = client.readIfAny(false); next != null; next = client.readIfAny(false)) {
            responses.add(next);
        }
        return responses;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 100\r\n\r\n",
                "Content-Length: 100000\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n64\r\n",
            })
    void nothingIsServedBehindABodyThatIsTooLarge(String framing) {
        FakeFunction small = new FakeFunction(FakeFunction.limits(10), invocation -> {}, new AtomicInteger());
        try (RawUpstream upstream = hasty();
                TestProxy proxy = TestProxy.with()
                        .function("/f", small)
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /f HTTP/1.1\r\nHost: a\r\n" + framing + SMUGGLED.repeat(10));
            assertThat(all(client)).singleElement().satisfies(only -> {
                assertThat(only.status()).isEqualTo(413);
                assertThat(only.header("connection")).isEqualTo("close");
            });
            assertThat(reached).isEmpty();
        }
    }

    @Test
    void theRestOfABodyIsBodyAfterAnEarlyAnswer() {
        try (RawUpstream upstream = hasty();
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            String body = SMUGGLED.repeat(5);
            client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n");
            assertThat(client.read().body()).isEqualTo("hasty");
            client.send(body).get("/2");
            assertThat(client.read().body()).isEqualTo("hasty");
            assertThat(reached).containsExactly("/1", "/2");
            // What the first target had not read could have answered the second request.
            assertThat(upstream.connections).hasValue(2);
        }
    }

    @Test
    void aLongRestEndsTheConnection() {
        try (RawUpstream upstream = hasty();
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
            assertThat(client.read().header("connection")).isEqualTo("close");
            client.send(SMUGGLED);
            assertThat(client.isClosedByPeer()).isTrue();
            await().untilAsserted(() -> assertThat(reached).containsExactly("/1"));
        }
    }

    @Test
    void nobodyGuessesWhatFollowsAnAnswerWithout100() {
        try (RawUpstream upstream = hasty();
                TestProxy proxy = TestProxy.with()
                        .respond("/respond", "hi")
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /respond HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
                    + SMUGGLED.length() + "\r\n\r\n" + SMUGGLED + SMUGGLED);
            assertThat(all(client)).singleElement().satisfies(only -> {
                assertThat(only.body()).isEqualTo("hi");
                assertThat(only.header("connection")).isEqualTo("close");
            });
            assertThat(reached).isEmpty();
        }
    }
}
