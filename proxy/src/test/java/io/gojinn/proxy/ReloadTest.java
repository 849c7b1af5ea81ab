package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.list;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.listen.TlsConfig;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteMatch;
import io.gojinn.runtime.FunctionInvoker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running proxy takes up another config, and what has not changed does not notice. */
class ReloadTest {
    private static final String UPGRADE = """
            GET /socket HTTP/1.1\r
            Host: test\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r
            """;
    private static final byte[] FRAME = {(byte) 0x82, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'};
    private static final byte[] ECHOED = {(byte) 0x82, 2, 'h', 'i'};

    @TempDir
    private Path folder;

    @Test
    void answersTheNextRequestOfAConnectionByTheNewConfig() throws Exception {
        try (TestProxy proxy = TestProxy.with().respond("/a", "old").start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/a").read().body()).isEqualTo("old");
            proxy.reload(TestProxy.with().respond("/a", "new").respond("/b", "more"));
            assertThat(client.get("/a").read().body()).isEqualTo("new");
            assertThat(client.get("/b").read().body()).isEqualTo("more");
            assertThat(proxy.server().generation()).isEqualTo(2);
            await().until(() -> proxy.server().retired() == 0);
        }
    }

    @Test
    void keepsTheConnectionsOfAnUpstreamThatHasNotChanged() throws Exception {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy =
                        TestProxy.with().upstream(upstream.config()).loops(1).start();
                RawClient client = proxy.connect()) {
            client.get("/1").read();
            for (int i = 0; i < 3; i++) {
                proxy.reload(TestProxy.with()
                        .respond("/" + i, "")
                        .upstream(upstream.config())
                        .loops(1));
                assertThat(client.get("/u").read().status()).isEqualTo(200);
            }
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void endsAnExchangeWithTheConfigItBeganWith() throws Exception {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        CompletableFuture<Void> answer = new CompletableFuture<>();
        AtomicInteger unused = new AtomicInteger();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    asked.complete(null);
                    answer.join();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.with().respond("/none", "").start()) {
            proxy.reload(TestProxy.with().upstream(upstream.config()), unused::incrementAndGet);
            try (RawClient client = proxy.connect()) {
                client.get("/u");
                asked.join();
                proxy.reload(TestProxy.with().respond("/u", "new"));
                await().until(() -> proxy.server().retired() == 1);
                assertThat(unused).hasValue(0);
                answer.complete(null);
                assertThat(client.read().body()).isEqualTo("old");
                assertThat(client.get("/u").read().body()).isEqualTo("new");
            }
            await().until(() -> proxy.server().retired() == 0);
            assertThat(unused).hasValue(1);
        }
    }

    @Test
    void forgetsWhatNoConfigNamesAnyMore() throws Exception {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with().upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            client.get("/").read();
            await().until(() -> proxy.metric("gojinn_requests_total", "route", "forward", "status", "2xx") == 1);
            proxy.reload(TestProxy.with().respond("/", "alone"));
            await().until(() -> proxy.server().retired() == 0);
            assertThat(proxy.metrics.getSampleValue(
                            "gojinn_requests_total", new String[] {"route", "status"}, new String[] {"forward", "2xx"}))
                    .isNull();
            assertThat(proxy.metrics.getSampleValue(
                            "gojinn_upstream_targets", new String[] {"upstream"}, new String[] {"app"}))
                    .isNull();
        }
    }

