package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process whose config changes again and again, one edit of each kind after the other, told by SIGHUP, by an operator's call
 * and by the files alone, while clients never pause, WebSockets are open and downloads go on. Nobody notices, and nothing
 * piles up.
 *
 * <p>Twenty-four reloads; a hundred and eight of them, some two minutes:
 * {@code ./mvnw -B -pl config-examples -am verify -Dtest=ReloadUnderLoadTest -Dsurefire.failIfNoSpecifiedTests=false -Dgojinn.reloads=108}
 */
class ReloadUnderLoadTest {
    /** Ten and a multiple of what it takes until everything is as it was, so that what is compared serves the same module. */
    private static final int RELOADS = Integer.getInteger("gojinn.reloads", 10 + 2 * Edit.values().length);

    /** The engine goes on compiling. */
    private static final double HEAP_SLACK = 4 << 20;

    /** Background workers come and go. */
    private static final double THREAD_SLACK = 3;

    private static final int WEBSOCKETS = 20;
    private static final int DOWNLOADS = 5;
    private static final int CLIENTS = 6;
    private static final long LIMIT_SECONDS = 30;

    @TempDir
    private Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private final int port = Gojinn.freePort();
    private final int tlsPort = Gojinn.freePort();
    private final int extraPort = Gojinn.freePort();
    private final int adminPort = Gojinn.freePort();
    private final Gojinn.Served served = new Gojinn.Served(Path.of("unused"), port, tlsPort, adminPort);

    // What the config says now.
    private int addedRoutes;
    private boolean otherUpstream;
    private boolean otherModule;
    private boolean extraListener;

    /** What is changed; the next reload brings the next of them. */
    private enum Edit {
        ROUTE_ADDED,
        UPSTREAM_CHANGED,
        CERTIFICATE_REPLACED,
        MODULE_REPLACED,
        LISTENER_ADDED,
        BROKEN_FILE,
        LISTENER_REMOVED
    }

    /** What a process takes. */
    private record Taken(double heapBytes, double threads, double retired) {}

