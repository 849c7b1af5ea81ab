package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.BodyTransform;
import io.gojinn.proxy.http.CollectedBody;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.FailureResponse;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.route.RouteAction;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a middleware sees and can do, whatever it is. */
class MiddlewareTest {
    private static final RouteAction FORWARD = new RouteAction.Forward("app");
    private static final RouteAction RESPOND = new RouteAction.Respond(200, Map.of("X-Action", "yes"), "body");

    private static Middleware onRequest(BiConsumer<Exchange, RequestPhase> step) {
        return exchange -> new Passage() {
            @Override
            public void request(RequestPhase phase) {
                step.accept(exchange, phase);
            }
        };
    }

    private static Middleware onResponse(BiConsumer<Exchange, ResponsePhase> step) {
        return exchange -> new Passage() {
            @Override
            public void response(ResponsePhase phase) {
                step.accept(exchange, phase);
            }
        };
    }

    private static Middleware tracing(String name, Queue<String> trace, boolean later) {
        return exchange -> new Passage() {
            @Override
            public void request(RequestPhase phase) {
                trace.add(name + " request");
                step(phase::proceed);
            }

            @Override
            public void response(ResponsePhase phase) {
                trace.add(name + " response");
                phase.headers().add("X-Seen", name);
                step(phase::proceed);
            }

            @Override
            public void failed(FailureResponse response) {
                trace.add(name + " failed " + response.failure().label());
            }

            @Override
            public void ended() {
                trace.add(name + " ended");
            }

            private void step(Runnable proceed) {
                if (later) {
                    exchange.loop().execute(() -> exchange.loop().execute(proceed));
                } else {
                    proceed.run();
                }
            }
        };
    }

