package io.gojinn.proxy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A client that sends exactly the bytes it is told to, and reads responses one by one. */
final class RawClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    final Socket socket;
    private final InputStream in;

    RawClient(Socket socket) {
        this.socket = socket;
        try {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.setTcpNoDelay(true);
            in = socket.getInputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static RawClient connect(InetSocketAddress address) {
        try {
            Socket socket = new Socket();
            socket.connect(address, TIMEOUT_MILLIS);
            return new RawClient(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A response; {@code whole} is false when the connection ended before its body did. */
    record Response(int status, Map<String, String> headers, String body, boolean whole) {
        @Nullable
        String header(String name) {
            return headers.get(name.toLowerCase(Locale.ROOT));
        }
    }

    RawClient send(String text) {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawClient send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    RawClient get(String path) {
        return send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
    }

    Response read() {
        return read(false);
    }

    Response read(boolean head) {
        Response response = readIfAny(head);
        return Objects.requireNonNull(response, "the connection was closed without a response");
    }

    /** The next response, null when the connection ends instead. */
    @Nullable
    Response readIfAny(boolean head) {
        try {
            String statusLine = line();
            if (statusLine == null) {
                return null;
            }
            int status = Integer.parseInt(statusLine.substring(9, 12));
            Map<String, String> headers = new LinkedHashMap<>();
            for (String line = line(); line != null && !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                headers.merge(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip(),
                        (a, b) -> a + "|" + b);
            }
            return body(status, headers, head);
        } catch (SocketException reset) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Response body(int status, Map<String, String> headers, boolean head) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean whole = true;
        try {
            if (head || status < 200 || status == 204 || status == 304) {
                return new Response(status, headers, "", true);
            }
            if ("chunked".equals(headers.get("transfer-encoding"))) {
                whole = chunks(body, headers);
            } else if (headers.containsKey("content-length")) {
                int length = Integer.parseInt(headers.get("content-length"));
                byte[] read = in.readNBytes(length);
                body.write(read);
                whole = read.length == length;
            } else {
                in.transferTo(body);
            }
        } catch (SocketException reset) {
            whole = false;
        }
        return new Response(status, headers, body.toString(StandardCharsets.ISO_8859_1), whole);
    }

    private boolean chunks(ByteArrayOutputStream body, Map<String, String> headers) throws IOException {
        while (true) {
            String size = line();
            if (size == null) {
                return false;
            }
            int length = Integer.parseInt(size, 16);
            if (length == 0) {
                for (String trailer = line(); trailer != null && !trailer.isEmpty(); trailer = line()) {
                    headers.put(
                            "trailer "
                                    + trailer.substring(0, trailer.indexOf(':')).toLowerCase(Locale.ROOT),
                            trailer);
                }
                return true;
            }
            byte[] chunk = in.readNBytes(length);
            body.write(chunk);
            if (chunk.length < length || line() == null) {
                return false;
            }
        }
    }

    /** Whether the peer has ended the connection, waiting for it. */
    boolean isClosedByPeer() {
        try {
            return in.read() < 0;
        } catch (SocketException reset) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private @Nullable String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                return null;
            }
            if (c != '\r') {
                line.write(c);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