    /** However many configs there have been: what the first of them held can be collected, while what they share lives on. */
    @Test
    void holdsOnToNothingOfTheConfigsBefore() throws Exception {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .function("/f", FakeFunction.echo())
                        .start();
                RawClient client = proxy.connect()) {
            List<WeakReference<FunctionInvoker>> replaced = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                FunctionInvoker function = FakeFunction.echo();
                replaced.add(new WeakReference<>(function));
                proxy.reload(TestProxy.with().upstream(upstream.config()).function("/f", function));
                assertThat(client.get("/u").read().status()).isEqualTo(200);
            }
            replaced.removeLast();
            await().until(() -> proxy.server().retired() == 0);
            await().until(() -> {
                System.gc();
                return replaced.stream().allMatch(function -> function.refersTo(null));
            });
        }
    }

    @Test
    void carriesAWebSocketOnThroughEveryReload() throws Exception {
        try (RawUpstream upstream = new RawUpstream(WebSocketEcho::serve);
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.upgrading(Duration.ofSeconds(30), "websocket"))
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.send(UPGRADE).read().status()).isEqualTo(101);
            for (int i = 0; i < 5; i++) {
                proxy.reload(TestProxy.with().respond("/" + i, ""));
                assertThat(client.send(FRAME).socket.getInputStream().readNBytes(ECHOED.length))
                        .isEqualTo(ECHOED);
            }
            // The first config lives for its WebSocket, those in between do not.
            await().until(() -> proxy.server().retired() == 1);
            client.socket.close();
            await().until(() -> proxy.server().retired() == 0);
        }
    }

    @Test
    void showsAReplacedCertificateToNewConnections() throws Exception {
        TlsConfig.Certificate shown = TestCertificate.named(folder, "localhost");
        TlsConfig tls = new TlsConfig(List.of(shown));
        try (TestProxy proxy = TestProxy.with().tls(tls).respond("/", "hi").start();
                SSLSocket before = connect(proxy)) {
            RawClient old = new RawClient(before);
            assertThat(old.get("/").read().body()).isEqualTo("hi");
            TlsConfig.Certificate other =
                    TestCertificate.named(Files.createDirectory(folder.resolve("b")), "localhost");
            Files.move(other.certificate(), shown.certificate(), StandardCopyOption.REPLACE_EXISTING);
            Files.move(other.key(), shown.key(), StandardCopyOption.REPLACE_EXISTING);
            proxy.reload(TestProxy.with().tls(tls).respond("/", "hi"));
            try (SSLSocket after = connect(proxy)) {
                assertThat(serial(after)).isNotEqualTo(serial(before));
                assertThat(old.get("/").read().body()).isEqualTo("hi");
                assertThat(new RawClient(after).get("/").read().body()).isEqualTo("hi");
            }
            // The same certificate again: sessions and tickets go on.
            assertThat(proxy.metric("gojinn_tls_handshakes_total", "listener", "web"))
                    .isEqualTo(2);
        }
    }

    private static SSLSocket connect(TestProxy proxy) throws IOException {
        InetSocketAddress address = proxy.server().address("web");
        SSLSocket socket = (SSLSocket) TestCertificate.trustingEverybody()
                .getSocketFactory()
                .createSocket(address.getAddress(), address.getPort());
        socket.startHandshake();
        return socket;
    }

    private static Object serial(SSLSocket socket) throws IOException {
        return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
    }

    @Test
    void opensAListenerAndLetsOneGo() throws Exception {
        try (TestProxy proxy =
                TestProxy.with().respond("/", "first").listener("second").start()) {
            InetSocketAddress second = proxy.server().address("second");
            try (RawClient client = RawClient.connect(second);
                    RawClient other = proxy.connect()) {
                assertThat(client.get("/").read().body()).isEqualTo("first");
                assertThat(other.get("/").read().body()).isEqualTo("first");
                proxy.reload(TestProxy.with().respond("/", "third").listener("third"));
                try (RawClient added = RawClient.connect(proxy.server().address("third"))) {
                    assertThat(added.get("/").read().body()).isEqualTo("third");
                }
                // Asked in time, a connection of a listener that leaves is answered by the last config that knew it.
                Response last = client.get("/").read();
                assertThat(last.body()).isEqualTo("first");
                assertThat(last.header("connection")).isEqualTo("close");
                assertThat(client.isClosedByPeer()).isTrue();
                assertThat(other.get("/").read().body()).isEqualTo("third");
            }
            assertThatThrownBy(() -> RawClient.connect(second)).hasCauseInstanceOf(ConnectException.class);
            await().until(() -> proxy.server().retired() == 0);
            assertThat(proxy.metrics.getSampleValue(
                            "gojinn_open_connections", new String[] {"listener"}, new String[] {"second"}))
                    .isNull();
        }
    }

    @Test
    void closesASilentConnectionOfAListenerThatLeaves() throws Exception {
        try (TestProxy proxy =
                        TestProxy.with().respond("/", "").listener("second").start();
                RawClient client = RawClient.connect(proxy.server().address("second"))) {
            client.get("/").read();
            proxy.reload(TestProxy.with().respond("/", ""));
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void keepsTheSocketOfAListenerThatGetsAnotherName() throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort());
        try (TestProxy proxy = named("old", address).start();
                RawClient client = RawClient.connect(address)) {
            assertThat(client.get("/").read().body()).isEqualTo("old");
            AtomicBoolean end = new AtomicBoolean();
            AtomicInteger answered = new AtomicInteger();
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<?> connecting = clients.submit(() -> connectAgainAndAgain(address, end, answered));
                for (int i = 0; i <= 10; i++) {
                    proxy.reload(named(i % 2 == 0 ? "new" : "old", address));
                    int enough = answered.get() + 5;
                    await().until(() -> answered.get() > enough || connecting.isDone());
                }
                end.set(true);
                connecting.get();
            }
            try (RawClient other = RawClient.connect(address)) {
                assertThat(other.get("/").read().body()).isEqualTo("new");
            }
        }
    }

    private static TestProxy.Builder named(String name, InetSocketAddress address) {
        return TestProxy.with()
                .name(name)
                .address(address)
                .route(
                        "of-" + name,
                        new RouteMatch(List.of(name), Optional.empty(), Optional.empty(), Set.of(), Map.of(), Map.of()),
                        new RouteAction.Respond(200, Map.of(), name));
    }

    private static void connectAgainAndAgain(InetSocketAddress address, AtomicBoolean end, AtomicInteger answered) {
        while (!end.get()) {
            try (RawClient client = RawClient.connect(address)) {
                assertThat(client.get("/").read().status()).isEqualTo(200);
                answered.incrementAndGet();
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    void refusesWithEveryProblemAndServesOn() throws Exception {
        AtomicInteger unused = new AtomicInteger();
        Path missing = folder.resolve("missing.pem");
        int free = freePort();
        try (RawUpstream upstream = RawUpstream.echoing();
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                TestProxy proxy = TestProxy.with().upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            client.get("/").read();
            TestProxy.Builder bad = TestProxy.with()
                    .name("free")
                    .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), free))
                    .listener("taken", (InetSocketAddress) taken.getLocalSocketAddress())
                    .listener("dark", new TlsConfig(List.of(new TlsConfig.Certificate(missing, missing))))
                    .respond("/", "bad");
            assertThatThrownBy(() -> proxy.reload(bad, unused::incrementAndGet))
                    .asInstanceOf(type(UnusableConfigException.class))
                    .extracting(UnusableConfigException::problems)
                    .asInstanceOf(list(String.class))
                    .satisfiesExactly(
                            problem -> assertThat(problem).startsWith("listener taken cannot bind"),
                            problem -> assertThat(problem)
                                    .startsWith("listener dark")
                                    .contains("missing.pem"));
            assertThat(client.get("/").read().body()).startsWith("GET / HTTP/1.1");
            assertThat(proxy.server().generation()).isEqualTo(1);
            assertThat(upstream.connections).hasValue(1);
            assertThatThrownBy(() -> RawClient.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), free)))
                    .hasCauseInstanceOf(ConnectException.class);
            // What was refused may be asked for again.
            proxy.reload(TestProxy.with().upstream(upstream.config()));
            assertThat(unused).hasValue(0);
        }
    }

    @Test
    void appliesLimitsToConnectionsThatCome() throws Exception {
        try (TestProxy proxy = TestProxy.with().respond("/", "").start();
                RawClient before = proxy.connect()) {
            before.get("/").read();
            proxy.reload(TestProxy.with()
                    .respond("/", "")
                    .limits(new ListenerLimits(10, 1 << 10, 2, Duration.ofSeconds(10), Duration.ofSeconds(60))));
            String many = "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n";
            assertThat(before.send(many).read().status()).isEqualTo(200);
            try (RawClient after = proxy.connect()) {
                assertThat(after.send(many).read().status()).isEqualTo(431);
            }
        }
    }

    @Test
    void movesTheOperatorsListener() throws Exception {
        try (TestProxy proxy = TestProxy.with().respond("/", "").start();
                HttpClient client = HttpClient.newHttpClient()) {
            assertThat(proxy.server().adminAddress()).isEmpty();
            proxy.reload(TestProxy.with().respond("/", "").admin());
            URI health = URI.create("http://127.0.0.1:"
                    + proxy.server().adminAddress().orElseThrow().getPort() + "/health");
            HttpRequest request = HttpRequest.newBuilder(health).build();
            assertThat(client.send(request, HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            proxy.reload(TestProxy.with().respond("/", ""));
            assertThat(proxy.server().adminAddress()).isEmpty();
            assertThatThrownBy(() -> client.send(request, HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(ConnectException.class);
        }
    }

    /** Clients that never pause while the config changes all the time; none may miss an answer. */
    @RepeatedTest(2)
    void losesNoRequestUnderLoad() throws Exception {
        AtomicInteger answered = new AtomicInteger();
        List<String> lost = new CopyOnWriteArrayList<>();
        AtomicBoolean end = new AtomicBoolean();
        try (RawUpstream one = RawUpstream.echoing();
                RawUpstream other = RawUpstream.echoing();
                TestProxy proxy = changing(0, one, other).start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                boolean keepAlive = i % 4 != 0;
                String path = i % 2 == 0 ? "/f" : "/u";
                running.add(clients.submit(() -> {
                    while (!end.get()) {
                        load(proxy, path, keepAlive, end, answered, lost);
                    }
                }));
            }
            for (int i = 1; i <= 20; i++) {
                int enough = answered.get() + 50;
                await().until(() -> answered.get() > enough || !lost.isEmpty());
                proxy.reload(changing(i, one, other));
            }
            end.set(true);
            for (Future<?> client : running) {
                client.get();
            }
            assertThat(lost).isEmpty();
            await().until(() -> proxy.server().retired() == 0);
        }
    }

    private static TestProxy.Builder changing(int round, RawUpstream one, RawUpstream other) {
        TestProxy.Builder config = TestProxy.with()
                .function("/f", FakeFunction.echo())
                .upstream((round / 2 % 2 == 0 ? one : other).config());
        return round % 3 == 0 ? config.listener("more").respond("/" + round, "") : config;
    }

    private static void load(
            TestProxy proxy,
            String path,
            boolean keepAlive,
            AtomicBoolean end,
            AtomicInteger answered,
            List<String> lost) {
        try (RawClient client = proxy.connect()) {
            boolean open = true;
            while (open && !end.get()) {
                client.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                        + (keepAlive ? "" : "Connection: close\r\n") + "\r\nbody");
                Response response = client.readIfAny(false);
                if (response == null || !response.whole() || response.status() != 200) {
                    lost.add(path + ": " + response);
                    return;
                }
                answered.incrementAndGet();
                open = response.header("connection") == null;
            }
        } catch (UncheckedIOException e) {
            lost.add(path + ": " + e);
        }
    }
}
