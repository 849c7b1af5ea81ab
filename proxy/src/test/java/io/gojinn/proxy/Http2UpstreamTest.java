package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.Http2Client.Frame;
import io.gojinn.proxy.Http2Client.Head;
import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** HTTP/2 to upstreams, frame by frame. */
class Http2UpstreamTest {
    // Never sent again, once a target may have acted on it.
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    private static final int MAX_CONCURRENT_STREAMS = 3;
    private static final int INITIAL_WINDOW_SIZE = 4;

    /** What is done with a connection, once both have said their settings. */
    interface Script {
        void run(Http2Client proxy, int connection) throws IOException;
    }

    private static RawUpstream speaking(byte[] settings, Script script) {
        return new RawUpstream(peer -> {
            Http2Client proxy = Http2Client.accepted(peer.socket).frame(Http2Client.SETTINGS, 0, 0, settings);
            proxy.await(frame -> frame.type() == Http2Client.SETTINGS && frame.flags() == 0);
            proxy.frame(Http2Client.SETTINGS, Http2Client.ACK, 0);
            try {
                script.run(proxy, peer.index);
            } catch (UncheckedIOException gone) {
                throw gone.getCause();
            }
        });
    }

    private static RawUpstream speaking(Script script) {
        return speaking(new byte[0], script);
    }

    private static byte[] setting(int id, int value) {
        return ByteBuffer.allocate(6).putShort((short) id).putInt(value).array();
    }

    private static TestProxy.Builder to(RawUpstream upstream) {
        return to(upstream, Duration.ofSeconds(10), WireConfig.Http2.defaults());
    }

    private static TestProxy.Builder to(RawUpstream upstream, Duration timeout, WireConfig.Http2 http2) {
        return TestProxy.with()
                .loops(1)
                .upstream(new UpstreamConfig(
                        "app",
                        upstream.config().targets(),
                        Duration.ofSeconds(2),
                        timeout,
                        4,
                        new WireConfig(WireConfig.Protocol.H2, WireConfig.Tls.defaults(), http2)));
    }

    private static Head status(int status) {
        return new Head().with(":status", Integer.toString(status));
    }

    private static void answer(Http2Client proxy, int stream, String body) {
        proxy.open(stream, status(200)).data(stream, body, true);
    }

    private static String path(Frame head) {
        return String.valueOf(head.headers().get(":path"));
    }

    private static Frame request(Http2Client proxy) {
        return proxy.await(frame -> frame.type() == Http2Client.HEADERS);
    }

