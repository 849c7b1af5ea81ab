package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an upstream sends beyond the response it owes never answers another request. */
@SuppressWarnings("StringConcatToTextBlock") // the wire ends lines in CR LF
class UnsolicitedBytesTest {
    private static final String POISON = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    // What Netty reads first on a connection.
    private static final int FIRST_READ_BYTES = 4096;

    /** Responses with a surplus, each to a request that it is wrong for. */
    enum Surplus {
        HEAD_WITH_BODY("HEAD", 200, "HTTP/1.1 200 OK\r\nContent-Length: " + POISON.length() + "\r\n\r\n", POISON),
        HEAD_WITH_CHUNKS("HEAD", 200, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n"),
        NO_CONTENT_WITH_BODY("GET", 204, "HTTP/1.1 204 No Content\r\nContent-Length: 44\r\n\r\n", POISON),
        NOT_MODIFIED_WITH_BODY("GET", 304, "HTTP/1.1 304 Not Modified\r\nContent-Length: 44\r\n\r\n", POISON),
        BEYOND_ITS_LENGTH("GET", 200, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "x"),
        BEYOND_NO_LENGTH("GET", 200, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "xyz"),
        BEYOND_THE_LAST_CHUNK("GET", 200, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "\r\n"),
        TWO_RESPONSES("GET", 200, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", POISON),
        AN_INTERIM_RESPONSE(
                "GET", 200, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 100 Continue\r\n\r\n"),
        PART_OF_A_RESPONSE("GET", 200, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nX: "),
        A_LINE_END("GET", 200, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "\r\n");

        private final String method;
        private final int status;
        private final String response;
        private final String surplus;

        Surplus(String method, int status, String response, String surplus) {
            this.method = method;
            this.status = status;
            this.response = response;
            this.surplus = surplus;
        }

        private String request() {
            return method + " /surplus/" + name() + " HTTP/1.1\r\nHost: a\r\n\r\n";
        }

        private boolean head() {
            return method.equals("HEAD");
        }
    }

    @ParameterizedTest
    @EnumSource
    void closesAConnectionWithASurplusInTheSamePacket(Surplus surplus) {
        CountDownLatch closed = new CountDownLatch(1);
        try (RawUpstream upstream = speaking(peer -> peer.send(surplus.response + surplus.surplus), closed);
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            // The second request is there before the first is answered: it is sent on in the same turn of the loop.
            client.send(surplus.request() + get("/mine"));
            assertThat(client.read(surplus.head()).status()).isEqualTo(surplus.status);
            assertMine(client.read(), "/mine");
            assertThat(upstream.connections).hasValue(2);
            await().until(() -> closed.getCount() == 0);
            assertCounted(proxy, 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void closesAnIdleConnectionWithASurplusInALaterPacket(Surplus surplus) {
        CountDownLatch answered = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        try (RawUpstream upstream = speaking(
                        peer -> {
                            peer.send(surplus.response);
                            await().until(() -> answered.getCount() == 0);
                            peer.send(surplus.surplus);
                        },
                        closed);
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            assertThat(client.send(surplus.request()).read(surplus.head()).status())
                    .isEqualTo(surplus.status);
            answered.countDown();
            await().until(() -> closed.getCount() == 0);
            assertCounted(proxy, 1);
            assertMine(client.send(get("/mine")).read(), "/mine");
            assertThat(upstream.connections).hasValue(2);
        }
    }

    @Test
    void doesNotReuseAConnectionWhoseSurplusMayBeUnread() {
        CountDownLatch closed = new CountDownLatch(1);
        String head = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\nX-Fill: ";
        String fill = "f".repeat(FIRST_READ_BYTES - 4000 - 4 - head.length());
        String response = head + fill + "\r\n\r\n" + "b".repeat(4000);
        assertThat(response).hasSize(FIRST_READ_BYTES);
        try (RawUpstream upstream = speaking(peer -> peer.send(response + POISON), closed);
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            client.send(get("/surplus") + get("/mine"));
            assertThat(client.read().body()).isEqualTo("b".repeat(4000));
            assertMine(client.read(), "/mine");
            await().until(() -> closed.getCount() == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void keepsAConnectionWithoutASurplusAfterInterimResponses(int interims) {
        String response =
                "HTTP/1.1 100 Continue\r\n\r\n".repeat(interims) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        try (RawUpstream upstream = RawUpstream.answering(response);
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 5; i++) {
                assertThat(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                                .read()
                                .body())
                        .isEqualTo("ok");
            }
            assertThat(upstream.connections).hasValue(1);
            assertCounted(proxy, 0);
        }
    }

    @Test
    void neverMixesUpResponsesOfManyClients() throws Exception {
        int clients = 16;
        int requests = 60;
        Surplus[] kinds = Surplus.values();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                        if (request.contains(" /surplus/")) {
                            Surplus surplus = Surplus.valueOf(between(request, "/surplus/", " "));
                            peer.send(surplus.response + surplus.surplus);
                        } else {
                            peer.send(mine(request));
                        }
                    }
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int c = 0; c < clients; c++) {
                int number = c;
                running.add(threads.submit(() -> {
                    try (RawClient client = proxy.connect()) {
                        for (int i = 0; i < requests; i++) {
                            Surplus surplus = kinds[(number + i) % kinds.length];
                            String path = "/mine-" + number + "-" + i;
                            client.send(surplus.request() + get(path) + get(path + "-again"));
                            assertThat(client.read(surplus.head()).status()).isEqualTo(surplus.status);
                            assertMine(client.read(), path);
                            assertMine(client.read(), path + "-again");
                        }
                    }
                }));
            }
            for (Future<?> client : running) {
                client.get();
            }
            assertCounted(proxy, clients * requests);
        }
    }

    // Says too much on its first connection, and answers with the path that was asked for on the others.
    private static RawUpstream speaking(RawUpstream.Script first, CountDownLatch closed) {
        return new RawUpstream(peer -> {
            String request = peer.request();
            if (peer.index == 0) {
                try {
                    first.run(peer);
                    peer.awaitEnd();
                } catch (IOException reset) {
                    // ended as well
                }
                closed.countDown();
                return;
            }
            for (; !request.isEmpty(); request = peer.request()) {
                peer.send(mine(request));
            }
        });
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }

    private static String mine(String request) {
        String path = between(request, " ", " ");
        return "HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path;
    }

    private static String between(String text, String before, String after) {
        int start = text.indexOf(before) + before.length();
        return text.substring(start, text.indexOf(after, start));
    }

    private static void assertMine(Response response, String path) {
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo(path);
    }

    private static void assertCounted(TestProxy proxy, int times) {
        assertThat(proxy.metric("gojinn_upstream_unsolicited_total", "upstream", "app"))
                .isEqualTo(times);
    }
}
