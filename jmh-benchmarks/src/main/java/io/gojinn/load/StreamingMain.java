package io.gojinn.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Slow downloads and uploads through the proxy beside fast traffic: prints what memory the proxy takes at most, and how fast the
 * others are with and without the slow ones. Leak detection is paranoid. Needs the distribution.
 *
 * <p>{@code bin/build && jmh-benchmarks/run -main io.gojinn.load.StreamingMain [seconds] [GiB of fast traffic]}
 */
public final class StreamingMain {
    private static final int SLOW_EACH_WAY = 100;
    private static final int FAST = 4;
    private static final int SLOW_BYTES_PER_SECOND = 64 << 10;
    private static final int FAST_BYTES = 16 << 20;
    private static final int STEPS_PER_SECOND = 8;
    private static final byte[] BLOCK = new byte[64 << 10];

    private final int seconds;
    private final long fastBytes;
    private final AtomicLong fastRead = new AtomicLong();
    private final AtomicLong slowRead = new AtomicLong();
    private final AtomicLong slowWritten = new AtomicLong();
    private volatile boolean slowStops;
    private volatile boolean fastStops;

    private StreamingMain(int seconds, long fastBytes) {
        this.seconds = seconds;
        this.fastBytes = fastBytes;
    }

    /** Runs once. */
    public static void main(String... arguments) throws Exception {
        int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 120;
        double gibibytes = arguments.length > 1 ? Double.parseDouble(arguments[1]) : 10;
        new StreamingMain(seconds, (long) (gibibytes * (1 << 30))).run();
    }

