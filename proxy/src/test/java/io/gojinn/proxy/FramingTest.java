package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gojinn.proxy.FramingVectors.Field;
import io.gojinn.proxy.FramingVectors.Vector;
import io.gojinn.proxy.RawClient.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Each desync vector, sent as raw bytes with a further request behind it: either it is refused and nothing reaches the
 * upstream, or both requests do, in one form. Writes docs/http-framing.md with {@code -Dgojinn.docs.write=true}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FramingTest {
    private static final Path DOCUMENT =
            Path.of(System.getProperty("gojinn.root", "..")).resolve("docs/http-framing.md");
    private static final String NEXT = "GET /next HTTP/1.1\r\nHost: test\r\n\r\n";
    private static final Pattern REQUEST_LINE = Pattern.compile("[A-Z]+ /[\\x21-\\x7e]* HTTP/1\\.1");
    private static final Pattern FIELD =
            Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\\x21-\\x7e\\x80-\\xff]([\\t\\x20-\\x7e\\x80-\\xff]*"
                    + "[\\x21-\\x7e\\x80-\\xff])?)?");

    private static final String SPACE_BEFORE_COLON =
            "9112, 5.1: \"A server MUST reject, with a response status code of 400\", whitespace before the colon";
    private static final String NOT_AUTOCORRECTED =
            "9112, 3: \"SHOULD NOT attempt to autocorrect [an invalid request-line] and then process the request\": ";

    // What the vectors hold acceptable or compliant and is refused here.
    private static final Map<String, String> STRICTER = Map.ofEntries(
            Map.entry("No TE/CL headers, some others are non-compliant", SPACE_BEFORE_COLON),
            Map.entry("TE and some others are non-compliant", SPACE_BEFORE_COLON),
            Map.entry("CL and some others are non-compliant", SPACE_BEFORE_COLON),
            Map.entry(
                    "A non-essential header with a non-printable character (x01)",
                    "9112, 2.2: what \"does not match the HTTP-message grammar\" gets 400; a party that drops \\x01"
                            + " from names reads another field, a framing one perhaps"),
            Map.entry(
                    "Non-RFC, but OK HTTP/0.9",
                    "9110, 15.6.6: another major version; in 0.9 the fields would be the next requests"),
            Map.entry(
                    "Empty version, which means HTTP/0.9",
                    NOT_AUTOCORRECTED + "in 0.9 the fields would be the next requests"),
            Map.entry(
                    "Different Transfer-Encoding headers",
                    "9112, 6.1: \"a transfer coding it does not understand SHOULD [get] 501\"; identity is no coding"
                            + " any more (7.3), passed on undecoded it would mean two things to two servers"),
            Map.entry(
                    "Different Transfer-Encoding headers combined",
                    "9112, 6.1: \"a transfer coding it does not understand SHOULD [get] 501\"; identity is no coding"
                            + " any more (7.3), passed on undecoded it would mean two things to two servers"),
            Map.entry(
                    "Transfer-Encoding with a param: chunked;custom_param",
                    "9112, 7.1: parameters of chunked \"SHOULD be treated as an error\"; 7: a semicolon needs one"),
            Map.entry(
                    "Compliant URL",
                    NOT_AUTOCORRECTED + "it holds a fragment, which some parties cut off and others keep"
                            + " (cache poisoning, CVE-2021-27577)"),
            Map.entry(
                    "Empty URI",
                    NOT_AUTOCORRECTED + "split at whitespace, as 9112, 3 allows, it asks HTTP/0.9 for \"HTTP/1.1\""));

    // What reaches the upstream otherwise than it was sent.
    private static final Map<String, String> CANONICAL = Map.of(
            "Unknown but OK HTTP/1.2",
            "9110, 2.5: processed, and passed on, as HTTP/1.1",
            "International in URI",
            "3987, 3.1: UTF-8 has one percent-encoded form; no octet of it is a delimiter");

    private static final Map<String, String> WHY = Map.ofEntries(
            Map.entry("MultipleContentLength", "9112, 6.3: one message, one length"),
            Map.entry("DuplicateContentLength", "9112, 6.3: one message, one length"),
            Map.entry("BadContentLength", "9110, 8.6: a length is a decimal number"),
            Map.entry("BadTransferEncoding", "9112, 6.1: only chunked is understood"),
            Map.entry("MultipleTransferEncodingChunked", "9112, 6.1: chunked once and last"),
            Map.entry("BadHeader", "9110, 5.5; 9112, 2.2, 5.2: no CR, LF, NUL, no folded line"),
            Map.entry("BadMethod", "9110, 9.1: a method is a token"),
            Map.entry(
                    "SuspiciousHeader", "9112, 5.1: a name is a token, and none that others may fold to a framing one"),
            Map.entry("EmptyHeader", "9110, 5.1: a name is a token"),
            Map.entry("BothTeClPresent", "9112, 6.1: two framings"),
            Map.entry("NonCompliantVersion", "9110, 2.5: a version that is not spoken"));

    private final Queue<String> reached = new ConcurrentLinkedQueue<>();
    private final RawUpstream upstream = new RawUpstream(peer -> {
        for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
            reached.add(request);
            boolean head = request.startsWith("HEAD ");
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + (head ? "" : "ok"));
        }
    });
    private final TestProxy proxy = TestProxy.forwardingTo(upstream);

    @BeforeAll
    static void vectors() {
        assumeTrue(
                Files.isDirectory(FramingVectors.FOLDER),
                () -> "skipped: no conformance vectors at " + FramingVectors.FOLDER);
    }

    @AfterAll
    void close() {
        proxy.close();
        upstream.close();
    }

    @Test
    void everyVectorIsRefusedOrReachesTheUpstreamInOneForm() throws IOException {
        List<Vector> vectors = FramingVectors.read();
        assertThat(vectors).hasSizeGreaterThan(80);
        StringBuilder table = new StringBuilder(HEADING);
        for (Vector vector : vectors) {
            Integer refusal = send(vector);
            String stricter = STRICTER.get(vector.name());
            switch (vector.tier()) {
                case "Severe" -> assertThat(refusal).as("%s", vector).isEqualTo(400);
                case "Ambiguous" -> {
                    // Both are right; which it is, the table says.
                }
                default -> assertThat(refusal != null).as("%s", vector).isEqualTo(stricter != null);
            }
            table.append("| ")
                    .append(vector.tier().toLowerCase(Locale.ROOT))
                    .append(" | ")
                    .append(vector.name().replace("|", "\\|"))
                    .append(" | ")
                    .append(refusal == null ? "passed on" : refusal + ", closed")
                    .append(" | ")
                    .append(why(vector, refusal, stricter))
                    .append(" |\n");
        }
        if (Boolean.getBoolean("gojinn.docs.write")) {
            Files.writeString(DOCUMENT, table.toString());
        }
        assertThat(Files.readString(DOCUMENT)).isEqualTo(table.toString());
    }

    private static final String HEADING = """
            # Framing of HTTP/1.1

            <!-- Written by FramingTest; change it there. -->

            What is done with each of the vectors of http-desync-guardian, with its verdict. *Closed* means that the
            connection is closed and that neither the request nor what follows it reaches an upstream. *Passed on* means that
            the request and the one behind it reach the upstream, each in one form: one Host, at most one of Content-Length
            and Transfer-Encoding, names that are tokens, values without control characters. See [http.md](http.md) for
            HTTP/2. Numbers are those of RFCs, quotations theirs.

            | verdict | request | what is done | why |
            |---|---|---|---|
            """;

    private static String why(Vector vector, @Nullable Integer refusal, @Nullable String stricter) {
        if (stricter != null) {
            return stricter;
        }
        if (refusal == null && CANONICAL.containsKey(vector.name())) {
            return String.valueOf(CANONICAL.get(vector.name()));
        }
        if (refusal == null) {
            return vector.tier().equals("Ambiguous")
                    ? "9110, 9.3.1: without a meaning, but framed without a doubt"
                    : "";
        }
        if (!vector.version().equals("HTTP/1.1")) {
            return vector.version().equals("HTTP/1.0")
                    ? "9112, 6.1: HTTP/1.0 has no codings"
                    : "9110, 2.5; 9112, 3: a version that is not spoken";
        }
        return String.valueOf(WHY.get(vector.reason()));
    }

    /** Sends a request and another one behind it; returns the status of its refusal, null when both were passed on. */
    private @Nullable Integer send(Vector vector) {
        reached.clear();
        try (RawClient client = proxy.connect()) {
            sendUnlessClosed(client, bytes(vector));
            Response response = client.read(vector.method().equals("HEAD"));
            if (response.status() == 200) {
                assertThat(client.read().status()).as("%s", vector).isEqualTo(200);
                assertThat(reached).as("%s", vector).hasSize(2);
                reached.forEach(request -> assertCanonical(vector, request));
                assertThat(reached).last().asString().startsWith("GET /next HTTP/1.1\r\n");
                return null;
            }
            assertThat(response.header("connection")).as("%s", vector).isEqualTo("close");
            assertThat(client.isClosedByPeer()).as("%s", vector).isTrue();
            assertThat(reached).as("%s", vector).isEmpty();
            return response.status();
        }
    }

    private static void sendUnlessClosed(RawClient client, byte[] bytes) {
        try {
            client.send(bytes);
        } catch (UncheckedIOException refusedEarly) {
            // The answer is there all the same.
        }
    }

    private static byte[] bytes(Vector vector) {
        StringBuilder request = new StringBuilder(vector.method() + " " + vector.uri());
        if (!vector.version().isEmpty()) {
            request.append(' ').append(vector.version());
        }
        request.append("\r\nHost: test\r\n");
        int length = 0;
        boolean chunked = false;
        for (Field field : vector.fields()) {
            request.append(field.name()).append(": ").append(field.value()).append("\r\n");
            String name = field.name().toLowerCase(Locale.ROOT);
            if (name.equals("content-length") && field.value().matches("[0-9]{1,5}")) {
                length = Integer.parseInt(field.value());
            }
            chunked |= name.equals("transfer-encoding");
        }
        request.append("\r\n")
                .append(chunked ? "0\r\n\r\n" : "x".repeat(length))
                .append(NEXT);
        return request.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void assertCanonical(Vector vector, String request) {
        List<String> lines =
                List.of(request.substring(0, request.indexOf("\r\n\r\n")).split("\r\n", -1));
        assertThat(lines.getFirst()).as("%s", vector).matches(REQUEST_LINE);
        List<String> framing = new ArrayList<>();
        int hosts = 0;
        for (String line : lines.subList(1, lines.size())) {
            assertThat(line).as("%s", vector).matches(FIELD);
            String name = line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
            String folded = name.replaceAll("[^a-z0-9]", "");
            if (folded.equals("contentlength") || folded.equals("transferencoding")) {
                framing.add(line.toLowerCase(Locale.ROOT));
            }
            hosts += name.equals("host") ? 1 : 0;
        }
        assertThat(hosts).as("%s", vector).isEqualTo(1);
        assertThat(framing)
                .as("%s", vector)
                .hasSizeLessThan(2)
                .allMatch(line -> line.equals("transfer-encoding: chunked") || line.matches("content-length: [0-9]+"));
    }
}
