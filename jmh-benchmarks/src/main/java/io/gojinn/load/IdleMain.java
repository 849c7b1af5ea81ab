package io.gojinn.load;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Opens idle keep-alive connections, each after one request, and prints what the proxy takes for one. Needs the distribution,
 * openssl, and twice as many file descriptors as connections.
 *
 * <p>{@code bin/build && jmh-benchmarks/run -main io.gojinn.load.IdleMain [connections] [connections over TLS]}
 */
public final class IdleMain {
    private static final byte[] REQUEST =
            "GET / HTTP/1.1\r\nHost: idle\r\nUser-Agent: idle\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private IdleMain() {}

    /** Runs once. */
    public static void main(String... arguments) throws Exception {
        int clear = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10_000;
        int tls = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2_000;
        int clearPort = Distribution.freePort();
        int tlsPort = Distribution.freePort();
        Path folder = Files.createTempDirectory("gojinn-idle");
        certify(folder);
        String config = """
                [[listener]]
                name = "clear"
                address = "127.0.0.1:%d"
                limits = { connections = 20_000, connections_per_address = 20_000, idle_timeout = "1h" }
                [[listener]]
                name = "tls"
                address = "127.0.0.1:%d"
                limits = { connections = 20_000, connections_per_address = 20_000, idle_timeout = "1h" }
                tls.certificates = [{ certificate = "certificate.pem", key = "key.pem" }]
                [[route]]
                name = "any"
                respond = { body = "ok" }
                """.formatted(clearPort, tlsPort);
        try (Distribution proxy = Distribution.start(folder, config, "-Xms64m -Xmx512m")) {
            SocketFactory trusting = trustingAll().getSocketFactory();
            measure("clear text", proxy, SocketFactory.getDefault(), clearPort, clear);
            measure("TLS", proxy, trusting, tlsPort, tls);
        }
    }

    @SuppressWarnings("SystemOut") // what it is for
    private static void measure(String name, Distribution proxy, SocketFactory sockets, int port, int count)
            throws Exception {
        List<Socket> open = new ArrayList<>(count);
        try {
            // Classes are loaded and pools filled by a few connections before.
            open(open, sockets, port, Math.min(count, 500));
            close(open);
            Thread.sleep(1_000);
            Distribution.Memory before = proxy.collected();
            open(open, sockets, port, count);
            Distribution.Memory after = proxy.collected();
            System.out.printf(
                    "%-10s %,7d idle connections: %5.1f KiB each of heap and direct memory (%.1f + %.1f), %5.1f KiB resident%n",
                    name,
                    count,
                    kib(after.heap() + after.direct() - before.heap() - before.direct(), count),
                    kib(after.heap() - before.heap(), count),
                    kib(after.direct() - before.direct(), count),
                    kib(after.resident() - before.resident(), count));
            for (Socket socket : open) {
                exchange(socket);
            }
        } finally {
            close(open);
        }
    }

    private static double kib(double mebibytes, int count) {
        return mebibytes * 1024 / count;
    }

    private static void open(List<Socket> open, SocketFactory sockets, int port, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            Socket socket = sockets.createSocket("127.0.0.1", port);
            // Otherwise a request after a handshake waits 40 ms for an acknowledgement.
            socket.setTcpNoDelay(true);
            open.add(socket);
            exchange(socket);
        }
    }

    private static void close(List<Socket> open) throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
        open.clear();
    }

    private static void exchange(Socket socket) throws IOException {
        socket.getOutputStream().write(REQUEST);
        InputStream in = socket.getInputStream();
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\nok") < 0) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("closed after " + answer);
            }
            answer.append((char) c);
        }
    }

    private static void certify(Path folder) throws IOException, InterruptedException {
        int exit = new ProcessBuilder(
                        ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
                                        + " -keyout key.pem -out certificate.pem")
                                .split(" "))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("openssl").toFile())
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("openssl: " + Files.readString(folder.resolve("openssl")));
        }
    }

    private static SSLContext trustingAll() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return context;
    }

    /** For the certificate that was made a moment ago, on loopback. */
    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
