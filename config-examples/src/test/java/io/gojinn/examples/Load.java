package io.gojinn.examples;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/** Requests to a port of loopback, and what became of each. */
final class Load {
    private Load() {}

    /** An answer: when it was asked for, since the load began, and how long it took. */
    record Answer(int status, long sentNanos, long nanos) {}

    /** What a load was answered. */
    record Outcome(List<Answer> answers, double seconds) {
        Outcome where(IntPredicate status) {
            return new Outcome(
                    answers.stream()
                            .filter(answer -> status.test(answer.status()))
                            .toList(),
                    seconds);
        }

        /** Those that were asked for after so long. */
        Outcome after(double beginSeconds) {
            return new Outcome(
                    answers.stream()
                            .filter(answer -> answer.sentNanos() >= beginSeconds * 1e9)
                            .toList(),
                    seconds - beginSeconds);
        }

        double perSecond() {
            return answers.size() / seconds;
        }

        double millis(double percentile) {
            long[] sorted = answers.stream().mapToLong(Answer::nanos).sorted().toArray();
            return sorted.length == 0
                    ? 0
                    : sorted[(int) Math.min(sorted.length - 1, sorted.length * percentile / 100)] / 1e6;
        }
    }

    /** One request after the other on each of so many connections. */
    static Outcome closed(int port, int connections, Duration duration) throws Exception {
        return run(port, "/", connections, duration, Double.POSITIVE_INFINITY);
    }

    /**
     * So many requests a second, whatever becomes of those before.
     *
     * @param connections enough for as many as are open at once
     */
    static Outcome open(int port, String path, double perSecond, int connections, Duration duration) throws Exception {
        return run(port, path, connections, duration, perSecond);
    }

    private static Outcome run(int port, String path, int connections, Duration duration, double perSecond)
            throws Exception {
        long startNanos = System.nanoTime();
        AtomicLong tickets = new AtomicLong();
        List<Answer> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Answer>>> clients = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                clients.add(threads.submit(
                        () -> client(port, path, tickets, startNanos, duration.toNanos(), 1e9 / perSecond)));
            }
            for (Future<List<Answer>> client : clients) {
                answers.addAll(client.get());
            }
        }
        return new Outcome(answers, duration.toNanos() / 1e9);
    }

    private static List<Answer> client(
            int port, String path, AtomicLong tickets, long startNanos, long durationNanos, double intervalNanos)
            throws IOException {
        List<Answer> answers = new ArrayList<>();
        byte[] request = ("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(30_000);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (true) {
                long dueNanos = startNanos + (long) (tickets.getAndIncrement() * intervalNanos);
                for (long wait = dueNanos - System.nanoTime(); wait > 0; wait = dueNanos - System.nanoTime()) {
                    LockSupport.parkNanos(wait);
                }
                long sentNanos = System.nanoTime();
                if (sentNanos - startNanos >= durationNanos) {
                    return answers;
                }
                socket.getOutputStream().write(request);
                int status = status(in);
                answers.add(new Answer(status, sentNanos - startNanos, System.nanoTime() - sentNanos));
            }
        }
    }

    /** Reads a response with Content-Length; returns its status. */
    private static int status(InputStream in) throws IOException {
        int status = Integer.parseInt(line(in).substring(9, 12));
        int length = 0;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(line.substring(15).strip());
            }
        }
        in.skipNBytes(length);
        return status;
    }

    private static String line(InputStream in) throws IOException {
        byte[] line = new byte[1 << 10];
        int length = 0;
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0 || length == line.length) {
                throw new IOException("closed, or a line without an end");
            }
            if (next != '\r') {
                line[length++] = (byte) next;
            }
        }
        return new String(Arrays.copyOf(line, length), StandardCharsets.ISO_8859_1);
    }
}
