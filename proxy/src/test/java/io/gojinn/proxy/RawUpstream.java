package io.gojinn.proxy;

import io.gojinn.proxy.upstream.TunnelConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;

/** An upstream that does on each connection what a script says, byte for byte. */
final class RawUpstream implements AutoCloseable {
    private final ServerSocket server;
    private final Queue<Socket> open = new ConcurrentLinkedQueue<>();
    final AtomicInteger connections = new AtomicInteger();

    /** What is done with a connection. */
    interface Script {
        void run(Peer peer) throws IOException;
    }

    /** One connection. */
    static final class Peer {
        final Socket socket;
        final int index;
        private final InputStream in;

        Peer(Socket socket, int index) throws IOException {
            this.socket = socket;
            this.index = index;
            this.in = socket.getInputStream();
        }

        /** A header section up to its empty line; empty at the end of the connection. */
        String head() throws IOException {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            int matched = 0;
            while (matched < 4) {
                int c = in.read();
                if (c < 0) {
                    return "";
                }
                head.write(c);
                matched = c == "\r\n\r\n".charAt(matched) ? matched + 1 : c == '\r' ? 1 : 0;
            }
            return head.toString(StandardCharsets.ISO_8859_1);
        }

        /** A request with its body; the chunks of one of unknown length are as they came. */
        String request() throws IOException {
            String head = head();
            if (head.toLowerCase(Locale.ROOT).contains("\r\ntransfer-encoding: chunked\r\n")) {
                return head + chunks();
            }
            int at = head.toLowerCase(Locale.ROOT).indexOf("content-length: ");
            if (at < 0) {
                return head;
            }
            int length = Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
            return head + new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        }

        private String chunks() throws IOException {
            ByteArrayOutputStream chunks = new ByteArrayOutputStream();
            while (true) {
                String size = line(chunks);
                if (size.isEmpty()) {
                    break;
                }
                int length = Integer.parseInt(size, 16);
                if (length == 0) {
                    while (!line(chunks).isEmpty()) {
                        // a trailer
                    }
                    break;
                }
                chunks.write(in.readNBytes(length));
                line(chunks);
            }
            return chunks.toString(StandardCharsets.ISO_8859_1);
        }

        // Without its end; empty at the end of the connection as well.
        private String line(ByteArrayOutputStream copy) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c >= 0; c = in.read()) {
                copy.write(c);
                if (c == '\n') {
                    break;
                }
                if (c != '\r') {
                    line.append((char) c);
                }
            }
            return line.toString();
        }

        int read() throws IOException {
            return in.read();
        }

        void send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
        }

        /** Ends the connection with a reset. */
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        /** Waits for the other side to end the connection. */
        void awaitEnd() throws IOException {
            while (in.read() >= 0) {
                // what comes is of no interest
            }
        }
    }

    RawUpstream(Script script) {
        this(script, ServerSocketFactory.getDefault());
    }

    RawUpstream(Script script, ServerSocketFactory sockets) {
        try {
            server = sockets.createServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    socket.setTcpNoDelay(true);
                    open.add(socket);
                    if (server.isClosed()) {
                        // close() may have looked at what is open before this one was
                        socket.close();
                    }
                    int index = connections.getAndIncrement();
                    Thread.ofVirtual().start(() -> {
                        try (socket) {
                            script.run(new Peer(socket, index));
                        } catch (IOException gone) {
                            // the proxy or the test has ended the connection
                        }
                    });
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    /** Answers every request with the same bytes, on connections that stay open. */
    static RawUpstream answering(String response) {
        return new RawUpstream(peer -> {
            while (!peer.request().isEmpty()) {
                peer.send(response);
            }
        });
    }

    /** Answers every request with what it was sent. */
    static RawUpstream echoing() {
        return new RawUpstream(peer -> {
            for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + request.length() + "\r\n\r\n" + request);
            }
        });
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    UpstreamConfig config() {
        return config(Duration.ofSeconds(10));
    }

    /** This upstream, to which tunnels may be made. */
    UpstreamConfig upgrading(Duration tunnelIdle, String... protocols) {
        UpstreamConfig plain = config();
        return new UpstreamConfig(
                plain.name(),
                plain.targets(),
                plain.connectTimeout(),
                plain.responseTimeout(),
                plain.idleConnections(),
                plain.wire(),
                plain.policy(),
                new TunnelConfig(Set.of(protocols), tunnelIdle));
    }

    UpstreamConfig config(Duration responseTimeout) {
        return new UpstreamConfig(
                "app",
                List.of(new UpstreamConfig.Target("127.0.0.1", address().getPort(), false)),
                Duration.ofSeconds(2),
                responseTimeout,
                16,
                WireConfig.defaults());
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
