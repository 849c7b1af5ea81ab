package io.gojinn.proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Listens on a Unix domain socket, and carries each connection to a server on a port, with the end of each direction. */
final class UnixRelay implements AutoCloseable {
    private final Path path;
    private final ServerSocketChannel server;
    private final Queue<SocketChannel> open = new ConcurrentLinkedQueue<>();
    final AtomicInteger connections = new AtomicInteger();

    UnixRelay(Path path, InetSocketAddress to) {
        this.path = path;
        try {
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    SocketChannel client = server.accept();
                    open.add(client);
                    connections.incrementAndGet();
                    SocketChannel target = SocketChannel.open(to);
                    open.add(target);
                    Thread.ofVirtual().start(() -> copy(client, target));
                    Thread.ofVirtual().start(() -> copy(target, client));
                }
            } catch (IOException closed) {
                // the test is over
            }
        });
    }

    private static void copy(SocketChannel from, SocketChannel to) {
        ByteBuffer piece = ByteBuffer.allocate(16 << 10);
        try {
            while (from.read(piece) >= 0) {
                piece.flip();
                while (piece.hasRemaining()) {
                    to.write(piece);
                }
                piece.clear();
            }
            to.shutdownOutput();
        } catch (IOException gone) {
            try (from;
                    to) {
                // both ends are of no use
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Ends as a server does that crashes: the file stays, and nobody listens. */
    void leavingItsFile() {
        try {
            server.close();
            for (SocketChannel channel : open) {
                channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        leavingItsFile();
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