    @Test
    void nobodyNoticesAndNothingPilesUp() throws Exception {
        replaceCertificate();
        replaceModule();
        try (Backend one = new Backend("one");
                Backend other = new Backend("other");
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            write(config(one, other));
            try (Gojinn gojinn = Gojinn.serve(folder.resolve("proxy.toml"))) {
                AtomicBoolean stopping = new AtomicBoolean();
                LongAdder answered = new LongAdder();
                List<String> lost = new CopyOnWriteArrayList<>();
                List<EchoSocket> sockets = new ArrayList<>();
                for (int i = 0; i < WEBSOCKETS; i++) {
                    sockets.add(new EchoSocket(http, URI.create("ws://127.0.0.1:" + port + "/socket")));
                }
                List<Future<Long>> downloads = new ArrayList<>();
                for (int i = 0; i < DOWNLOADS; i++) {
                    downloads.add(threads.submit(this::download));
                }
                List<Future<?>> clients = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    String path = i % 3 == 0 ? "/greet?name=Ada" : "/app";
                    clients.add(threads.submit(() -> KeepAliveClient.run(port, path, stopping, answered, lost)));
                }
                Taken early = taken(gojinn);
                for (int reload = 1; reload <= RELOADS; reload++) {
                    Edit edit = Edit.values()[reload % Edit.values().length];
                    long answeredBefore = answered.sum();
                    apply(edit, reload, gojinn, one, other);
                    verify(edit);
                    for (EchoSocket socket : sockets) {
                        socket.exchange("after " + reload);
                    }
                    assertThat(downloads).noneMatch(Future::isDone);
                    assertThat(lost).isEmpty();
                    waitFor(() -> answered.sum() > answeredBefore);
                    if (reload == 10) {
                        early = taken(gojinn);
                    }
                }
                double allowedBytes = early.heapBytes() * 1.1 + HEAP_SLACK;
                Taken late = takenWithin(allowedBytes, gojinn);
                report(answered.sum(), early, late);
                assertThat(late.threads()).isCloseTo(early.threads(), within(THREAD_SLACK));
                assertThat(late.heapBytes()).as(gojinn::liveObjects).isLessThan(allowedBytes);
                // The first config, of the WebSockets and downloads.
                assertThat(late.retired()).isEqualTo(1);
                one.endDownloads();
                long downloaded = 0;
                for (Future<Long> download : downloads) {
                    downloaded += download.get(LIMIT_SECONDS, TimeUnit.SECONDS);
                }
                assertThat(downloaded).isEqualTo(one.downloadedBytes.get());
                for (EchoSocket socket : sockets) {
                    socket.exchange("at the end");
                    socket.close();
                }
                waitFor(() -> metric("gojinn_config_retired") == 0);
                stopping.set(true);
                gojinn.terminate();
                for (Future<?> client : clients) {
                    client.get(LIMIT_SECONDS, TimeUnit.SECONDS);
                }
                assertThat(lost).isEmpty();
                assertThat(gojinn.log()).noneMatch(line -> line.contains("\"level\":\"ERROR\""));
            }
        }
    }

    @SuppressWarnings("SystemOut") // the figures of the long run
    private static void report(long answered, Taken early, Taken late) {
        System.out.printf(
                "%d reloads, %d requests answered; heap %.1f MiB after the tenth, %.1f MiB after the last;"
                        + " threads %.0f and %.0f%n",
                RELOADS,
                answered,
                early.heapBytes() / (1 << 20),
                late.heapBytes() / (1 << 20),
                early.threads(),
                late.threads());
    }

    private void apply(Edit edit, int reload, Gojinn gojinn, Backend one, Backend other) throws Exception {
        double applied = metric("gojinn_config_reloads_total{outcome=\"applied\",}");
        double refused = metric("gojinn_config_reloads_total{outcome=\"refused\",}");
        switch (edit) {
            case ROUTE_ADDED -> addedRoutes++;
            case UPSTREAM_CHANGED -> otherUpstream = !otherUpstream;
            case CERTIFICATE_REPLACED -> replaceCertificate();
            case MODULE_REPLACED -> {
                otherModule = !otherModule;
                replaceModule();
            }
            case LISTENER_ADDED -> extraListener = true;
            case LISTENER_REMOVED -> extraListener = false;
            case BROKEN_FILE -> {}
        }
        write(edit == Edit.BROKEN_FILE ? config(one, other) + "[[route]]\nnmae = \"x\"\n" : config(one, other));
        switch (reload % 3) {
            case 0 -> gojinn.signal("HUP");
            case 1 -> {
                HttpResponse<String> answer = Gojinn.post(URI.create("http://127.0.0.1:" + adminPort + "/reload"), "");
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(edit == Edit.BROKEN_FILE ? 422 : 200);
            }
            default -> {
                // The files tell it.
            }
        }
        if (edit == Edit.BROKEN_FILE) {
            waitFor(() -> metric("gojinn_config_reloads_total{outcome=\"refused\",}") > refused);
            assertThat(metric("gojinn_config_last_reload_good")).isZero();
        } else {
            waitFor(() -> metric("gojinn_config_reloads_total{outcome=\"applied\",}") > applied);
            assertThat(metric("gojinn_config_last_reload_good")).isEqualTo(1);
        }
    }

    /** What was changed is served. */
    private void verify(Edit edit) throws Exception {
        switch (edit) {
            case ROUTE_ADDED ->
                assertThat(Gojinn.get(served.uri("/added/" + addedRoutes)).body())
                        .isEqualTo("route " + addedRoutes);
            case UPSTREAM_CHANGED ->
                assertThat(Gojinn.get(served.uri("/app")).body()).isEqualTo(otherUpstream ? "other" : "one");
            case CERTIFICATE_REPLACED ->
                assertThat(shownCertificate()).isEqualTo(Files.readString(folder.resolve("serial")));
            case MODULE_REPLACED ->
                assertThat(Gojinn.get(served.uri("/greet?name=Ada")).body().contains("Hello, Ada!"))
                        .isEqualTo(!otherModule);
            case LISTENER_ADDED ->
                assertThat(Gojinn.get(URI.create("http://127.0.0.1:" + extraPort + "/app"))
                                .statusCode())
                        .isEqualTo(200);
            case LISTENER_REMOVED -> waitFor(() -> isRefused(extraPort));
            case BROKEN_FILE ->
                assertThat(Gojinn.get(served.uri("/app")).statusCode()).isEqualTo(200);
        }
    }

    private static boolean isRefused(int port) {
        try (Socket accepted = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return !accepted.isConnected();
        } catch (IOException refused) {
            return true;
        }
    }

    private String config(Backend one, Backend other) {
        StringBuilder config =
                new StringBuilder("""
                [reload]
                interval = "200ms"
                [admin]
                address = "127.0.0.1:%d"
                [[listener]]
                name = "web"
                address = "127.0.0.1:%d"
                [[listener]]
                name = "secure"
                address = "127.0.0.1:%d"
                tls.certificates = [{ certificate = "site.pem", key = "site.key" }]
                [[upstream]]
                name = "app"
                targets = ["%s"]
                upgrades = ["websocket"]
                [[function]]
                name = "greet"
                module = "f.wasm"
                # Long: what is not compiled yet is slow, the more so on a busy machine.
                timeout = "20s"
                [[route]]
                name = "greet"
                match.path = "/greet"
                function = "greet"
                [[route]]
                name = "app"
                upstream = "app"
                """.formatted(adminPort, port, tlsPort, (otherUpstream ? other : one).url()));
        for (int i = 1; i <= addedRoutes; i++) {
            config.append("""
                    [[route]]
                    name = "added-%d"
                    match.path = "/added/%d"
                    respond.body = "route %d"
                    """.formatted(i, i, i));
        }
        if (extraListener) {
            config.append("""
                    [[listener]]
                    name = "extra"
                    address = "127.0.0.1:%d"
                    """.formatted(extraPort));
        }
        return config.toString();
    }

    // As an editor does.
    private void write(String config) throws IOException {
        Path written = Files.writeString(folder.resolve("proxy.toml.new"), config);
        Files.move(written, folder.resolve("proxy.toml"), StandardCopyOption.ATOMIC_MOVE);
    }

    private void replaceModule() throws IOException {
        Path functions = Path.of(System.getProperty("gojinn.root"), "config-examples", "functions");
        Path copied = Files.copy(
                functions.resolve(otherModule ? "hello.wasm" : "greet.wasm"),
                folder.resolve("f.wasm.new"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.move(copied, folder.resolve("f.wasm"), StandardCopyOption.ATOMIC_MOVE);
    }

    private void replaceCertificate() throws Exception {
        X509Bundle bundle = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        Files.writeString(folder.resolve("site.pem.new"), bundle.getCertificatePathPEM());
        Files.writeString(folder.resolve("site.key.new"), bundle.getPrivateKeyPEM());
        Files.writeString(
                folder.resolve("serial"),
                bundle.getCertificate().getSerialNumber().toString());
        Files.move(folder.resolve("site.key.new"), folder.resolve("site.key"), StandardCopyOption.ATOMIC_MOVE);
        Files.move(folder.resolve("site.pem.new"), folder.resolve("site.pem"), StandardCopyOption.ATOMIC_MOVE);
    }

    private String shownCertificate() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustEverybody()}, null);
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), tlsPort)) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSerialNumber()
                    .toString();
        }
    }

    private static final class TrustEverybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private long download() throws IOException, InterruptedException {
        HttpResponse<InputStream> response = http.send(
                HttpRequest.newBuilder(served.uri("/download")).build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            byte[] piece = new byte[16 << 10];
            long bytes = 0;
            for (int read = body.read(piece); read >= 0; read = body.read(piece)) {
                bytes += read;
            }
            return bytes;
        }
    }

    /** A WebSocket whose server sends back what it gets. */
    private static final class EchoSocket implements WebSocket.Listener {
        private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
        private final WebSocket socket;

        EchoSocket(HttpClient client, URI uri) {
            socket = client.newWebSocketBuilder().buildAsync(uri, this).join();
        }

        void exchange(String text) throws InterruptedException {
            socket.sendText(text, true).join();
            assertThat(received.poll(LIMIT_SECONDS, TimeUnit.SECONDS)).isEqualTo(text);
        }

        void close() {
            socket.abort();
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            received.add(data.toString());
            webSocket.request(1);
            return null;
        }
    }

    private Taken taken(Gojinn gojinn) throws Exception {
        // What began with the config before last may still be about to end.
        waitFor(() -> metric("gojinn_config_retired") <= 1);
        return new Taken(settledBytes(gojinn), metric("jvm_threads_current"), metric("gojinn_config_retired"));
    }

    /**
     * What is left as soon as it is no more than that; after three minutes, what there is. On a busy machine single readings
     * count a replaced module of 6 MiB that the next does not find; why is not known. What piles up is found by all of them.
     */
    private Taken takenWithin(double allowedBytes, Gojinn gojinn) throws Exception {
        long deadlineNanos = System.nanoTime() + Duration.ofMinutes(3).toNanos();
        Taken taken = taken(gojinn);
        while (taken.heapBytes() >= allowedBytes && System.nanoTime() - deadlineNanos < 0) {
            taken = taken(gojinn);
        }
        return taken;
    }

    /**
     * The engine lets go of what has been collected within a second, and the collector of that the next time; a compilation
     * under way holds what it compiles.
     */
    private static long settledBytes(Gojinn gojinn) throws Exception {
        long least = gojinn.liveBytes();
        for (int same = 0; same < 3; same++) {
            TimeUnit.MILLISECONDS.sleep(1_500);
            long now = gojinn.liveBytes();
            if (now < least - (256 << 10)) {
                least = now;
                same = -1;
            }
        }
        return least;
    }

    private double metric(String series) throws Exception {
        return served.metric(series);
    }

    /** A condition that may fail to be looked at. */
    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void waitFor(Condition condition) throws Exception {
        long deadlineNanos =
                System.nanoTime() + Duration.ofSeconds(LIMIT_SECONDS).toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new AssertionError("did not come to hold");
            }
            Thread.sleep(20);
        }
    }
}
