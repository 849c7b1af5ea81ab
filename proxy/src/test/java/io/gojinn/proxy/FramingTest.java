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
    private static final String SIMPLE =
            "1945, 4.1: a GET with a path and nothing else; fields, which some servers would take"
                    + " for the next request, are left out, and what follows is not read";
    private static final String NOT_AUTOCORRECTED =
            "9112, 3: \"SHOULD NOT attempt to autocorrect [an invalid request-line] and then process the request\": ";

    private static final String UNKNOWN_CODINGS =
            "9112, 6.1: \"a transfer coding it does not understand SHOULD [get] 501\". There is no one form to pass it on in:"
                    + " with the codings only some servers undo them, without them the content is another; identity is no"
                    + " coding any more (7.3)";

    // What the vectors hold acceptable or compliant and is refused here.
    private static final Map<String, String> STRICTER = Map.ofEntries(
            Map.entry("No TE/CL headers, some others are non-compliant", SPACE_BEFORE_COLON),
            Map.entry("TE and some others are non-compliant", SPACE_BEFORE_COLON),
            Map.entry("CL and some others are non-compliant", SPACE_BEFORE_COLON),
            Map.entry("Different Transfer-Encoding headers", UNKNOWN_CODINGS),
            Map.entry("Different Transfer-Encoding headers combined", UNKNOWN_CODINGS),
            Map.entry(
                    "Transfer-Encoding with a param: chunked;custom_param",
                    "the same codings, with parameters that are none (9112, 7: a semicolon needs one); those of chunked"
                            + " \"SHOULD be treated as an error\" (7.1)"),
            Map.entry(
                    "Compliant URL",
                    NOT_AUTOCORRECTED
                            + "it holds a fragment, which is no part of a target (9110, 7.1). Servers cut it off,"
                            + " encode it or keep it, so rules for the end of a URL are passed by (CVE-2023-45539) and"
                            + " caches poisoned (CVE-2021-27577)"),
            Map.entry(
                    "Empty URI",
                    NOT_AUTOCORRECTED
                            + "split at whitespace, as 9112, 3 allows, it asks HTTP/0.9 for \"HTTP/1.1\", which"
                            + " is another target than \"/\""));

    // What reaches the upstream otherwise than it was sent.
    private static final Map<String, String> CANONICAL = Map.of(
            "A non-essential header with a non-printable character (x01)",
            "9112, 2.2: the field, an extension, is left out; one that frames, routes or tells the client is refused",
            "Non-RFC, but OK HTTP/0.9",
            SIMPLE,
            "Empty version, which means HTTP/0.9",
            SIMPLE,
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
    private final TestProxy tolerant =
            TestProxy.with().upstream(upstream.config()).tolerant(true).start();

    @BeforeAll
    static void vectors() {
        assumeTrue(
                Files.isDirectory(FramingVectors.FOLDER),
                () -> "skipped: no conformance vectors at " + FramingVectors.FOLDER);
    }

    @AfterAll
    void close() {
        proxy.close();
        tolerant.close();
        upstream.close();
    }

    @Test
    void everyVectorIsRefusedOrReachesTheUpstreamInOneForm() throws IOException {
        List<Vector> vectors = FramingVectors.read();
        assertThat(vectors).hasSizeGreaterThan(80);
        StringBuilder table = new StringBuilder(HEADING);
        for (Vector vector : vectors) {
            String done = send(proxy, vector);
            boolean refused = !done.startsWith("passed on");
            String stricter = STRICTER.get(vector.name());
            switch (vector.tier()) {
                case "Severe" -> assertThat(done).as("%s", vector).isEqualTo("400, closed");
                case "Ambiguous" -> {
                    // Both are right; which it is, the table says.
                }
                default -> assertThat(refused).as("%s", vector).isEqualTo(stricter != null);
            }
            table.append("| ")
                    .append(vector.tier().toLowerCase(Locale.ROOT))
                    .append(" | ")
                    .append(vector.name().replace("|", "\\|"))
                    .append(" | ")
                    .append(done)
                    .append(" | ")
                    .append(why(vector, refused, stricter))
                    .append(" |\n");
        }
        table.append(BEYOND);
        for (Attack attack : ATTACKS) {
            assertThat(send(proxy, attack)).as(attack.name()).isEqualTo(attack.done());
            table.append(attack);
        }
        table.append(LEFTOVERS);
        table.append(TOLERANT);
        for (Vector vector : vectors) {
            String now = TOLERATED.get(vector.name());
            if (now != null) {
                table.append("| ").append(vector.name()).append(" | passed on | ");
                table.append(now).append(" |\n");
            }
        }
        for (Attack attack : ON_THE_TOLERANT) {
            table.append(attack);
        }
        if (Boolean.getBoolean("gojinn.docs.write")) {
            Files.writeString(DOCUMENT, table.toString());
        }
        assertThat(Files.readString(DOCUMENT)).isEqualTo(table.toString());
    }

    /** Nothing that the vectors hold severe or ambiguous is taken by a tolerant listener if it is not taken by any. */
    @Test
    void aTolerantListenerTakesWhatTheVectorsHoldAcceptableAndNothingMore() {
        List<Vector> vectors = FramingVectors.read();
        assertThat(TOLERATED.keySet()).isEqualTo(STRICTER.keySet());
        double counted = 0;
        for (Vector vector : vectors) {
            boolean repaired = TOLERATED.containsKey(vector.name());
            assertThat(send(tolerant, vector)).as("%s", vector).isEqualTo(repaired ? PASSED : send(proxy, vector));
            counted += repaired ? 1 : 0;
            assertThat(tolerant.metric("gojinn_tolerated_requests_total", "listener", "web"))
                    .as("%s", vector)
                    .isEqualTo(counted);
        }
        for (Attack attack : ATTACKS) {
            assertThat(send(tolerant, attack))
                    .as(attack.name())
                    .isEqualTo(attack.name().equals("identity, chunked") ? PASSED : attack.done());
        }
        for (Attack attack : ON_THE_TOLERANT) {
            assertThat(send(tolerant, attack)).as(attack.name()).isEqualTo(attack.done());
        }
    }

    @Test
    void aTolerantListenerSaysWhatIsLeftOfARequest() {
        for (Attack attack : ON_THE_TOLERANT) {
            if (attack.done().equals(PASSED)) {
                send(tolerant, attack);
                assertThat(reached.peek()).as(attack.name()).contains(attack.left());
            }
        }
    }

    private static final String HEADING = """
            # Framing of HTTP/1.1

            <!-- Written by FramingTest; change it there. -->

            What is done with each of the vectors of http-desync-guardian, with its verdict. *Closed* means that the
            connection is closed and that neither the request nor what follows it reaches an upstream. *Passed on* means that
            the request and the one behind it reach the upstream, each in one form: one Host, at most one of Content-Length
            and Transfer-Encoding, names that are tokens, values without control characters; *then closed* that the one
            behind it is not read. See [http.md](http.md) for HTTP/2. Numbers are those of RFCs, quotations theirs.

            | verdict | request | what is done | why |
            |---|---|---|---|
            """;

    /** A request that no vector has. */
    private record Attack(String name, String request, String done, String why, String left) {
        Attack(String name, String request, String done, String why) {
            this(name, request, done, why, "");
        }

        static Attack of(String name, String fieldsAndBody, String done, String why) {
            return new Attack(name, "POST / HTTP/1.1\r\nHost: test\r\n" + fieldsAndBody, done, why);
        }

        /** What of the request is in what reaches the upstream. */
        Attack leaves(String text) {
            return new Attack(name, request, done, why, text);
        }

        /** A line of a table. */
        @Override
        public String toString() {
            return "| " + name + " | " + done + " | " + why + " |\n";
        }
    }

    private static final String PASSED = "passed on";
    private static final String REFUSED = "400, closed";
    private static final List<Attack> ATTACKS = List.of(
            new Attack(
                    "lines that end in LF alone",
                    "GET / HTTP/1.1\nHost: test\n\n",
                    REFUSED,
                    "9112, 2.2: a server MAY take it for a line end, and another need not"),
            new Attack("CR within a line", "GET / HTTP/1.1\r\nHost: test\r\nX: a\rb\r\n\r\n", REFUSED, "9112, 2.2"),
            Attack.of(
                    "a folded Transfer-Encoding",
                    "Transfer-\r\n Encoding: chunked\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 5.2"),
            Attack.of(
                    "chunked, identity",
                    "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 6.3: chunked is not the last, \"the server MUST respond with the 400 (Bad Request) status code\""),
            Attack.of(
                    "identity, chunked",
                    "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
                    "501, closed",
                    "9112, 6.1, 7.3: identity is no coding any more"),
            Attack.of(
                    "CHUNKED",
                    "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
                    PASSED,
                    "9112, 7: case does not count; passed on in lower case"),
            Attack.of(
                    "chunked behind a vertical tab",
                    "Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9110, 5.5: no control character in a value"),
            Attack.of(
                    "chunked in quotes",
                    "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 7: a coding is a token"),
            Attack.of(
                    "a chunk extension",
                    "Transfer-Encoding: chunked\r\n\r\n3;a=\"b;c\"\r\nabc\r\n0\r\n\r\n",
                    PASSED,
                    "9112, 7.1.1: ignored, and not passed on"),
            Attack.of(
                    "a trailer Content-Length",
                    "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 30\r\n\r\n",
                    PASSED,
                    "9110, 6.5.1: not passed on"),
            Attack.of("a list of equal lengths", "Content-Length: 3, 3\r\n\r\nabc", REFUSED, "9110, 8.6"),
            Attack.of(
                    "Connection names Content-Length and Host",
                    "Connection: content-length, host\r\nContent-Length: 3\r\n\r\nabc",
                    PASSED,
                    "9110, 7.6.1: these are not taken away"),
            Attack.of(
                    "Connection names Transfer-Encoding",
                    "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    PASSED,
                    "9112, 6.1: framed anew, whatever the client named"),
            Attack.of("two Hosts", "Host: test\r\n\r\n", REFUSED, "9112, 3.2"),
            new Attack("Host with a path", "GET / HTTP/1.1\r\nHost: test/x\r\n\r\n", REFUSED, "9112, 3.2"),
            new Attack(
                    "an absolute target of another host",
                    "GET http://other/ HTTP/1.1\r\nHost: test\r\n\r\n",
                    REFUSED,
                    "9112, 3.2.2 lets the target win; a party that looks at Host alone would guard another one"),
            new Attack(
                    "an absolute target of the same host",
                    "GET http://test/ HTTP/1.1\r\nHost: test\r\n\r\n",
                    PASSED,
                    "9112, 3.2.1: passed on in origin form"),
            new Attack(
                    "user information in a target",
                    "GET http://user@test/ HTTP/1.1\r\nHost: test\r\n\r\n",
                    REFUSED,
                    "9110, 4.2.4: \"likely being used to obscure the authority\""),
            new Attack(
                    "a path out of its folder",
                    "GET /a/%2e%2e/b HTTP/1.1\r\nHost: test\r\n\r\n",
                    REFUSED,
                    "3986, 5.2.4: an upstream could decode it to what another route guards"),
            Attack.of(
                    "Upgrade: h2c",
                    "Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
                    PASSED,
                    "9113, 3.1: ignored; its fields are not passed on, so that no tunnel stands behind"),
            Attack.of("an unknown expectation", "Expect: 200-maybe\r\n\r\n", "417, closed", "9110, 10.1.1"),
            new Attack(
                    "CONNECT",
                    "CONNECT test:80 HTTP/1.1\r\nHost: test:80\r\n\r\n",
                    "501, closed",
                    "no route makes such tunnels"),
            Attack.of(
                    "a field that tells the client, with a control character in its name",
                    "X-Forwarded\u0001-For: 192.0.2.1\r\n\r\n",
                    REFUSED,
                    "9112, 2.2: another party may read it as the field"),
            Attack.of(
                    "an extension with a control character in its name, and CR in its value",
                    "X-\u0001A: a\rb\r\n\r\n",
                    REFUSED,
                    "9112, 2.2: another party may read two lines"),
            new Attack(
                    "HTTP/0.9 with the Host of another",
                    "GET / HTTP/0.9\r\nHost: other\r\nAuthorization: Basic YTpi\r\n\r\n",
                    "passed on, then closed",
                    "1945, 4.1: no field of it counts, Host is that of the target"),
            new Attack(
                    "HTTP/0.9 with a length",
                    "GET / HTTP/0.9\r\nContent-Length: 3\r\n\r\nabc",
                    REFUSED,
                    "1945, 4.1: it has no body, and who takes it for HTTP/1.0 reads one"));

    private static final String BEYOND = """

            ## Beyond the vectors

            | request | what is done | why |
            |---|---|---|
            """;

    private static final String LEFTOVERS = """

            ## What is left behind a request

            | left behind | what is done |
            |---|---|
            | a request that is refused | nothing behind it is read as a request; the connection is closed |
            | an answer that came before the body: of a route, or of an upstream that did not wait | what is left of the body is read \
            as body, up to 64 KiB and for `idle_timeout`, and dropped; beyond that the connection is closed. The request to the \
            upstream is given up with its connection |
            | 413, for a length or for what came | the connection is closed, nothing is read as a request |
            | an answer without 100 to `Expect: 100-continue` | the connection is closed: what follows may be the body or a request |
            | a request for an upgrade | not looked at until the upgrade is decided; see [tunnels.md](tunnels.md) |
            """;

    private static final String LEFT_OUT =
            "the field, an extension, is left out, as one with control characters is: a proxy in front that keeps fields"
                    + " from clients may not have known it";
    private static final String AS_CONTENT =
            "9112, 7.2: the same codings as those of content, and passed on as Content-Encoding; the body is framed by"
                    + " chunked alone";

    // What becomes of the vectors that other listeners refuse.
    private static final Map<String, String> TOLERATED = Map.ofEntries(
            Map.entry("No TE/CL headers, some others are non-compliant", LEFT_OUT),
            Map.entry("TE and some others are non-compliant", LEFT_OUT),
            Map.entry("CL and some others are non-compliant", LEFT_OUT),
            Map.entry("Different Transfer-Encoding headers", AS_CONTENT),
            Map.entry("Different Transfer-Encoding headers combined", AS_CONTENT),
            Map.entry(
                    "Transfer-Encoding with a param: chunked;custom_param",
                    "the same; parameters, which none of these codings has, are left out"),
            Map.entry("Compliant URL", "9110, 7.1: the fragment, which is no part of a target, is cut off"),
            Map.entry("Empty URI", "9112, 3.2.1: an empty path is sent as \"/\""));

    private static final String TOLERANT = """

            ## Tolerant listeners

            With `tolerant = true` a [listener](config.md#listener) takes eight of the vectors that others refuse, though RFC 9112 would have
            most of them refused; each request it takes so counts in `gojinn_tolerated_requests_total`. What it makes of them has one form, like
            everything that is passed on. Everything else is done as above, but for the coding identity, which is left out. It is meant for old
            clients that cannot be changed. **Not behind another proxy**, unless that one is known to read such requests in the same way.

            | request | what is done | why |
            |---|---|---|
            """;

    private static final List<Attack> ON_THE_TOLERANT = List.of(
            Attack.of("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", PASSED, AS_CONTENT)
                    .leaves("\r\ncontent-encoding: gzip\r\n"),
            Attack.of(
                            "gzip, chunked, of content that is encoded",
                            "Content-Encoding: br\r\nTransfer-Encoding: X-GZip;q=1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
                            PASSED,
                            "9110, 8.4: in the order in which they were applied")
                    .leaves("\r\nContent-Encoding: br\r\ncontent-encoding: x-gzip\r\n"),
            Attack.of(
                    "gzip alone", "Transfer-Encoding: gzip\r\n\r\n", REFUSED, "9112, 6.3: where it ends is not known"),
            Attack.of(
                    "chunked, gzip",
                    "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 6.3: the same"),
            Attack.of(
                    "chunked, gzip, chunked",
                    "Transfer-Encoding: chunked;a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 6.1: chunked once and last"),
            Attack.of(
                    "a coding that nobody knows, chunked",
                    "Transfer-Encoding: brotli, chunked\r\n\r\n0\r\n\r\n",
                    "501, closed",
                    "9112, 6.1"),
            Attack.of(
                    "a coding without a name, chunked",
                    "Transfer-Encoding: ;a, chunked\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 7: a coding is a token"),
            Attack.of(
                    "gzip, chunked, and a length",
                    "Content-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 6.1: two framings"),
            new Attack(
                    "gzip, chunked, in HTTP/1.0",
                    "POST / HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 6.1: HTTP/1.0 has no codings"),
            Attack.of(
                    "a parameter in quotes, with chunked in it",
                    "Transfer-Encoding: gzip;a=\", chunked\"\r\n\r\n0\r\n\r\n",
                    REFUSED,
                    "9112, 6.3: where it ends is not known"),
            Attack.of(
                    "a field that tells the client, with a space behind its name",
                    "X-Forwarded-For : 192.0.2.1\r\n\r\n",
                    REFUSED,
                    "9112, 5.1"),
            Attack.of(
                    "Content-Length with a space behind its name",
                    "Content-Length : 3\r\n\r\nabc",
                    REFUSED,
                    "9112, 5.1"),
            Attack.of(
                    "Cookie with a space behind its name",
                    "Cookie : a=b\r\n\r\n",
                    REFUSED,
                    "9112, 5.1: it is no extension"),
            Attack.of("an extension with CR behind its name", "X-A\r: a\r\n\r\n", REFUSED, "9112, 2.2"),
            new Attack(
                            "a plain request with a fragment",
                            "GET /a?b#/../c HTTP/1.1\r\nHost: test\r\n\r\n",
                            PASSED,
                            "9110, 7.1: cut off before the path is looked at")
                    .leaves("GET /a?b HTTP/1.1\r\n"),
            new Attack(
                    "a fragment alone",
                    "GET #a HTTP/1.1\r\nHost: test\r\n\r\n",
                    REFUSED,
                    "9112, 3.2: nothing is left that is a target"),
            new Attack(
                    "an empty target with one space",
                    "GET HTTP/1.1\r\nHost: test\r\n\r\n",
                    REFUSED,
                    "9112, 3: two words, which HTTP/0.9 would have"),
            new Attack(
                    "an empty target with a space behind the version",
                    "GET HTTP/1.1 \r\nHost: test\r\n\r\n",
                    REFUSED,
                    "9112, 3: the same"),
            new Attack(
                    "an empty target with three spaces",
                    "GET   HTTP/1.1\r\nHost: test\r\n\r\n",
                    REFUSED,
                    "9112, 3: of other than three words"));

    private static String why(Vector vector, boolean refused, @Nullable String stricter) {
        if (stricter != null) {
            return stricter;
        }
        if (!refused && CANONICAL.containsKey(vector.name())) {
            return String.valueOf(CANONICAL.get(vector.name()));
        }
        if (!refused) {
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

    /** Sends a request and another one behind it; returns what was done with them. */
    private String send(TestProxy to, Vector vector) {
        return send(to, vector.toString(), bytes(vector), vector.method().equals("HEAD"));
    }

    private String send(TestProxy to, Attack attack) {
        return send(to, attack.name(), (attack.request() + NEXT).getBytes(StandardCharsets.ISO_8859_1), false);
    }

    private String send(TestProxy to, String name, byte[] bytes, boolean head) {
        reached.clear();
        try (RawClient client = to.connect()) {
            sendUnlessClosed(client, bytes);
            Response response = client.read(head);
            if (response.status() != 200) {
                assertThat(response.header("connection")).as(name).isEqualTo("close");
                assertThat(client.isClosedByPeer()).as(name).isTrue();
                assertThat(reached).as(name).isEmpty();
                return response.status() + ", closed";
            }
            boolean closed = "close".equals(response.header("connection"));
            if (closed) {
                assertThat(client.isClosedByPeer()).as(name).isTrue();
                assertThat(reached).as(name).hasSize(1);
            } else {
                assertThat(client.read().status()).as(name).isEqualTo(200);
                assertThat(reached).as(name).hasSize(2);
                assertThat(reached).last().asString().startsWith("GET /next HTTP/1.1\r\n");
            }
            reached.forEach(request -> assertCanonical(name, request));
            return closed ? "passed on, then closed" : "passed on";
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

    private static void assertCanonical(String name, String request) {
        List<String> lines =
                List.of(request.substring(0, request.indexOf("\r\n\r\n")).split("\r\n", -1));
        assertThat(lines.getFirst()).as(name).matches(REQUEST_LINE);
        List<String> framing = new ArrayList<>();
        int hosts = 0;
        for (String line : lines.subList(1, lines.size())) {
            assertThat(line).as(name).matches(FIELD);
            String field = line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
            String folded = field.replaceAll("[^a-z0-9]", "");
            if (folded.equals("contentlength") || folded.equals("transferencoding")) {
                framing.add(line.toLowerCase(Locale.ROOT));
            }
            hosts += field.equals("host") ? 1 : 0;
        }
        assertThat(hosts).as(name).isEqualTo(1);
        assertThat(framing)
                .as(name)
                .hasSizeLessThan(2)
                .allMatch(line -> line.equals("transfer-encoding: chunked") || line.matches("content-length: [0-9]+"));
    }
}
