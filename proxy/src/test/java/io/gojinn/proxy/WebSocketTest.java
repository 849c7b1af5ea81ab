package io.gojinn.proxy;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tunnels as other people's clients use them. */
class WebSocketTest {
    private static final int SOCKETS = 20;
    private static final int CLIENTS = 4;
    private static final int REQUESTS = 500;

    private static TestProxy.Builder proxy(RawUpstream upstream) {
        return TestProxy.with().upstream(upstream.upgrading(Duration.ofSeconds(30), "websocket"));
    }

    /** One WebSocket of the JDK's client. */
    private static final class Chat implements WebSocket.Listener {
        private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();
        private final WebSocket socket;

        Chat(HttpClient http, String scheme, TestProxy proxy) {
            socket = http.newWebSocketBuilder()
                    .buildAsync(
                            URI.create(scheme + "://localhost:"
                                    + proxy.server().address("web").getPort() + "/ws"),
                            this)
                    .join();
        }

        byte[] echo(byte[] sent) throws InterruptedException {
            socket.sendBinary(ByteBuffer.wrap(sent), true).join();
            return requireNonNull(messages.poll(20, TimeUnit.SECONDS));
        }

        int close() {
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "done").join();
            return closed.orTimeout(20, TimeUnit.SECONDS).join();
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            byte[] piece = new byte[data.remaining()];
            data.get(piece);
            message.writeBytes(piece);
            if (last) {
                messages.add(message.toByteArray());
                message.reset();
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
            closed.complete(status);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            closed.completeExceptionally(error);
        }
    }

    @Test
    void carriesMessagesOfEverySizeAndTheClose() throws InterruptedException {
        try (RawUpstream upstream = new RawUpstream(WebSocketEcho::serve);
                TestProxy proxy = proxy(upstream).start();
                HttpClient http = HttpClient.newHttpClient()) {
            carriesMessages(proxy, new Chat(http, "ws", proxy));
        }
    }

    @Test
    void carriesThemThroughTls(@TempDir Path folder) throws Exception {
        try (RawUpstream upstream = new RawUpstream(WebSocketEcho::serve);
                TestProxy proxy =
                        proxy(upstream).tls(TestCertificate.tls(folder)).start();
                HttpClient http = HttpClient.newBuilder()
                        .sslContext(TestCertificate.trustingEverybody())
                        .build()) {
            carriesMessages(proxy, new Chat(http, "wss", proxy));
        }
    }

    private static void carriesMessages(TestProxy proxy, Chat chat) throws InterruptedException {
        Random random = new Random(1);
        for (int length : new int[] {0, 1, 125, 126, 65_535, 65_536, 8 << 20}) {
            byte[] sent = new byte[length];
            random.nextBytes(sent);
            assertThat(chat.echo(sent)).isEqualTo(sent);
        }
        assertThat(open(proxy)).isEqualTo(1);
        assertThat(chat.close()).isEqualTo(WebSocket.NORMAL_CLOSURE);
        await().until(() -> open(proxy) == 0);
    }

    @Test
    void keepsTunnelsOpenThroughLoad() throws InterruptedException {
        try (RawUpstream upstream = new RawUpstream(WebSocketEcho::serve);
                TestProxy proxy = proxy(upstream).start();
                HttpClient http = HttpClient.newHttpClient()) {
            List<Chat> chats = new ArrayList<>();
            for (int i = 0; i < SOCKETS; i++) {
                chats.add(new Chat(http, "ws", proxy));
            }
            assertThat(open(proxy)).isEqualTo(SOCKETS);
            assertThat(proxy.metric("gojinn_upstream_active_requests", "upstream", "app"))
                    .isEqualTo(SOCKETS);
            List<CompletableFuture<Integer>> load = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                load.add(CompletableFuture.supplyAsync(() -> answered(proxy), Thread::startVirtualThread));
            }
            int round = 0;
            do {
                for (Chat chat : chats) {
                    byte[] sent = ("round " + round).getBytes(StandardCharsets.US_ASCII);
                    assertThat(chat.echo(sent)).isEqualTo(sent);
                }
                round++;
            } while (!load.stream().allMatch(CompletableFuture::isDone));
            assertThat(load).allSatisfy(client -> assertThat(client.join()).isEqualTo(REQUESTS));
            assertThat(open(proxy)).isEqualTo(SOCKETS);
            for (Chat chat : chats) {
                assertThat(chat.close()).isEqualTo(WebSocket.NORMAL_CLOSURE);
            }
            await().until(() -> open(proxy) == 0);
            await().until(() -> proxy.metric("gojinn_upstream_active_requests", "upstream", "app") == 0);
        }
    }

    private static int answered(TestProxy proxy) {
        int answered = 0;
        try (RawClient client = proxy.connect()) {
            for (int i = 0; i < REQUESTS; i++) {
                if (client.get("/plain").read().body().equals("plain")) {
                    answered++;
                }
            }
        }
        return answered;
    }

    @Test
    void servesCurl(@TempDir Path folder) throws IOException, InterruptedException {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.send(WebSocketEcho.accepting(peer.head(), "") + "bytes behind the head");
                    peer.socket.shutdownOutput();
                    peer.awaitEnd();
                });
                TestProxy proxy = proxy(upstream).start()) {
            Path output = folder.resolve("output");
            Process curl = new ProcessBuilder(
                            "curl",
                            "-sSiN",
                            "--http1.1",
                            "--max-time",
                            "20",
                            "-H",
                            "Connection: Upgrade",
                            "-H",
                            "Upgrade: websocket",
                            "-H",
                            "Sec-WebSocket-Version: 13",
                            "-H",
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                            "http://127.0.0.1:" + proxy.server().address("web").getPort() + "/ws")
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            assertThat(curl.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(output))
                    .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
                    .containsIgnoringCase("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
                    .endsWith("\r\n\r\nbytes behind the head");
            assertThat(curl.exitValue()).isZero();
            await().until(() -> open(proxy) == 0);
        }
    }

    private static double open(TestProxy proxy) {
        return proxy.metric("gojinn_open_tunnels", "route", "forward");
    }
}