    @SuppressWarnings("SystemOut") // what it is for
    private void run() throws Exception {
        int port = Distribution.freePort();
        // Closed from the last to the first: what accepts ends with its socket.
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                ServerSocket upstream = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
                Distribution proxy = Distribution.start(
                        Files.createTempDirectory("gojinn-streaming"),
                        """
                        [[listener]]
                        name = "clear"
                        address = "127.0.0.1:%d"
                        [[upstream]]
                        name = "app"
                        targets = ["http://127.0.0.1:%d"]
                        response_timeout = "1h"
                        [[route]]
                        name = "any"
                        upstream = "app"
                        """.formatted(port, upstream.getLocalPort()),
                        "-Xmx256m -Dio.netty.leakDetection.level=paranoid")) {
            threads.execute(() -> accept(upstream, threads));
            List<Future<?>> fast = new ArrayList<>();
            for (int i = 0; i < FAST; i++) {
                fast.add(threads.submit(() -> fast(port)));
            }
            // Until what is compiled at run time is.
            Thread.sleep(seconds * 1000L / 6);
            Peak alone = phase(proxy, seconds / 4.0, 0);
            List<Future<?>> slow = new ArrayList<>();
            for (int i = 0; i < SLOW_EACH_WAY; i++) {
                slow.add(threads.submit(() -> slowDownload(port)));
                slow.add(threads.submit(() -> slowUpload(port)));
            }
            Thread.sleep(seconds * 1000L / 60);
            Peak both = phase(proxy, seconds, fastBytes);
            slowStops = true;
            for (Future<?> each : slow) {
                each.get();
            }
            Peak after = phase(proxy, seconds / 4.0, 0);
            fastStops = true;
            for (Future<?> each : fast) {
                each.get();
            }
            print("alone before", alone);
            print("beside " + 2 * SLOW_EACH_WAY + " slow", both);
            print("alone after", after);
            System.out.printf(
                    "ratio %.2f to the mean of alone; slow ones: %,d MiB down, %,d MiB up; leaks reported: %d%n",
                    both.mibPerSecond() / ((alone.mibPerSecond() + after.mibPerSecond()) / 2),
                    slowRead.get() >> 20,
                    slowWritten.get() >> 20,
                    proxy.logged("LEAK:"));
        }
    }

    /** The most that was taken, in MiB, and how fast the fast traffic was. */
    private record Peak(double heap, double direct, double resident, double mibPerSecond, double gib) {}

    @SuppressWarnings("SystemOut")
    private static void print(String phase, Peak peak) {
        System.out.printf(
                "%-16s heap %4.0f MiB, direct %4.0f MiB, resident %4.0f MiB at most; fast traffic %,6.0f MiB/s, %.1f GiB%n",
                phase, peak.heap(), peak.direct(), peak.resident(), peak.mibPerSecond(), peak.gib());
    }

    private Peak phase(Distribution proxy, double atLeastSeconds, long atLeastBytes) throws Exception {
        long startNanos = System.nanoTime();
        long startBytes = fastRead.get();
        double heap = 0;
        double direct = 0;
        double resident = 0;
        while (System.nanoTime() - startNanos < atLeastSeconds * 1e9 || fastRead.get() - startBytes < atLeastBytes) {
            Distribution.Memory memory = proxy.memory();
            heap = Math.max(heap, memory.heap());
            direct = Math.max(direct, memory.direct());
            resident = Math.max(resident, memory.resident());
            Thread.sleep(200);
        }
        double mebibytes = (fastRead.get() - startBytes) / (double) (1 << 20);
        return new Peak(heap, direct, resident, mebibytes / ((System.nanoTime() - startNanos) / 1e9), mebibytes / 1024);
    }

    // The clients.

    private @Nullable Void fast(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            byte[] buffer = new byte[64 << 10];
            while (!fastStops) {
                send(socket, "GET /" + FAST_BYTES + " HTTP/1.1\r\nHost: h\r\n\r\n");
                head(socket.getInputStream());
                for (long left = FAST_BYTES; left > 0; ) {
                    int read = socket.getInputStream().read(buffer, 0, (int) Math.min(left, buffer.length));
                    if (read < 0) {
                        throw new IOException("a download was cut off");
                    }
                    left -= read;
                    fastRead.addAndGet(read);
                }
            }
        }
        return null;
    }

    private @Nullable Void slowDownload(int port) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            send(socket, "GET /" + Long.MAX_VALUE / 2 + " HTTP/1.1\r\nHost: h\r\n\r\n");
            head(socket.getInputStream());
            while (!slowStops) {
                slowRead.addAndGet(socket.getInputStream().readNBytes(SLOW_BYTES_PER_SECOND / STEPS_PER_SECOND).length);
                Thread.sleep(1000 / STEPS_PER_SECOND);
            }
        }
        return null;
    }

    private @Nullable Void slowUpload(int port) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(30_000);
            send(socket, "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: " + Long.MAX_VALUE / 2 + "\r\n\r\n");
            while (!slowStops) {
                socket.getOutputStream().write(BLOCK);
            }
        }
        return null;
    }

    // The upstream.

    private void accept(ServerSocket upstream, ExecutorService threads) {
        try {
            while (true) {
                Socket socket = upstream.accept();
                threads.execute(() -> serve(socket));
            }
        } catch (IOException closed) {
            // The run is over.
        }
    }

    private void serve(Socket accepted) {
        try (Socket socket = accepted) {
            for (String head = head(socket.getInputStream()); !head.isEmpty(); head = head(socket.getInputStream())) {
                if (head.startsWith("POST")) {
                    while (!slowStops) {
                        int read = socket.getInputStream().readNBytes(SLOW_BYTES_PER_SECOND / STEPS_PER_SECOND).length;
                        slowWritten.addAndGet(read);
                        Thread.sleep(1000 / STEPS_PER_SECOND);
                    }
                    return;
                }
                long length = Long.parseLong(head.substring(5, head.indexOf(' ', 5)));
                send(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
                OutputStream out = socket.getOutputStream();
                for (long left = length; left > 0; left -= BLOCK.length) {
                    out.write(BLOCK, 0, (int) Math.min(left, BLOCK.length));
                }
            }
        } catch (IOException closed) {
            // A slow download has ended, or the run.
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int c = in.read();
            if (c < 0) {
                return "";
            }
            head.append((char) c);
        }
        return head.toString();
    }
}
