package io.gojinn.proxy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Bytes that a client may send over HTTP/1.1: several requests made of likely and unlikely parts, or a former input, changed.
 * The same random numbers give the same bytes.
 */
public final class HostileRequests {
    private static final List<String> METHODS = List.of(
            "GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "TRACE", "get", "G\u0000T", "PRI", "", "M-SEARCH");
    private static final List<String> TARGETS = List.of(
            "/a",
            "/b?x=1",
            "/",
            "*",
            "//h/x",
            "http://h/abs",
            "https://h",
            "http://other/",
            "/%2e%2e/x",
            "/a/../b",
            "/a%2fb",
            "/a b",
            "/a\tb",
            "/\u00ff",
            "/a#b",
            "h:80",
            "/a?b#c",
            "/%",
            "/;x",
            "/..;/a",
            "");
    private static final List<String> VERSIONS = List.of(
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.0",
            "HTTP/2.0",
            "HTTP/1.2",
            "HTTP/0.9",
            "http/1.1",
            "HTTP/1.10",
            "HTTP/01.1",
            "");
    private static final List<String> ENDS =
            List.of("\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", "\u0000\r\n", " \r\n");
    private static final List<String> NAMES = List.of(
            "Host",
            "Content-Length",
            "Transfer-Encoding",
            "Connection",
            "Expect",
            "Upgrade",
            "TE",
            "Trailer",
            "Content_Length",
            "Transfer_Encoding",
            "X-A",
            "Cookie",
            "Via",
            "Forwarded",
            "X-Forwarded-For",
            "Content-Length ",
            " Host",
            "Transfer-Encoding\t",
            "",
            "X\u0000Y",
            "X(Y",
            "traceparent",
            "Keep-Alive",
            "Proxy-Connection",
            "HTTP2-Settings",
            "content-Length");
    private static final List<String> VALUES = List.of(
            "h",
            "0",
            "5",
            "+5",
            "-1",
            "05",
            "5, 5",
            "5,6",
            "0x5",
            "5 5",
            "18446744073709551621",
            "chunked",
            "Chunked",
            "gzip, chunked",
            "chunked, chunked",
            "xchunked",
            "identity",
            "chunked;q=1",
            "\u000bchunked",
            "chunked\u0000",
            "close",
            "keep-alive",
            "close, host",
            "content-length",
            "transfer-encoding",
            "upgrade",
            "100-continue",
            "101-continue",
            "h2c",
            "websocket",
            "trailers",
            "a\rb",
            "a\u0000b",
            "a\u007fb",
            "\u00e9",
            "",
            "h:80",
            "h@x",
            "[::1]",
            "a b",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "\tx\t");
    private static final List<String> CHUNKS = List.of(
            "5\r\nabcde\r\n",
            "5;x=y\r\nabcde\r\n",
            "05\r\nabcde\r\n",
            "0x5\r\nabcde\r\n",
            "5\nabcde\n",
            "5 \r\nabcde\r\n",
            "5\r\nabcdefg\r\n",
            "-1\r\n\r\n",
            "fffffffffffffffff\r\n",
            "5;x=\"\n\"\r\nabcde\r\n",
            "1\r\nZ\r\n",
            "\r\n",
            "+5\r\nabcde\r\n",
            "5\r\nabcde",
            "5;\rx\r\nabcde\r\n");
    private static final List<String> LAST_CHUNKS = List.of(
            "0\r\n\r\n",
            "0\r\n\r\n",
            "0\r\n\r\n",
            "0\r\nx: y\r\n\r\n",
            "0\r\nContent-Length: 5\r\n\r\n",
            "0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "0\n\n",
            "00\r\n\r\n",
            "0;x\r\n\r\n",
            "0\r\nHost: other\r\n\r\n",
            "0\r\nx y: z\r\n\r\n",
            "0\r\n x: y\r\n\r\n",
            "");
    private static final int MOST_REQUESTS = 4;
    private static final int MOST_BYTES = 64 << 10;

    private final Random random;

    public HostileRequests(Random random) {
        this.random = random;
    }

    public byte[] fresh() {
        StringBuilder all = new StringBuilder();
        for (int i = 1 + random.nextInt(MOST_REQUESTS); i > 0; i--) {
            request(all);
        }
        return all.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    String method() {
        return rarely(8) ? pick(METHODS) : pick(METHODS.subList(0, 4));
    }

    String target() {
        return rarely(8) ? pick(TARGETS) : pick(TARGETS.subList(0, 3));
    }

    String name() {
        return pick(NAMES);
    }

    String value() {
        return pick(VALUES);
    }

    /** Another input with some bytes changed, moved, doubled, or joined to others. */
    byte[] changed(byte[] input, byte[] other) {
        byte[] bytes = input.clone();
        for (int i = 1 + random.nextInt(3); i > 0 && bytes.length > 0; i--) {
            int at = random.nextInt(bytes.length);
            int length = Math.min(bytes.length - at, 1 + random.nextInt(40));
            bytes = switch (random.nextInt(6)) {
                case 0 -> {
                    bytes[at] ^= (byte) (1 << random.nextInt(8));
                    yield bytes;
                }
                case 1 -> joined(bytes, 0, at, bytes, at + length, bytes.length);
                case 2 -> joined(bytes, 0, at + length, bytes, at, bytes.length);
                case 3 ->
                    joined(bytes, 0, at, other, other.length == 0 ? 0 : random.nextInt(other.length), other.length);
                case 4 -> {
                    String part =
                            String.valueOf(pick(random.nextBoolean() ? VALUES : random.nextBoolean() ? ENDS : CHUNKS));
                    byte[] head = joined(bytes, 0, at, part.getBytes(StandardCharsets.ISO_8859_1), 0, part.length());
                    yield joined(head, 0, head.length, bytes, at, bytes.length);
                }
                default -> {
                    bytes[at] = (byte) "\r\n\t :;,\0".charAt(random.nextInt(8));
                    yield bytes;
                }
            };
        }
        return bytes.length > MOST_BYTES ? input : bytes;
    }

    private static byte[] joined(byte[] a, int fromA, int toA, byte[] b, int fromB, int toB) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(a, fromA, toA - fromA);
        joined.write(b, fromB, toB - fromB);
        return joined.toByteArray();
    }

    // Mostly as it should be, so that what is not meets the proxy in every state.
    private void request(StringBuilder out) {
        out.append(method()).append(space()).append(target()).append(space());
        out.append(rarely(12) ? pick(VERSIONS) : "HTTP/1.1").append(end());
        List<String> fields = new ArrayList<>();
        if (!rarely(20)) {
            fields.add("Host: h");
        }
        String body = body(fields);
        for (int i = random.nextInt(3); i > 0; i--) {
            fields.add(random.nextInt(fields.size() + 1), name() + ":" + space() + value());
        }
        for (String field : fields) {
            out.append(rarely(60) ? " " : "").append(field).append(end());
        }
        out.append(rarely(40) ? "" : end()).append(body);
    }

    private String body(List<String> fields) {
        return switch (random.nextInt(6)) {
            case 0, 1 -> "";
            case 2 -> {
                fields.add("Content-Length: 5");
                yield rarely(10) ? "abc" : rarely(10) ? "abcdefgh" : "abcde";
            }
            case 3 -> {
                String inner = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
                fields.add("Content-Length: " + (rarely(6) ? random.nextInt(60) : inner.length()));
                yield inner;
            }
            default -> {
                fields.add("Transfer-Encoding: chunked");
                StringBuilder chunks = new StringBuilder();
                for (int i = random.nextInt(3); i > 0; i--) {
                    chunks.append(rarely(5) ? pick(CHUNKS) : CHUNKS.getFirst());
                }
                yield chunks.append(rarely(5) ? pick(LAST_CHUNKS) : LAST_CHUNKS.getFirst())
                        .toString();
            }
        };
    }

    private boolean rarely(int oneOf) {
        return random.nextInt(oneOf) == 0;
    }

    private String end() {
        return rarely(50) ? pick(ENDS) : "\r\n";
    }

    private String space() {
        return rarely(50) ? pick(List.of("", "  ", "\t", "\u000b", "\u00a0")) : " ";
    }

    private String pick(List<String> parts) {
        return parts.get(random.nextInt(parts.size()));
    }
}