    private static String text(CollectedBody body) {
        StringBuilder text = new StringBuilder();
        for (ByteBuffer view : body.views()) {
            text.append(StandardCharsets.ISO_8859_1.decode(view));
        }
        return text.toString();
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    /** Turns letters to upper case, and ends with a mark. */
    private record Loud(AtomicInteger closed) implements BodyTransform {
        @Override
        public void piece(ByteBuf piece, Consumer<ByteBuf> out) {
            String text = piece.toString(StandardCharsets.ISO_8859_1);
            piece.release();
            out.accept(bytes(text.toUpperCase(Locale.ROOT)));
        }

        @Override
        public void end(Consumer<ByteBuf> out) {
            out.accept(bytes("!"));
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    // Order.

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestsPassInOrderAndResponsesInReverse(boolean later) {
        Queue<String> trace = new ConcurrentLinkedQueue<>();
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("a", tracing("a", trace, later))
                        .middleware("b", tracing("b", trace, later))
                        .route("/x", List.of("a", "b"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                Response response = client.get("/x").read();
                assertThat(response.body()).isEqualTo("ok");
                assertThat(response.header("x-seen")).isEqualTo("b|a");
                await().untilAsserted(() -> assertThat(trace)
                        .containsExactly("a request", "b request", "b response", "a response", "b ended", "a ended"));
                trace.clear();
            }
        }
    }

    @Test
    void anAnswerOfAMiddlewarePassesThroughThoseBeforeItAlone() {
        Queue<String> trace = new ConcurrentLinkedQueue<>();
        try (TestProxy proxy = TestProxy.with()
                        .middleware("a", tracing("a", trace, true))
                        .middleware(
                                "deny",
                                onRequest((exchange, phase) ->
                                        phase.reply(403, Exchange.newHeaders().set("X-Why", "no"), bytes("denied"))))
                        .middleware("c", tracing("c", trace, false))
                        .route("/x", List.of("a", "deny", "c"), RESPOND)
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            Response response = client.read();
            assertThat(response.status()).isEqualTo(403);
            assertThat(response.body()).isEqualTo("denied");
            assertThat(response.header("x-why")).isEqualTo("no");
            assertThat(response.header("x-seen")).isEqualTo("a");
            assertThat(client.get("/x").read().status()).isEqualTo(403);
            await().until(() -> trace.size() == 6);
            assertThat(trace).doesNotContain("c request", "c ended");
        }
    }

    @Test
    void aLongListNeedsNoDeepStack() {
        TestProxy.Builder builder = TestProxy.with();
        String[] names = new String[5_000];
        for (int i = 0; i < names.length; i++) {
            names[i] = "m" + i;
            builder.middleware(names[i], exchange -> new Passage() {});
        }
        try (TestProxy proxy = builder.route("/x", List.of(names), RESPOND).start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/x").read().body()).isEqualTo("body");
        }
    }

    // What passes by.

    @Test
    void bodiesStreamPastWhoeverDoesNotAskForThem() {
        CountDownLatch clientHasBegin = new CountDownLatch(1);
        Queue<String> trace = new ConcurrentLinkedQueue<>();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    String begin = "" + (char) peer.read() + (char) peer.read();
                    peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
                    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n" + begin + "\r\n");
                    try {
                        assertThat(clientHasBegin.await(20, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    peer.send("0\r\nX-Trailer: t\r\n\r\n");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("a", tracing("a", trace, true))
                        .route("/x", List.of("a"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhi");
            assertThat(client.read(true).status()).isEqualTo(103);
            Response head = client.read(true);
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("x-seen")).isEqualTo("a");
            clientHasBegin.countDown();
        }
    }

    @Test
    void aResponseThatIsHeldMakesTheUpstreamWait() throws Exception {
        long total = 64L << 20;
        AtomicLong sent = new AtomicLong();
        CountDownLatch release = new CountDownLatch(1);
        Middleware holding = onResponse((exchange, phase) -> Thread.ofVirtual().start(() -> {
            try {
                release.await();
                exchange.loop().execute(phase::proceed);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + total + "\r\n\r\n");
                    byte[] piece = new byte[64 << 10];
                    Arrays.fill(piece, (byte) 'x');
                    while (sent.get() < total) {
                        peer.socket.getOutputStream().write(piece);
                        sent.addAndGet(piece.length);
                    }
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("hold", holding)
                        .route("/x", List.of("hold"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            client.get("/x");
            AtomicLong before = new AtomicLong(-1);
            await().pollInterval(Duration.ofMillis(300))
                    .until(() -> sent.get() > 0 && before.getAndSet(sent.get()) == sent.get());
            assertThat(sent.get()).isLessThan(24L << 20);
            release.countDown();
            Response response = client.read();
            assertThat(response.whole()).isTrue();
            assertThat(response.body()).hasSize((int) total);
        }
    }

    @Test
    void tunnelsPassThroughTheRequestPhaseAlone() throws IOException {
        Queue<String> trace = new ConcurrentLinkedQueue<>();
        Middleware reading = onRequest((exchange, phase) -> phase.readBody(10, body -> {
            trace.add("read " + body.bytes());
            exchange.request().headers().set("X-User", "u1");
            phase.proceed();
        }));
        try (RawUpstream upstream = new RawUpstream(WebSocketEcho::serve);
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.upgrading(Duration.ofSeconds(30), "websocket"))
                        .middleware("a", tracing("a", trace, true))
                        .middleware("read", reading)
                        .route("/x", List.of("a", "read"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            client.send("""
                    GET /x HTTP/1.1
                    Host: a
                    Connection: Upgrade
                    Upgrade: websocket
                    Sec-WebSocket-Version: 13
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

                    """.replace("\n", "\r\n"));
            Response response = client.read(true);
            assertThat(response.status()).isEqualTo(101);
            assertThat(response.header("x-seen")).isNull();
            byte[] frame = {(byte) 0x82, (byte) 0x83, 0, 0, 0, 0, 'a', 'b', 'c'};
            client.send(frame);
            assertThat(client.socket.getInputStream().readNBytes(5)).endsWith((byte) 'a', (byte) 'b', (byte) 'c');
            assertThat(trace).containsExactly("a request", "read 0");
        }
        await().untilAsserted(() -> assertThat(trace).endsWith("a ended"));
    }

    // Changes of the request.

    @Test
    void theTargetAndTheMethodCanChangeAndTheRouteStays() {
        Middleware rewrite = onRequest((exchange, phase) -> {
            phase.method("PUT");
            phase.target("/other//p%61th?q=\u00e4&x=1");
            exchange.request().headers().set("X-New", "1").remove("X-Old");
            phase.proceed();
        });
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("rewrite", rewrite)
                        .route("/x", List.of("rewrite"), FORWARD)
                        .respond("/other/path", "another route")
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nX-Old: 1\r\nContent-Length: 3\r\n\r\nabc");
            String request = client.read().body();
            assertThat(request)
                    .startsWith("PUT /other/path?q=%C3%A4&x=1 HTTP/1.1\r\n")
                    .endsWith("\r\n\r\nabc");
            assertThat(request.toLowerCase(Locale.ROOT)).contains("x-new: 1").doesNotContain("x-old");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "http://other/",
                "/a b",
                "/a\r\nX-Evil: 1",
                "/a?b\r\n\r\nGET /",
                "/a?b c",
                "/a/../b",
                "/a/%2e%2e/b",
                "/a%2fb",
                "/a\\b",
                "/a#b",
                "/a?b#c",
                "/a%00",
                "/%zz",
                "*",
                "/a\u007f"
            })
    void unsafeTargetsAreRefused(String target) {
        Middleware rewrite = onRequest((exchange, phase) -> {
            try {
                phase.target(target);
            } catch (IllegalArgumentException refused) {
                phase.reply(500, Exchange.newHeaders(), bytes("refused"));
                return;
            }
            phase.proceed();
        });
        try (TestProxy proxy = TestProxy.with()
                        .middleware("rewrite", rewrite)
                        .route("/x", List.of("rewrite"), RESPOND)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/x").read().body()).isEqualTo("refused");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "CONNECT", "G T", "GET\r\n", "G\u00c4T"})
    void unsafeMethodsAreRefused(String method) {
        AtomicReference<@Nullable String> refused = new AtomicReference<>();
        Middleware rewrite = onRequest((exchange, phase) -> {
            try {
                phase.method(method);
            } catch (IllegalArgumentException e) {
                refused.set(e.getMessage());
            }
            phase.proceed();
        });
        try (TestProxy proxy = TestProxy.with()
                        .middleware("rewrite", rewrite)
                        .route("/x", List.of("rewrite"), RESPOND)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/x").read().status()).isEqualTo(200);
            assertThat(refused.get()).isNotNull();
        }
    }

    @Test
    void whatTheClientAskedForDecidesWhetherABodyFollows() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String head = peer.request(); !head.isEmpty(); head = peer.request()) {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                                + (head.startsWith("HEAD") ? "" : "body"));
                    }
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("get", onRequest((exchange, phase) -> {
                            phase.method("GET");
                            phase.proceed();
                        }))
                        .middleware("head", onRequest((exchange, phase) -> {
                            phase.method("HEAD");
                            phase.proceed();
                        }))
                        .route("/get", List.of("get"), FORWARD)
                        .route("/head", List.of("head"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            client.send("HEAD /get HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.read(true).header("content-length")).isEqualTo("4");
            Response response = client.get("/head").read();
            assertThat(response.whole()).isTrue();
            assertThat(response.body()).isEmpty();
            assertThat(client.get("/get").read().body()).isEqualTo("body");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBodyThatWasReadGoesOnAsItCame(boolean chunked) {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Middleware reading = onRequest((exchange, phase) -> phase.readBody(1 << 20, body -> {
            seen.add(body.bytes() + " " + text(body).hashCode());
            exchange.loop().execute(phase::proceed);
        }));
        String sent = "0123456789".repeat(30_000);
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("one", reading)
                        .middleware("two", reading)
                        .route("/x", List.of("one", "two"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            if (chunked) {
                client.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Integer.toHexString(sent.length()) + "\r\n" + sent + "\r\n0\r\nX-Late: 1\r\n\r\n");
                assertThat(client.read().body().replaceAll("\r\n[0-9a-f]{1,5}\r\n", ""))
                        .contains("0123456789".repeat(100))
                        .contains("X-Late: 1");
            } else {
                client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " + sent.length()
                        + "\r\n\r\n");
                assertThat(client.read().status()).isEqualTo(100);
                client.send(sent);
                assertThat(client.read().body()).endsWith("\r\n\r\n" + sent);
            }
            String whole = sent.length() + " " + sent.hashCode();
            assertThat(seen).containsExactly(whole, whole);
        }
    }

    @Test
    void aBodyCanBeReplaced() {
        Middleware replacing = onRequest((exchange, phase) ->
                phase.readBody(100, body -> phase.proceed(bytes("<" + text(body) + ">"))));
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("replace", replacing)
                        .route("/x", List.of("replace"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            assertThat(client.read().body())
                    .containsIgnoringCase("content-length: 5")
                    .endsWith("\r\n\r\n<abc>");
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: 1\r\n\r\n");
            assertThat(client.read().body())
                    .containsIgnoringCase("content-length: 3")
                    .doesNotContainIgnoringCase("transfer-encoding")
                    .endsWith("\r\n\r\n<a>");
            assertThat(client.get("/x").read().body()).endsWith("\r\n\r\n<>");
        }
    }

    @Test
    void aBodyOverTheLimitIsRefusedAndTheActionNotReached() {
        Middleware reading = onRequest((exchange, phase) -> phase.readBody(10, body -> phase.proceed()));
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("read", reading)
                        .route("/x", List.of("read"), FORWARD)
                        .start()) {
            for (String body :
                    new String[] {"Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n"
                    }) {
                try (RawClient client = proxy.connect()) {
                    client.send("POST /x HTTP/1.1\r\nHost: a\r\n" + body);
                    Response response = client.read();
                    assertThat(response.status()).isEqualTo(413);
                    assertThat(response.header("x-gojinn-error")).isEqualTo("body_limit");
                }
            }
            assertThat(upstream.connections.get()).isZero();
        }
    }

    @Test
    void clientsCannotForgeWhatAMiddlewareSetsNorTakeItAway() {
        Middleware sometimes = new Middleware() {
            @Override
            public Passage open(Exchange exchange) {
                return new Passage() {
                    @Override
                    public void request(RequestPhase phase) {
                        if (exchange.uri().endsWith("?in")) {
                            exchange.request().headers().set("X-User", "real");
                        }
                        phase.proceed();
                    }
                };
            }

            @Override
            public Set<String> ownedFields() {
                return Set.of("X-User");
            }
        };
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("auth", sometimes)
                        .route("/x", List.of("auth"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            client.send(
                    "GET /x HTTP/1.1\r\nHost: a\r\nX-User: evil1\r\nx_user: evil2\r\nX-USER: evil3\r\nXUser: evil4\r\n\r\n");
            assertThat(client.read().body()).doesNotContainIgnoringCase("evil");
            client.send("GET /x?in HTTP/1.1\r\nHost: a\r\nConnection: x-user, keep-alive\r\nX-User: evil\r\n\r\n");
            assertThat(client.read().body()).contains("X-User: real").doesNotContain("evil");
            client.send(
                    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-User: evil\r\nX-Fine: 1\r\n\r\n");
            assertThat(client.read().body()).contains("X-Fine").doesNotContain("evil");
        }
    }

    // Changes of the response.

    @Test
    void statusAndFieldsCanChangeWithoutTouchingTheBody() {
        try (RawUpstream upstream =
                        RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Old: 1\r\n\r\nok");
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("change", onResponse((exchange, phase) -> {
                            phase.status(phase.status() + 1);
                            phase.headers().remove("X-Old").set("X-New", "1");
                            phase.proceed();
                        }))
                        .middleware("empty", onResponse((exchange, phase) -> {
                            phase.status(204);
                            phase.proceed();
                        }))
                        .route("/x", List.of("change"), FORWARD)
                        .route("/empty", List.of("empty"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/x").read();
            assertThat(response.status()).isEqualTo(201);
            assertThat(response.header("x-new")).isEqualTo("1");
            assertThat(response.header("x-old")).isNull();
            assertThat(response.header("content-length")).isEqualTo("2");
            assertThat(response.body()).isEqualTo("ok");
            Response empty = client.get("/empty").read();
            assertThat(empty.status()).isEqualTo(204);
            assertThat(empty.header("content-length")).isNull();
            assertThat(client.get("/x").read().status()).isEqualTo(201);
        }
    }

    @Test
    void bodiesStreamThroughTransformsTheInnermostFirst() {
        AtomicInteger closed = new AtomicInteger();
        Middleware loud = onResponse((exchange, phase) -> {
            phase.transform(new Loud(closed));
            exchange.loop().execute(phase::proceed);
        });
        try (RawUpstream upstream = RawUpstream.answering("""
                        HTTP/1.1 200 OK
                        Transfer-Encoding: chunked

                        3
                        abc
                        3
                        def
                        0
                        X-Trailer: t

                        """.replace("\n", "\r\n"));
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("outer", loud)
                        .middleware("inner", loud)
                        .route("/x", List.of("outer", "inner"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/x").read();
            assertThat(response.body()).isEqualTo("ABCDEF!!");
            assertThat(response.header("trailer x-trailer")).isEqualTo("X-Trailer: t");
            assertThat(response.header("content-length")).isNull();
            client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.read(true).status()).isEqualTo(200);
            await().until(() -> closed.get() == 4);
        }
    }

    @Test
    void aTransformIsClosedWhenTheUpstreamBreaksOff() {
        AtomicInteger closed = new AtomicInteger();
        Middleware loud = onResponse((exchange, phase) -> {
            phase.transform(new Loud(closed));
            phase.proceed();
        });
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("loud", loud)
                        .route("/x", List.of("loud"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/x").readIfAny(false))
                    .satisfiesAnyOf(
                            response -> assertThat(response).isNull(),
                            response -> assertThat(response.whole()).isFalse());
            await().until(() -> closed.get() == 1);
        }
    }

    @Test
    void aResponseCanBeReadWholeAndReplaced() {
        AtomicInteger closed = new AtomicInteger();
        Middleware loud = onResponse((exchange, phase) -> {
            phase.transform(new Loud(closed));
            phase.proceed();
        });
        Middleware wrap = onResponse((exchange, phase) ->
                phase.readBody(1 << 20, body -> phase.proceed(bytes("<" + text(body) + ">"))));
        Middleware look = onResponse((exchange, phase) -> phase.readBody(1 << 20, body -> {
            phase.headers().set("X-Length", body.bytes());
            exchange.loop().execute(phase::proceed);
        }));
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                        peer.send("3\r\ndef\r\n0\r\n\r\n");
                    }
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("loud", loud)
                        .middleware("wrap", wrap)
                        .middleware("look", look)
                        .route("/x", List.of("look", "wrap", "look2", "loud"), FORWARD)
                        .middleware("look2", look)
                        .route("/plain", List.of("look"), FORWARD)
                        .route("/outer", List.of("loud", "wrap"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/x").read();
            assertThat(response.body()).isEqualTo("<ABCDEF!>");
            assertThat(response.header("content-length")).isEqualTo("9");
            assertThat(response.header("x-length")).isEqualTo("9");
            assertThat(client.get("/plain").read().header("content-length")).isEqualTo("6");
            assertThat(client.get("/outer").read().body()).isEqualTo("<ABCDEF>!");
            client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.read(true).header("x-length")).isEqualTo("0");
            assertThat(client.get("/plain").read().body()).isEqualTo("abcdef");
        }
    }

    @Test
    void aResponseOverTheLimitIsAnsweredWith502() {
        Middleware reading = onResponse((exchange, phase) -> phase.readBody(5, body -> phase.proceed()));
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n");
                    }
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("read", reading)
                        .route("/x", List.of("read"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                Response response = client.get("/x").read();
                assertThat(response.status()).isEqualTo(502);
                assertThat(response.header("x-gojinn-error")).isEqualTo("response_limit");
            }
        }
    }

    @Test
    void anAnswerThatIsReplacedUnreadGivesTheActionUp() {
        Middleware replace = onResponse((exchange, phase) -> {
            phase.status(503);
            phase.headers().clear();
            exchange.loop().execute(() -> phase.proceed(bytes("sorry")));
        });
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("replace", replace)
                        .route("/x", List.of("replace"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                Response response = client.get("/x").read();
                assertThat(response.status()).isEqualTo(503);
                assertThat(response.body()).isEqualTo("sorry");
            }
        }
    }

    // Failure.

    @Test
    void whatTheProxyAnswersItselfCanBeAddedToButNotHeld() {
        Middleware cors = exchange -> new Passage() {
            @Override
            public void response(ResponsePhase phase) {
                throw new IllegalStateException("there is none");
            }

            @Override
            public void failed(FailureResponse response) {
                response.headers().set("Access-Control-Allow-Origin", "*");
                response.body(bytes(response.status() + " " + response.failure().label()));
            }
        };
        try (RawUpstream upstream = new RawUpstream(peer -> peer.request());
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("cors", cors)
                        .route("/x", List.of("cors"), FORWARD)
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/x").read();
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.header("access-control-allow-origin")).isEqualTo("*");
            assertThat(response.body()).isEqualTo("502 " + response.header("x-gojinn-error"));
        }
    }

    @Test
    void aDefectIsAnsweredWith500AndReachesNothing() {
        Queue<String> trace = new ConcurrentLinkedQueue<>();
        RuntimeException defect = new IllegalStateException("a defect");
        Middleware opening = exchange -> {
            throw defect;
        };
        Middleware request = onRequest((exchange, phase) -> {
            throw defect;
        });
        Middleware later = onRequest((exchange, phase) -> phase.readBody(10, body -> {
            throw defect;
        }));
        Middleware response = onResponse((exchange, phase) -> {
            throw defect;
        });
        Middleware twice = onRequest((exchange, phase) -> {
            phase.proceed();
            phase.proceed();
        });
        try (TestProxy proxy = TestProxy.with()
                .middleware("trace", tracing("t", trace, false))
                .middleware("opening", opening)
                .middleware("request", request)
                .middleware("later", later)
                .middleware("response", response)
                .middleware("twice", twice)
                .route("/opening", List.of("opening", "trace"), RESPOND)
                .route("/request", List.of("request", "trace"), RESPOND)
                .route("/later", List.of("later", "trace"), RESPOND)
                .route("/response", List.of("response"), RESPOND)
                .route("/twice", List.of("twice", "trace"), RESPOND)
                .start()) {
            for (String path : List.of("/opening", "/request", "/later", "/response", "/twice")) {
                try (RawClient client = proxy.connect()) {
                    Response answer = client.get(path).read();
                    assertThat(answer.status()).as(path).isEqualTo(500);
                    assertThat(answer.header("x-action")).isNull();
                }
            }
            assertThat(trace).doesNotContain("t request");
        }
    }

    @Test
    void aClientThatLeavesEndsEveryPassageOnce() {
        Queue<String> trace = new ConcurrentLinkedQueue<>();
        AtomicReference<@Nullable RequestPhase> open = new AtomicReference<>();
        AtomicReference<@Nullable Exchange> exchanges = new AtomicReference<>();
        Middleware waiting = onRequest((exchange, phase) -> phase.readBody(10, body -> {
            exchanges.set(exchange);
            open.set(phase);
        }));
        try (TestProxy proxy = TestProxy.with()
                .middleware("trace", tracing("t", trace, false))
                .middleware("wait", waiting)
                .middleware("never", tracing("never", trace, false))
                .route("/x", List.of("trace", "wait", "never"), RESPOND)
                .start()) {
            try (RawClient client = proxy.connect()) {
                client.get("/x");
                await().until(() -> open.get() != null);
            }
            await().untilAsserted(() -> assertThat(trace).containsExactly("t request", "t ended"));
            RequestPhase phase = Objects.requireNonNull(open.get());
            Exchange exchange = Objects.requireNonNull(exchanges.get());
            ByteBuf late = bytes("late");
            exchange.loop()
                    .submit(() -> phase.reply(200, Exchange.newHeaders(), late))
                    .syncUninterruptibly();
            assertThat(late.refCnt()).isZero();
            assertThat(trace).hasSize(2);
        }
    }

    @Test
    void aFailureOfAMiddlewareIsAnswered() {
        try (TestProxy proxy = TestProxy.with()
                        .middleware(
                                "in",
                                onRequest((exchange, phase) ->
                                        exchange.loop().execute(() -> phase.fail(new Failure.NoRoute()))))
                        .middleware(
                                "out",
                                onResponse((exchange, phase) ->
                                        exchange.loop().execute(() -> phase.fail(new Failure.Stopped()))))
                        .route("/in", List.of("in"), RESPOND)
                        .route("/out", List.of("out"), RESPOND)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/in").read().status()).isEqualTo(404);
            assertThat(client.get("/out").read().status()).isEqualTo(503);
        }
    }

    @Test
    void worksTheSameOverHttp2() throws IOException {
        Queue<String> trace = new ConcurrentLinkedQueue<>();
        Middleware replacing = onRequest((exchange, phase) ->
                phase.readBody(100, body -> phase.proceed(bytes("<" + text(body) + ">"))));
        AtomicInteger closed = new AtomicInteger();
        Middleware loud = onResponse((exchange, phase) -> {
            phase.transform(new Loud(closed));
            phase.proceed();
        });
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                        String body = request.substring(request.indexOf("\r\n\r\n") + 4);
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                    }
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .middleware("a", tracing("a", trace, true))
                        .middleware("replace", replacing)
                        .middleware("loud", loud)
                        .route("/x", List.of("a", "replace", "loud"), FORWARD)
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Http2Client.Head.request("POST", "/x")).data(1, "abc", true);
            Http2Client.Response response = client.response(1);
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("<ABC>!");
            assertThat(response.headers()).containsEntry("x-seen", "a").doesNotContainKey("content-length");
        }
    }

    @Test
    void collectedBodiesShareTheirBytes() {
        CollectedBody body = new CollectedBody();
        ByteBuf piece = bytes("abc");
        body.add(piece, io.netty.buffer.UnpooledByteBufAllocator.DEFAULT);
        CollectedBody shared = body.share();
        body.release();
        assertThat(text(shared)).isEqualTo("abc");
        assertThat(ByteBufUtil.hexDump(piece)).isEqualTo("616263");
        shared.release();
        assertThat(piece.refCnt()).isZero();
    }
}
