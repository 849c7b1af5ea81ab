package io.gojinn.examples;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server behind the proxy: it tells its name, sends back the frames of a WebSocket, and streams a download at {@code
 * /download} until it is told to end it.
 */
final class Backend implements AutoCloseable {
    private static final byte[] PIECE = new byte[4 << 10];

    private final String name;
    private final ServerSocket server;
    private final Queue<Socket> open = new ConcurrentLinkedQueue<>();
    private final CountDownLatch downloadsEnd = new CountDownLatch(1);
    final AtomicLong downloadedBytes = new AtomicLong();

    Backend(String name) throws IOException {
        this.name = name;
        server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /** Lets the downloads end, each with its last piece. */
    void endDownloads() {
        downloadsEnd.countDown();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            for (String head = head(in); !head.isEmpty(); head = head(in)) {
                String key = field(head, "sec-websocket-key");
                if (!key.isEmpty()) {
                    out.write(("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                    + "Sec-WebSocket-Accept: " + accepting(key) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
                    echo(new DataInputStream(in), out);
                    return;
                }
                if (head.startsWith("GET /download")) {
                    download(out);
                } else {
                    out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + name.length() + "\r\n\r\n" + name)
                            .getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException | InterruptedException gone) {
            // The proxy or the test has ended the connection; whoever waits for an answer notices.
        }
    }

    private void download(OutputStream out) throws IOException, InterruptedException {
        out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        byte[] size = (Integer.toHexString(PIECE.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        do {
            out.write(size);
            out.write(PIECE);
            out.write('\r');
            out.write('\n');
            downloadedBytes.addAndGet(PIECE.length);
        } while (!downloadsEnd.await(20, TimeUnit.MILLISECONDS));
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    // RFC 6455, 5.2; frames of clients are masked, and those of this test are short.
    private static void echo(DataInputStream in, OutputStream out) throws IOException {
        for (int first = in.read(); first >= 0; first = in.read()) {
            byte[] mask = new byte[4];
            byte[] frame = new byte[2 + (in.readUnsignedByte() & 0x7f)];
            in.readFully(mask);
            in.readFully(frame, 2, frame.length - 2);
            frame[0] = (byte) first;
            frame[1] = (byte) (frame.length - 2);
            for (int i = 2; i < frame.length; i++) {
                frame[i] ^= mask[(i - 2) % 4];
            }
            out.write(frame);
        }
    }

    private static String accepting(String key) {
        try {
            byte[] proof = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(proof));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static String field(String head, String name) {
        return head.lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
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
