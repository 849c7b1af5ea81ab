package io.gojinn.proxy;

import io.gojinn.proxy.Http2Client.Head;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.Locale;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Asks for one path after the other, whatever the protocol. */
interface PathClient extends AutoCloseable {
    /**
     * The answer to a GET.
     *
     * @param fields each {@code Name: value} with its end of line
     */
    RawClient.Response get(String path, String fields);

    @Override
    void close();

    /** What a listener can be spoken to in. */
    enum Protocol {
        HTTP_1,
        HTTP_1_TLS,
        HTTP_2,
        HTTP_2_TLS;

        /** Connects to the listener {@code web}, or with TLS to {@code secure}. */
        PathClient connect(TestProxy proxy) {
            return switch (this) {
                case HTTP_1 -> new Http1(proxy.connect());
                case HTTP_1_TLS -> new Http1(new RawClient(secure(proxy, "http/1.1")));
                case HTTP_2 -> new Http2(Http2Client.connect(proxy));
                case HTTP_2_TLS -> new Http2(Http2Client.connect(secure(proxy, "h2")));
            };
        }

        private static Socket secure(TestProxy proxy, String protocol) {
            try {
                Socket plain = RawClient.connect(proxy.server().address("secure")).socket;
                SSLSocket socket = (SSLSocket) TestCertificate.trustingEverybody()
                        .getSocketFactory()
                        .createSocket(plain, "localhost", plain.getPort(), true);
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setApplicationProtocols(new String[] {protocol});
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                return socket;
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }

    /** One connection with HTTP/1.1. */
    record Http1(RawClient client) implements PathClient {
        @Override
        public RawClient.Response get(String path, String fields) {
            return client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
                    .read();
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /** One connection with HTTP/2, a stream for each path. */
    final class Http2 implements PathClient {
        private final Http2Client client;
        private int stream = -1;

        Http2(Http2Client client) {
            this.client = client;
        }

        @Override
        public RawClient.Response get(String path, String fields) {
            stream += 2;
            Head head = Head.get(path);
            fields.lines().forEach(field -> {
                int colon = field.indexOf(':');
                head.with(
                        field.substring(0, colon).toLowerCase(Locale.ROOT),
                        field.substring(colon + 1).strip());
            });
            Http2Client.Response response = client.request(stream, head).response(stream);
            return new RawClient.Response(response.status(), response.headers(), response.body(), response.reset() < 0);
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
