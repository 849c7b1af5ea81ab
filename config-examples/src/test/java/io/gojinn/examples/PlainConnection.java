package io.gojinn.examples;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One exchange after the other over HTTP/1.1, on a connection that is opened when there is none. What is cheap for a client is
 * left out: answers have a Content-Length.
 */
final class PlainConnection implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 120_000;

    private final int port;
    private @Nullable Socket socket;
    private InputStream in = InputStream.nullInputStream();

    PlainConnection(int port) {
        this.port = port;
    }

    /** An answer; names of fields are in lower case. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Response(int status, Map<String, String> fields, byte[] body) {
        String field(String name) {
            return fields.getOrDefault(name, "");
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /** Status and error. */
        String outcome() {
            return status + " " + fields.getOrDefault("x-gojinn-error", "-");
        }
    }

    /** Sends a request, with its fields as lines, and reads the answer whole. */
    Response send(String method, String path, byte[] body, String... fields) throws IOException {
        StringBuilder head = new StringBuilder();
        head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: a\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        if (body.length > 0 || method.equals("POST")) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        head.append("\r\n");
        write(head.toString(), body);
        return read();
    }

    /** Sends something and closes the connection without an answer. */
    void leave(String request) throws IOException {
        write(request, new byte[0]);
        close();
    }

    private void write(String head, byte[] body) throws IOException {
        Socket open = socket;
        if (open == null) {
            open = new Socket(InetAddress.getLoopbackAddress(), port);
            open.setTcpNoDelay(true);
            open.setSoTimeout(PATIENCE_MILLIS);
            in = new BufferedInputStream(open.getInputStream());
            socket = open;
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream(head.length() + body.length);
        request.write(head.getBytes(StandardCharsets.ISO_8859_1));
        request.write(body);
        open.getOutputStream().write(request.toByteArray());
    }

    private Response read() throws IOException {
        String status = line();
        Map<String, String> fields = new HashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            fields.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(fields.getOrDefault("content-length", "0"));
        byte[] body = in.readNBytes(length);
        if (body.length != length) {
            throw new IOException("the body was cut off");
        }
        if (fields.getOrDefault("connection", "").equals("close")) {
            close();
        }
        return new Response(Integer.parseInt(status.substring(9, 12)), fields, body);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        int next;
        while ((next = in.read()) != '\n') {
            if (next < 0) {
                throw new IOException("closed");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() {
        Socket open = socket;
        socket = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException broken) {
                // It is of no use any more.
            }
        }
    }
}
