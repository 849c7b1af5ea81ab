package io.gojinn.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Requests to a port of loopback, and what became of each.
 *
 * <p>One thread serves all connections: an answer is late when it comes late, not when one of many threads gets its turn late. The
 * clock is read before a request is written and after the selector has told of its answer.
 */
final class Load implements AutoCloseable {
    private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)\r\n");

    private final Selector selector = Selector.open();
    private final ArrayDeque<Connection> idle = new ArrayDeque<>();
    private final List<Connection> connections = new ArrayList<>();
    private final List<Answer> answers = new ArrayList<>();
    private final ByteBuffer request;
    private final double intervalNanos;
    private final long durationNanos;
    private final long startNanos = System.nanoTime();
    private long sent;

    private Load(int port, String path, int connections, Duration duration, double perSecond) throws IOException {
        this.request = StandardCharsets.US_ASCII.encode("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        this.intervalNanos = 1e9 / perSecond;
        this.durationNanos = duration.toNanos();
        for (int i = 0; i < connections; i++) {
            Connection connection = new Connection(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            this.connections.add(connection);
            idle.add(connection);
        }
    }

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
    static Outcome closed(int port, int connections, Duration duration) throws IOException {
        return run(port, "/", connections, duration, Double.POSITIVE_INFINITY);
    }

    /**
     * So many requests a second, whatever becomes of those before.
     *
     * @param connections enough for as many as are open at once
     */
    static Outcome open(int port, String path, double perSecond, int connections, Duration duration)
            throws IOException {
        return run(port, path, connections, duration, perSecond);
    }

    private static Outcome run(int port, String path, int connections, Duration duration, double perSecond)
            throws IOException {
        try (Load load = new Load(port, path, connections, duration, perSecond)) {
            load.run();
            return new Outcome(load.answers, duration.toNanos() / 1e9);
        }
    }

    private void run() throws IOException {
        long lastNanos = System.nanoTime();
        while (true) {
            long nowNanos = System.nanoTime();
            boolean over = nowNanos - startNanos >= durationNanos;
            if (over && idle.size() == connections.size()) {
                return;
            }
            while (!over && !idle.isEmpty() && dueNanos() <= System.nanoTime() - startNanos) {
                sent++;
                idle.remove().send();
            }
            // A selector knows no less than a millisecond.
            long waitNanos = over || idle.isEmpty() ? PATIENCE_NANOS : dueNanos() - (System.nanoTime() - startNanos);
            int ready =
                    selector.select(key -> receive((Connection) key.attachment()), Math.max(1, waitNanos / 1_000_000));
            if (ready > 0 || idle.size() == connections.size()) {
                lastNanos = nowNanos;
            } else if (nowNanos - lastNanos > PATIENCE_NANOS) {
                throw new IOException("no answer for " + PATIENCE_NANOS / 1e9 + " s");
            }
        }
    }

    private long dueNanos() {
        return (long) (sent * intervalNanos);
    }

    private void receive(Connection connection) {
        try {
            if (connection.receive()) {
                idle.add(connection);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : connections) {
            connection.channel.close();
        }
        selector.close();
    }

    /** One request at a time, with answers that have a Content-Length and fit the buffer. */
    private final class Connection {
        private final SocketChannel channel;
        private final ByteBuffer received = ByteBuffer.allocate(8 << 10);
        private long sentNanos;

        Connection(InetSocketAddress address) throws IOException {
            this.channel = SocketChannel.open(address);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        void send() throws IOException {
            sentNanos = System.nanoTime();
            if (channel.write(request.duplicate()) < request.remaining()) {
                throw new IOException("a request did not fit the socket");
            }
        }

        /** Whether all of the answer has come. */
        boolean receive() throws IOException {
            long nowNanos = System.nanoTime();
            if (channel.read(received) < 0 || !received.hasRemaining()) {
                throw new IOException("closed, or an answer that is too long");
            }
            String text = new String(received.array(), 0, received.position(), StandardCharsets.ISO_8859_1);
            int head = text.indexOf("\r\n\r\n");
            if (head < 0) {
                return false;
            }
            Matcher length = LENGTH.matcher(text);
            if (!length.find()) {
                throw new IOException("without a length: " + text);
            }
            if (text.length() < head + 4 + Integer.parseInt(length.group(1))) {
                return false;
            }
            received.clear();
            answers.add(new Answer(Integer.parseInt(text, 9, 12, 10), sentNanos - startNanos, nowNanos - sentNanos));
            return true;
        }
    }
}
