package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line a request, a JSON object, in blocks of whole lines: filled on event loops by {@link AccessLogLines}, written by one
 * thread. Thread-safe.
 *
 * <p>There is a fixed number of blocks, 4 MiB together, and no event loop waits for one: while whoever reads the log is too
 * slow to give a block back, lines are dropped and counted.
 */
public final class AccessLog implements AutoCloseable {
    static final int BLOCK_BYTES = 64 << 10;
    static final int BLOCKS = 64;
    private static final int CLOSE_MILLIS = 2_000;
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    private final OutputStream output;
    private final Metrics metrics;
    // The last one back is the first one taken: its bytes are in a cache.
    private final ArrayDeque<byte[]> free = new ArrayDeque<>(BLOCKS);
    // Room for every block and the end.
    private final BlockingQueue<Filled> filled = new ArrayBlockingQueue<>(BLOCKS + 1);
    private final Thread writer = new Thread(this::run, "gojinn-access-log");

    /** A block with lines; without any it is the end. */
    private static final class Filled {
        final byte[] block;
        final int length;
        final int lines;

        Filled(byte[] block, int length, int lines) {
            this.block = block;
            this.length = length;
            this.lines = lines;
        }
    }

    /**
     * What is told of a request.
     *
     * @param protocol {@code HTTP/1.0}, {@code HTTP/1.1} or {@code HTTP/2}, {@code -} when it cannot be told
     * @param fuel what its function used; negative when none ran
     * @param clientCertificate the fingerprint of the one that the client showed
     */
    public record Entry(
            String method,
            String path,
            String host,
            String protocol,
            int status,
            long requestBytes,
            long responseBytes,
            long durationNanos,
            String route,
            String listener,
            String client,
            TraceContext trace,
            @Nullable Failure failure,
            @Nullable String upstreamTarget,
            long fuel,
            @Nullable String clientCertificate) {}

    /**
     * Starts to write.
     *
     * @param output stays open; whole lines are written at once, so that others may write lines to it as well
     */
    public AccessLog(OutputStream output, Metrics metrics) {
        this.output = output;
        this.metrics = metrics;
        for (int i = 0; i < BLOCKS; i++) {
            free.add(new byte[BLOCK_BYTES]);
        }
        writer.setDaemon(true);
        writer.start();
    }

    /** Takes a block to fill, or null when all of them wait to be written. */
    byte @Nullable [] take() {
        synchronized (free) {
            return free.pollFirst();
        }
    }

    /** Hands over a block that was taken. */
    void write(byte[] block, int length, int lines) {
        filled.add(new Filled(block, length, lines));
    }

    void dropped(int lines) {
        metrics.accessLogDropped(lines);
    }

    /** Writes what was handed over and stops; gives up when that takes longer than two seconds. */
    @Override
    public void close() {
        filled.add(new Filled(new byte[0], 0, 0));
        try {
            writer.join(CLOSE_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            for (Filled next = filled.take(); next.lines > 0; next = filled.take()) {
                write(next);
                synchronized (free) {
                    free.addFirst(next.block);
                }
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Filled filled) {
        try {
            output.write(filled.block, 0, filled.length);
            output.flush();
        } catch (IOException lost) {
            dropped(filled.lines);
            LOG.debug("lines of the access log are lost", lost);
        }
    }
}
