package io.gojinn.examples;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * A client that knows exactly which of its requests was lost: one request after the other on a connection it keeps until it
 * is told to close, and no retries that would hide a loss.
 */
final class KeepAliveClient {
    private KeepAliveClient() {}

    /**
     * Sends requests until a connection is refused, which is the end of the server.
     *
     * @param lost takes a line for every request that was written on an accepted connection and not answered whole
     */
    static void run(int port, String path, AtomicBoolean stopping, LongAdder answered, List<String> lost) {
        byte[] request = ("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        while (true) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(20_000);
                InputStream in = new BufferedInputStream(socket.getInputStream());
                boolean open = true;
                while (open) {
                    int before = answered.intValue();
                    try {
                        socket.getOutputStream().write(request);
                        open = readResponse(in);
                        answered.increment();
                    } catch (IOException e) {
                        lost.add(path + " after " + before + ": " + e + (stopping.get() ? ", stopping" : ""));
                        open = false;
                    }
                }
            } catch (IOException refused) {
                return;
            }
        }
    }

    /** Reads a response with Content-Length; returns whether the connection stays open. */
    private static boolean readResponse(InputStream in) throws IOException {
        String status = readLine(in);
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException("found the status line \"" + status + "\"");
        }
        int length = 0;
        boolean keep = true;
        for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring(15).strip());
            } else if (lower.startsWith("connection:") && lower.contains("close")) {
                keep = false;
            }
        }
        if (in.readNBytes(length).length != length) {
            throw new IOException("the body was cut off");
        }
        return keep;
    }

    private static String readLine(InputStream in) throws IOException {
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
}
