package io.gojinn.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What a limit of rate costs when every request is counted on one key, and what memory a million keys take. Rounds with and
 * without the limit take turns; the ratio of a round is to the one before it. Needs the distribution and {@code wrk}.
 *
 * <p>{@code bin/build && jmh-benchmarks/run -main io.gojinn.load.LimiterMain [rounds [seconds]]}
 */
public final class LimiterMain {
    private static final int KEYS = 1_000_000;
    private static final int CLIENTS = 8;
    private static final int PIPELINED = 50;

    private static final int WARMUP_SECONDS = 25;

    private final Distribution proxy;
    private final int port;

    private LimiterMain(Distribution proxy, int port) {
        this.proxy = proxy;
        this.port = port;
    }

    /** Runs once. */
    public static void main(String... arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 6;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        int port = Distribution.freePort();
        int upstream = Distribution.freePort();
        Path folder = Files.createTempDirectory("gojinn-limiter");
        try (Distribution proxy = Distribution.start(folder, """
                [[listener]]
                name = "web"
                address = "127.0.0.1:%d"
                [[listener]]
                name = "app"
                address = "127.0.0.1:%d"
                [[upstream]]
                name = "app"
                targets = ["http://127.0.0.1:%d"]
                [[middleware]]
                name = "hot"
                rate = { requests = 1_000_000 }
                [[middleware]]
                name = "keys"
                rate = { requests = 10, per = "1h", by = "header:X-Key" }
                [[route]]
                name = "plain"
                match = { listener = "web", path = "/plain" }
                upstream = "app"
                [[route]]
                name = "hot"
                match = { listener = "web", path = "/hot" }
                middleware = ["hot"]
                upstream = "app"
                [[route]]
                name = "plain-reply"
                match = { listener = "web", path = "/plain-reply" }
                respond = { body = "ok" }
                [[route]]
                name = "hot-reply"
                match = { listener = "web", path = "/hot-reply" }
                middleware = ["hot"]
                respond = { body = "ok" }
                [[route]]
                name = "keys"
                match = { listener = "web", path = "/keys" }
                middleware = ["keys"]
                respond = { body = "ok" }
                [[route]]
                name = "app"
                match = { listener = "app" }
                respond = { body = "ok" }
                """.formatted(port, upstream, upstream), "-Xmx512m")) {
            LimiterMain main = new LimiterMain(proxy, port);
            main.cost("forwarded", "/plain", "/hot", rounds, seconds);
            main.cost("fixed reply", "/plain-reply", "/hot-reply", rounds, seconds);
            main.memory();
        }
    }

    @SuppressWarnings("SystemOut") // what it is for
    private void cost(String what, String plain, String limited, int rounds, int seconds) throws Exception {
        round(plain, WARMUP_SECONDS);
        round(limited, WARMUP_SECONDS);
        double[] requests = new double[rounds];
        double[] time = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            Wrk.Round without = round(plain, seconds);
            Wrk.Round with = round(limited, seconds);
            requests[i] = with.perSecond() / without.perSecond();
            time[i] = with.microsARequest() / without.microsARequest();
            System.out.printf(
                    "%s: without %,8.0f a second, %5.1f us of processor each; with a hot limit %,8.0f, %5.1f us%n",
                    what, without.perSecond(), without.microsARequest(), with.perSecond(), with.microsARequest());
        }
        System.out.printf(
                "%s: median ratio of requests a second %.3f, of processor time %.3f%n",
                what, Wrk.median(requests), Wrk.median(time));
    }

    private Wrk.Round round(String path, int seconds) throws Exception {
        return Wrk.round(proxy, "http://127.0.0.1:" + port + path, seconds, List.of());
    }

    @SuppressWarnings("SystemOut")
    private void memory() throws Exception {
        send(0, KEYS / 10);
        Distribution.Memory before = proxy.collected();
        long startNanos = System.nanoTime();
        send(KEYS / 10, KEYS);
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        Distribution.Memory after = proxy.collected();
        System.out.printf(
                "%,d keys in %.0f s: heap %.1f MiB after the first tenth, %.1f after the last; resident %.0f and %.0f%n",
                KEYS, seconds, before.heap(), after.heap(), before.resident(), after.resident());
    }

    private void send(int from, int to) throws Exception {
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            List<Future<Integer>> running = new ArrayList<>();
            int share = (to - from) / CLIENTS;
            for (int i = 0; i < CLIENTS; i++) {
                int first = from + i * share;
                Callable<Integer> client = () -> send(first, first + share, port);
                running.add(clients.submit(client));
            }
            for (Future<Integer> each : running) {
                if (each.get() != share) {
                    throw new IllegalStateException("a request was not answered with 200");
                }
            }
        }
    }

    private static int send(int from, int to, int port) throws IOException {
        int good = 0;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(30_000);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (int key = from; key < to; key += PIPELINED) {
                int end = Math.min(to, key + PIPELINED);
                StringBuilder requests = new StringBuilder();
                for (int i = key; i < end; i++) {
                    requests.append("GET /keys HTTP/1.1\r\nHost: h\r\nX-Key: ")
                            .append(i)
                            .append("\r\n\r\n");
                }
                socket.getOutputStream().write(requests.toString().getBytes(StandardCharsets.US_ASCII));
                for (int i = key; i < end; i++) {
                    good += answered(in) ? 1 : 0;
                }
            }
        }
        return good;
    }

    private static boolean answered(InputStream in) throws IOException {
        String status = line(in);
        for (String field = line(in); !field.isEmpty(); field = line(in)) {
            // of no interest
        }
        // The body, which is two bytes in every answer of 200.
        in.skipNBytes(2);
        return status.startsWith("HTTP/1.1 200");
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("closed");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