    @Test
    void carriesRequestsSideBySideOnOneConnection() {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame first = request(proxy);
                    Frame second = request(proxy);
                    answer(proxy, second.stream(), path(second));
                    answer(proxy, first.stream(), path(first));
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient one = proxy.connect();
                RawClient two = proxy.connect()) {
            one.get("/one");
            two.get("/two");
            assertThat(one.read().body()).isEqualTo("/one");
            assertThat(two.read().body()).isEqualTo("/two");
            assertThat(upstream.connections).hasValue(1);
            assertThat(proxy.metric("gojinn_upstream_connections", "upstream", "app"))
                    .isEqualTo(1);
        }
    }

    @Test
    void translatesHeaderSectionsAndTrailersBothWays() {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    StringBuilder body = new StringBuilder();
                    Frame next = proxy.await(frame -> frame.stream() == head.stream());
                    while (next.type() == Http2Client.DATA) {
                        body.append(new String(next.bytes(), StandardCharsets.ISO_8859_1));
                        next = proxy.await(frame -> frame.stream() == head.stream());
                    }
                    proxy.open(
                                    head.stream(),
                                    status(200).with("x-head", head.headers().toString()))
                            .data(head.stream(), body + " " + next.headers() + next.endsStream(), false)
                            .request(head.stream(), new Head().with("grpc-status", "0"));
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            Response response = client.send("""
                            POST /a?b HTTP/1.1\r
                            Host: Site:81\r
                            TE: trailers\r
                            Connection: x-mine, te\r
                            X-Mine: 1\r
                            Transfer-Encoding: chunked\r
                            \r
                            3\r
                            abc\r
                            0\r
                            X-Sum: 7\r
                            \r
                            """).read();
            assertThat(response.header("x-head"))
                    .contains(":method=POST", ":path=/a?b", ":scheme=http", ":authority=Site:81", " te=trailers")
                    .doesNotContain("x-mine", "connection", "transfer-encoding", " host=");
            assertThat(response.body()).isEqualTo("abc {x-sum=7}true");
            assertThat(response.header("trailer grpc-status")).isEqualTo("grpc-status: 0");
            assertThat(response.header("via")).isEqualTo("2.0 gojinn");
        }
    }

    @Test
    void makesAnotherConnectionWhenTheTargetTakesNoMoreStreams() {
        CountDownLatch both = new CountDownLatch(2);
        try (RawUpstream upstream = speaking(setting(MAX_CONCURRENT_STREAMS, 1), (proxy, connection) -> {
                    Frame head = request(proxy);
                    both.countDown();
                    await().until(() -> both.getCount() == 0);
                    answer(proxy, head.stream(), "ok");
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient one = proxy.connect();
                RawClient two = proxy.connect()) {
            one.get("/");
            two.get("/");
            assertThat(one.read().body()).isEqualTo("ok");
            assertThat(two.read().body()).isEqualTo("ok");
            assertThat(upstream.connections).hasValue(2);
        }
    }

    @Test
    void answers502WhenTheTargetTakesNoStreamsAtAll() {
        try (RawUpstream upstream =
                        speaking(setting(MAX_CONCURRENT_STREAMS, 0), (proxy, connection) -> proxy.isClosedByPeer());
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_protocol");
            assertThat(upstream.connections).hasValue(1);
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 0);
        }
    }

    @Test
    void keepsNoMoreUnusedConnectionsThanItMay() {
        CountDownLatch all = new CountDownLatch(6);
        try (RawUpstream upstream = speaking(setting(MAX_CONCURRENT_STREAMS, 1), (proxy, connection) -> {
                    Frame head = request(proxy);
                    all.countDown();
                    await().until(() -> all.getCount() == 0);
                    answer(proxy, head.stream(), "ok");
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                Http2Client client = Http2Client.connect(proxy)) {
            for (int stream = 1; stream < 12; stream += 2) {
                client.request(stream, Head.get("/"));
            }
            await().until(() -> upstream.connections.get() == 6);
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 4);
        }
    }

    @Test
    void sendsAgainWhatTheTargetRefusedOnTheConnectionThatStands() {
        CountDownLatch both = new CountDownLatch(1);
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame refused = request(proxy);
                    proxy.reset(refused.stream(), Http2Client.REFUSED_STREAM);
                    // Next comes the request again, and no reset for a reset.
                    Frame again = proxy.await(frame -> frame.type() == Http2Client.HEADERS
                            || (frame.type() == Http2Client.RST_STREAM && frame.stream() == refused.stream()));
                    assertThat(again.type()).isEqualTo(Http2Client.HEADERS);
                    answer(proxy, again.stream(), "ok");
                    both.countDown();
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            assertThat(client.send(POST).read().body()).isEqualTo("ok");
            assertThat(both.getCount()).isZero();
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void sendsAgainWhatAGoAwayLeavesOutAndEndsTheRest() {
        CountDownLatch closed = new CountDownLatch(1);
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame first = request(proxy);
                    if (connection > 0) {
                        answer(proxy, first.stream(), "again");
                        proxy.isClosedByPeer();
                        return;
                    }
                    request(proxy);
                    proxy.frame(
                            Http2Client.GOAWAY,
                            0,
                            0,
                            ByteBuffer.allocate(8)
                                    .putInt(first.stream())
                                    .putInt(0)
                                    .array());
                    answer(proxy, first.stream(), "ended");
                    proxy.isClosedByPeer();
                    closed.countDown();
                });
                TestProxy proxy = to(upstream).start();
                RawClient one = proxy.connect();
                RawClient two = proxy.connect()) {
            one.send("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            two.send("POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            assertThat(List.of(one.read().body(), two.read().body())).containsExactlyInAnyOrder("ended", "again");
            await().until(() -> closed.getCount() == 0);
        }
    }

    @Test
    void doesNotSendAgainWhatTheTargetMayHaveActedOn() {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    proxy.reset(head.stream(), Http2Client.INTERNAL_ERROR);
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            assertFailed(client.send(POST).read(), 502, "upstream_reset");
            assertThat(proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "retried"))
                    .isZero();
        }
    }

    /** Responses that end before they are whole. */
    enum Cut {
        BY_RESET(10) {
            @Override
            void then(Http2Client proxy, int stream) {
                proxy.data(stream, "abc", false).reset(stream, Http2Client.CANCEL);
            }
        },
        BY_A_RESET_WITHOUT_ERROR(-1) {
            @Override
            void then(Http2Client proxy, int stream) {
                proxy.data(stream, "abc", false).reset(stream, Http2Client.NO_ERROR);
            }
        },
        BY_THE_END_OF_THE_CONNECTION(-1) {
            @Override
            void then(Http2Client proxy, int stream) {
                proxy.data(stream, "abc", false).close();
            }
        },
        BY_AN_END_BEFORE_ITS_LENGTH(10) {
            @Override
            void then(Http2Client proxy, int stream) {
                proxy.data(stream, "abc", true);
            }
        },
        BY_TRAILERS_BEFORE_ITS_LENGTH(10) {
            @Override
            void then(Http2Client proxy, int stream) {
                proxy.data(stream, "abc", false).request(stream, new Head().with("x", "y"));
            }
        },
        BY_NOTHING_AT_ALL(10) {
            @Override
            void then(Http2Client proxy, int stream) {
                proxy.data(stream, "", true);
            }
        },
        BY_MORE_THAN_ITS_LENGTH(2) {
            @Override
            void then(Http2Client proxy, int stream) {
                proxy.data(stream, "abc", true);
            }
        };

        private final int length;

        Cut(int length) {
            this.length = length;
        }

        abstract void then(Http2Client proxy, int stream);
    }

    @ParameterizedTest
    @EnumSource
    void neverEndsATruncatedBodyCleanly(Cut cut) {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    while (true) {
                        Frame head = request(proxy);
                        Head response = status(200);
                        proxy.open(
                                head.stream(),
                                cut.length < 0 ? response : response.with("content-length", "" + cut.length));
                        cut.then(proxy, head.stream());
                    }
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect();
                Http2Client other = Http2Client.connect(proxy)) {
            Response response = client.get("/").readIfAny(false);
            assertThat(response == null || !response.whole()).isTrue();
            assertThat(other.request(1, Head.get("/"))
                            .await(Http2Client.RST_STREAM, 1)
                            .error())
                    .isEqualTo(Http2Client.INTERNAL_ERROR);
            assertThat(proxy.metric(
                            "gojinn_upstream_requests_total", "upstream", "app", "outcome", "upstream_truncated"))
                    .isEqualTo(2);
        }
    }

    /** What is no response, or one that cannot be passed on. */
    enum Wrong {
        NO_STATUS("x=y"),
        A_STATUS_OF_OTHER_LENGTH(":status=20"),
        A_STATUS_BELOW_100(":status=099"),
        SWITCHING_PROTOCOLS(":status=101"),
        AN_INTERIM_END(":status=103"),
        A_FIELD_OF_THE_CONNECTION(":status=200|connection=close"),
        TRANSFER_ENCODING(":status=200|transfer-encoding=chunked"),
        CAPITALS(":status=200|X-Capital=1"),
        A_NAME_THAT_IS_NO_TOKEN(":status=200|x y=1"),
        A_LINE_END(":status=200|x=a\r\nset-cookie: b"),
        NUL(":status=200|x=a\0b"),
        LEADING_SPACE(":status=200|x= a"),
        TWO_LENGTHS(":status=200|content-length=1|content-length=2"),
        A_LENGTH_WITHOUT_A_BODY(":status=200|content-length=10"),
        AN_UNKNOWN_PSEUDO_FIELD(":status=200|:path=/"),
        TOO_LARGE(":status=200|x=" + "y".repeat(16_000) + "|y=" + "a".repeat(300));

        private final String fields;

        Wrong(String fields) {
            this.fields = fields;
        }

        private Head head() {
            Head head = new Head();
            for (String field : fields.split("\\|", -1)) {
                int equals = field.indexOf('=');
                head.with(field.substring(0, equals), field.substring(equals + 1));
            }
            return head;
        }
    }

    @ParameterizedTest
    @EnumSource
    void answers502ToWhatIsNoSafeResponse(Wrong wrong) {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame first = request(proxy);
                    if (wrong == Wrong.TOO_LARGE) {
                        byte[] bytes = wrong.head().bytes();
                        proxy.frame(Http2Client.HEADERS, Http2Client.END_STREAM, first.stream(), bytes);
                        for (int i = 0; i < 6; i++) {
                            proxy.frame(
                                    Http2Client.CONTINUATION,
                                    i == 5 ? Http2Client.END_HEADERS : 0,
                                    first.stream(),
                                    new Head().with("x" + i, "y".repeat(16_000)).bytes());
                        }
                    } else {
                        proxy.request(first.stream(), wrong.head());
                    }
                    Frame second = request(proxy);
                    answer(proxy, second.stream(), "fine");
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_protocol");
            // The connection is none the worse for it.
            assertThat(client.get("/").read().body()).isEqualTo("fine");
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void answers502ToABodyBeforeAHeaderSection() {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    proxy.data(request(proxy).stream(), "abc", true);
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_protocol");
        }
    }

    /** Frames that only make work. */
    enum Flood {
        PINGS("pings") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(Http2Client.PING, 0, 0, new byte[8]);
            }
        },
        SETTINGS("settings") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(Http2Client.SETTINGS, 0, 0);
            }
        },
        PRIORITIES("priorities") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(Http2Client.PRIORITY, 0, stream, new byte[5]);
            }
        },
        WINDOW_UPDATES("window_updates") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(Http2Client.WINDOW_UPDATE, 0, stream, Http2Client.integer(1));
            }
        },
        RESETS("resets") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(Http2Client.RST_STREAM, 0, stream, Http2Client.integer(8));
            }
        },
        EMPTY_DATA("empty_data") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(Http2Client.DATA, 0, stream);
            }
        },
        CONTINUATIONS("continuations") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(Http2Client.CONTINUATION, 0, stream);
            }
        },
        OTHERS("other_frames") {
            @Override
            byte[] frame(int stream) {
                return Http2Client.frameBytes(99, 0, 0);
            }
        };

        private final String label;

        Flood(String label) {
            this.label = label;
        }

        abstract byte[] frame(int stream);
    }

    @ParameterizedTest
    @EnumSource
    void endsAConnectionThatIsFlooded(Flood flood) {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    if (connection > 0) {
                        answer(proxy, head.stream(), "fine");
                        proxy.isClosedByPeer();
                        return;
                    }
                    if (flood == Flood.CONTINUATIONS) {
                        proxy.frame(
                                Http2Client.HEADERS,
                                0,
                                head.stream(),
                                status(200).bytes());
                    } else if (flood == Flood.EMPTY_DATA) {
                        proxy.open(head.stream(), status(200));
                    }
                    for (int i = 0; i < 3_000; i++) {
                        proxy.send(flood.frame(head.stream()));
                    }
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect();
                RawClient next = proxy.connect()) {
            Response response = client.send(POST).readIfAny(false);
            assertThat(response == null || response.status() == 502 || !response.whole())
                    .isTrue();
            await().until(() ->
                    proxy.metric("gojinn_upstream_http2_faults_total", "upstream", "app", "reason", flood.label) == 1);
            assertThat(next.get("/").read().body()).isEqualTo("fine");
        }
    }

    @Test
    void holdsAWindowOfAResponseThatNobodyReads() {
        AtomicLong sent = new AtomicLong();
        int window = 100_000;
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame slow = request(proxy);
                    proxy.open(slow.stream(), status(200));
                    // All that the windows allow, which the client's side takes in part.
                    long allowed = window;
                    String piece = "x".repeat(10_000);
                    while (true) {
                        if (allowed >= piece.length()) {
                            proxy.data(slow.stream(), piece, false);
                            allowed -= piece.length();
                            sent.addAndGet(piece.length());
                            continue;
                        }
                        Frame next = proxy.read();
                        if (next == null) {
                            return;
                        }
                        if (next.type() == Http2Client.WINDOW_UPDATE && next.stream() == slow.stream()) {
                            allowed += next.payload().getInt(0);
                        } else if (next.type() == Http2Client.HEADERS) {
                            answer(proxy, next.stream(), "quick");
                        }
                    }
                });
                TestProxy proxy = to(
                                upstream,
                                Duration.ofSeconds(10),
                                new WireConfig.Http2(10, window, 1_000, Optional.empty()))
                        .start();
                Http2Client slow = Http2Client.connect(proxy);
                RawClient quick = proxy.connect()) {
            slow.request(1, Head.get("/slow"));
            // Its own window is 65,535, then it does not give it back.
            await().until(() -> sent.get() >= window);
            for (int i = 0; i < 20; i++) {
                assertThat(quick.get("/").read().body()).isEqualTo("quick");
            }
            // What the client's window took, a watermark, and what is held.
            assertThat(sent.get()).isLessThan(65_535 + 128 * 1024 + 2L * window);
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void takesABodyOnlyAsTheTargetDoes() {
        AtomicLong received = new AtomicLong();
        CountDownLatch open = new CountDownLatch(1);
        try (RawUpstream upstream = speaking(setting(INITIAL_WINDOW_SIZE, 1_000), (proxy, connection) -> {
                    Frame head = request(proxy);
                    while (true) {
                        Frame next = proxy.await(frame -> frame.type() == Http2Client.DATA);
                        received.addAndGet(next.bytes().length);
                        if (next.endsStream()) {
                            break;
                        }
                        if (received.get() == 1_000) {
                            open.countDown();
                        }
                        if (received.get() >= 1_000) {
                            proxy.windowUpdate(head.stream(), 1_000_000).windowUpdate(0, 1_000_000);
                        }
                    }
                    answer(proxy, head.stream(), "" + received);
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + "x".repeat(500_000));
            assertThat(client.read().body()).isEqualTo("500000");
            assertThat(open.getCount()).isZero();
        }
    }

    @Test
    void passesOnAResponseThatComesBeforeTheBodyAndEndsOnlyItsStream() {
        CountDownLatch cancelled = new CountDownLatch(1);
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    proxy.open(head.stream(), status(403)).data(head.stream(), "no", true);
                    assertThat(proxy.await(Http2Client.RST_STREAM, head.stream())
                                    .error())
                            .isEqualTo(Http2Client.CANCEL);
                    cancelled.countDown();
                    answer(proxy, request(proxy).stream(), "next");
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect();
                RawClient other = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
            Response response = client.read();
            assertThat(response.status()).isEqualTo(403);
            assertThat(response.body()).isEqualTo("no");
            await().until(() -> cancelled.getCount() == 0);
            assertThat(other.get("/").read().body()).isEqualTo("next");
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void forwardsTheBodyWhileTheResponseStreams() {
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    proxy.open(head.stream(), status(200));
                    while (true) {
                        Frame next = proxy.await(Http2Client.DATA, head.stream());
                        String text = new String(next.bytes(), StandardCharsets.ISO_8859_1);
                        proxy.data(head.stream(), text.toUpperCase(Locale.ROOT), next.endsStream());
                        if (next.endsStream()) {
                            break;
                        }
                    }
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/"));
            assertThat(client.await(Http2Client.HEADERS, 1).headers()).containsEntry(":status", "200");
            for (String word : List.of("one", "two", "three")) {
                client.data(1, word, false);
                assertThat(new String(client.await(Http2Client.DATA, 1).bytes(), StandardCharsets.ISO_8859_1))
                        .isEqualTo(word.toUpperCase(Locale.ROOT));
            }
            client.data(1, "", true);
            assertThat(client.await(Http2Client.DATA, 1).endsStream()).isTrue();
        }
    }

    @Test
    void endsOnlyTheStreamOfAClientThatLeaves() {
        CountDownLatch cancelled = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    asked.countDown();
                    assertThat(proxy.await(Http2Client.RST_STREAM, head.stream())
                                    .error())
                            .isEqualTo(Http2Client.CANCEL);
                    cancelled.countDown();
                    answer(proxy, request(proxy).stream(), "next");
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(upstream).start();
                RawClient other = proxy.connect()) {
            try (RawClient client = proxy.connect()) {
                client.get("/");
                await().until(() -> asked.getCount() == 0);
            }
            await().until(() -> cancelled.getCount() == 0);
            assertThat(other.get("/").read().body()).isEqualTo("next");
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void answers502WhenTheTargetDoesNotSpeakHttp2() {
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                TestProxy proxy = to(upstream).start();
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_protocol");
        }
    }

    @Test
    void leavesAConnectionThatGivesNoSignOfLife() {
        AtomicInteger pings = new AtomicInteger();
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    if (connection > 0) {
                        answer(proxy, head.stream(), "alive");
                        proxy.isClosedByPeer();
                        return;
                    }
                    proxy.await(Http2Client.PING, 0);
                    pings.incrementAndGet();
                    proxy.isClosedByPeer();
                    pings.incrementAndGet();
                });
                TestProxy proxy = to(upstream, Duration.ofMillis(200), WireConfig.Http2.defaults())
                        .start();
                RawClient client = proxy.connect()) {
            assertFailed(client.send(POST).read(), 504, "upstream_timeout");
            assertThat(client.get("/").read().body()).isEqualTo("alive");
            // Asked, not answered, and closed.
            await().until(() -> pings.get() == 2);
        }
    }

    @Test
    void asksASilentTargetWhenToldTo() {
        CountDownLatch asked = new CountDownLatch(2);
        try (RawUpstream upstream = speaking((proxy, connection) -> {
                    Frame head = request(proxy);
                    for (int i = 0; i < 2; i++) {
                        Frame ping = proxy.await(Http2Client.PING, 0);
                        proxy.frame(Http2Client.PING, Http2Client.ACK, 0, ping.bytes());
                        asked.countDown();
                    }
                    answer(proxy, head.stream(), "late");
                    proxy.isClosedByPeer();
                });
                TestProxy proxy = to(
                                upstream,
                                Duration.ofSeconds(20),
                                new WireConfig.Http2(10, 65_535, 1_000, Optional.of(Duration.ofMillis(100))))
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().body()).isEqualTo("late");
            assertThat(asked.getCount()).isZero();
        }
    }

    private static void assertFailed(Response response, int status, String label) {
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.header("x-gojinn-error")).isEqualTo(label);
    }
}
