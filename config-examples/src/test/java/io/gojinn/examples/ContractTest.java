package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.gojinn.examples.ClearHttp2.Answer;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The contract of docs/contract.md, whole: a function that does what a field of the request says, as a handler and in both
 * phases of middleware, behind a server of its own.
 */
@SuppressWarnings("NullAway.Init") // set before all tests
class ContractTest {
    private static final String LARGE =
            "timeout = \"60s\"\nmax_body = \"12MiB\"\nmax_output = \"40MiB\"\nmemory = \"256MiB\"\n";

    private static final String SECRET = "known-to-operators";

    @TempDir
    private static Path folder;

    private static HttpServer upstream;
    private static Gojinn gojinn;
    private static Gojinn.Served served;
    private static SSLContext tls;
    private static ClearHttp2 clearHttp2;
    private static List<Transport> transports;

    /** A way to speak to the server. */
    record Transport(String name, Client client) {
        Answer send(String path, byte @Nullable [] body, String... fields) {
            return client.send(path, body, fields).join();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Sends a request, with a body when it is a POST, and with fields as names and values in turn. */
    interface Client {
        CompletableFuture<Answer> send(String path, byte @Nullable [] body, String... fields);
    }

    /** Where a function stands: the field it obeys, and the path of a route that it stands in the way of. */
    private record Position(String field, String path) {}

    private static final List<Position> POSITIONS = List.of(
            new Position("X-Handler", "/handler"),
            new Position("X-In", "/forwarded"),
            new Position("X-Out", "/forwarded"),
            new Position("X-In", "/handler"),
            new Position("X-Out", "/handler"),
            new Position("X-In", "/fixed"),
            new Position("X-Out", "/fixed"));

    private static String function(String name, String field, String fallback, String limits) {
        return "[[function]]\nname = \"%s\"\nmodule = \"%s\"\nenv = { FIELD = \"%s\", DEFAULT = '%s' }\n%s"
                .formatted(
                        name,
                        Path.of(System.getProperty("gojinn.root"), "config-examples/src/test/modules/answer.wasm"),
                        field,
                        fallback,
                        limits);
    }

    private static String middleware(String name, String phase, String body) {
        return "[[middleware]]\nname = \"m-%s\"\nfunction = \"%s\"\nphases = [\"%s\"]\nbody = \"%s\"\n"
                .formatted(name, name, phase, body);
    }

    private static String route(String path, String middleware, String action) {
        return "[[route]]\nname = \"%s\"\nmatch = { path = \"%s\" }\nmiddleware = [%s]\n%s\n"
                .formatted(path.substring(1).replace("/*", ""), path, middleware, action);
    }

    /** Functions for all three positions with the same limits, and routes with them. */
    private static String set(String name, String limits) {
        return function(name + "handler", "X-Handler", "{\"status\":200,\"body\":\"handled\"}", limits)
                + function(name + "in", "X-In", "{}", limits)
                + function(name + "out", "X-Out", "{}", limits)
                + middleware(name + "in", "request", "none")
                + middleware(name + "out", "response", "none")
                + Stream.of(
                                "handler|function = \"" + name + "handler\"",
                                "forwarded|upstream = \"app\"",
                                "fixed|respond = { body = \"fixed\" }")
                        .map(route -> route(
                                "/" + name + route.substring(0, route.indexOf('|')),
                                "\"m-" + name + "in\", \"m-" + name + "out\"",
                                route.substring(route.indexOf('|') + 1)))
                        .reduce("", String::concat);
    }

    @BeforeAll
    static void serve() throws Exception {
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        upstream.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("X-Got", exchange.getRequestMethod() + " " + exchange.getRequestURI());
            exchange.getRequestHeaders()
                    .getOrDefault("X-Tag", List.of())
                    .forEach(tag -> exchange.getResponseHeaders().add("X-Tagged", tag));
            exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        upstream.start();
        String text = """
                [[listener]]
                name = "web"
                address = "127.0.0.1:8080"
                limits = { header_count = 700, header_bytes = "128KiB" }
                [[listener]]
                name = "secure"
                address = "127.0.0.1:8443"
                tls = { certificates = [{ certificate = "site.pem", key = "site.key" }] }
                limits = { header_count = 700, header_bytes = "128KiB" }
                [admin]
                address = "127.0.0.1:2019"
                [debug]
                secret = "%s"
                [[upstream]]
                name = "app"
                targets = ["http://127.0.0.1:%d"]
                """.formatted(SECRET, upstream.getAddress().getPort())
                + set("", "timeout = \"30s\"\nmax_output = \"1MiB\"\nmemory = \"20MiB\"\n")
                + set("poor", "timeout = \"30s\"\nfuel = 5_000_000\n")
                + set("short", "timeout = \"100ms\"\n")
                + set("narrow", "timeout = \"60s\"\nconcurrency = 1\nqueue = 0\n")
                + function("echo", "X-None", "!echo", LARGE)
                + middleware("echo", "request\", \"response", "buffer")
                + route("/echo", "\"m-echo\"", "upstream = \"app\"")
                + "[[function]]\nname = \"answer\"\nmodule = \"../functions/echo.wasm\"\n" + LARGE
                + route("/answer", "", "function = \"answer\"")
                + route("/answer-echoed", "\"m-echo\"", "function = \"answer\"")
                + function("small", "X-None", "!echo", "max_body = \"1KiB\"\n")
                + middleware("small", "request", "buffer")
                + function("small-out", "X-None", "!echo", "max_body = \"1KiB\"\n")
                + middleware("small-out", "response", "buffer")
                + route("/small-in", "\"m-small\"", "upstream = \"app\"")
                + route("/small-out", "\"m-small-out\"", "upstream = \"app\"")
                + route("/small-handler", "", "function = \"small\"");
        served = Gojinn.config(text, folder);
        X509Bundle bundle = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        Files.writeString(folder.resolve("site.pem"), bundle.getCertificatePathPEM());
        Files.writeString(folder.resolve("site.key"), bundle.getPrivateKeyPEM());
        tls = trusting(bundle);
        gojinn = Gojinn.serve(served.file());
        clearHttp2 = new ClearHttp2(served.port());
        String clear = "http://127.0.0.1:" + served.port();
        String secure = "https://localhost:" + served.tlsPort();
        transports = List.of(
                new Transport("HTTP/1.1", client(HttpClient.Version.HTTP_1_1, clear)),
                new Transport("HTTP/1.1 over TLS", client(HttpClient.Version.HTTP_1_1, secure)),
                new Transport("HTTP/2", clearHttp2::send),
                new Transport("HTTP/2 over TLS", client(HttpClient.Version.HTTP_2, secure)));
    }

    private static SSLContext trusting(X509Bundle bundle) throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("site", bundle.getCertificate());
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    @AfterAll
    static void stop() {
        clearHttp2.close();
        gojinn.close();
        upstream.stop(0);
    }

    private static List<Transport> transports() {
        return transports;
    }

    private static Client client(HttpClient.Version version, String base) {
        HttpClient client =
                HttpClient.newBuilder().version(version).sslContext(tls).build();
        return (path, body, fields) -> {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
            if (body != null) {
                request.POST(BodyPublishers.ofByteArray(body));
            }
            if (fields.length > 0) {
                request.headers(fields);
            }
            return client.sendAsync(request.build(), BodyHandlers.ofByteArray())
                    .thenApply(response -> new Answer(response.statusCode(), response.headers(), response.body()));
        };
    }

    private static Transport plain() {
        return transports().getFirst();
    }

    private static String outcome(Answer response) {
        return response.statusCode() + " "
                + response.headers().firstValue("x-gojinn-error").orElse("-");
    }

    private static String text(Answer response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    // How executions end.

    @ParameterizedTest
    @MethodSource("transports")
    void everyEndHasItsStatusWhereverTheFunctionStands(Transport transport) throws Exception {
        for (Position position : POSITIONS) {
            String[][] ends = {
                {"!exit", "500 exit", ""},
                {"!trap", "500 trap", ""},
                {"!stack", "500 stack", ""},
                {"!memory", "500 memory", ""},
                {"!spin", "504 deadline", "short"},
                {"!spin", "504 fuel", "poor"},
                {"!flood", "502 output_limit", ""},
                {"!nothing", "502 contract", ""},
                {"hello", "502 contract", ""},
                {"{\"status\":200,\"headers\":{\"X-A\":\"a\\r\\nX-Evil: b\"}}", "502 contract", ""},
                {"{\"status\":99}", "502 contract", ""},
                {"{\"status\":418,\"body\":\"tea\"}", "418 -", ""},
            };
            for (String[] end : ends) {
                // One after the other: beside others, those with little time might never get to run.
                Answer response = transport.send(path(position, end[2]), null, position.field(), end[0]);
                assertThat(outcome(response))
                        .as("%s as %s on %s", end[0], position.field(), path(position, end[2]))
                        .isEqualTo(end[1]);
                if (end[1].endsWith("-")) {
                    assertThat(text(response)).isEqualTo("tea");
                } else {
                    assertThat(text(response)).matches("\\{\"error\":\"[a-z_]+\",\"trace_id\":\"[0-9a-f]{32}\"}");
                }
            }
        }
        assertThat(text(transport.send("/handler", null))).isEqualTo("handled");
        assertThat(text(transport.send("/fixed", null))).isEqualTo("fixed");
    }

    /** The path of its route in a set of functions. */
    private static String path(Position position, String set) {
        return "/" + set + position.path().substring(1);
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aBodyOverItsLimitIsRefused(Transport transport) throws Exception {
        assertThat(outcome(transport.send("/small-handler", new byte[1025]))).isEqualTo("413 body_limit");
        assertThat(outcome(transport.send("/small-in", new byte[1025]))).isEqualTo("413 body_limit");
        assertThat(outcome(transport.send("/small-out", new byte[1025]))).isEqualTo("502 response_limit");
        assertThat(outcome(transport.send("/small-in", new byte[1024]))).isEqualTo("200 -");
        assertThat(outcome(transport.send("/small-out", new byte[1024]))).isEqualTo("200 -");
    }

    @ParameterizedTest
    @MethodSource("transports")
    void whoeverFindsNoRoomIsToldAtOnce(Transport transport) throws Exception {
        for (String field : List.of("X-Handler", "X-In", "X-Out")) {
            // An answer comes before its instance is restored, and until then there is no room for another.
            awaitNoneRunning();
            try (Socket holding = new Socket(InetAddress.getLoopbackAddress(), served.port())) {
                holding.getOutputStream()
                        .write(bytes("GET /narrowhandler HTTP/1.1\r\nHost: a\r\n" + field + ": !spin\r\n\r\n"));
                awaitRunning(1);
                Answer response = transport.send("/narrowhandler", null);
                assertThat(outcome(response)).as(field).isEqualTo("503 overloaded");
                assertThat(response.headers().firstValue("retry-after")).contains("1");
            }
            // Whoever leaves makes room.
            awaitNoneRunning();
            assertThat(outcome(transport.send("/narrowhandler", null)))
                    .as(field)
                    .isEqualTo("200 -");
        }
    }

    private static void awaitNoneRunning() {
        URI metrics = URI.create("http://127.0.0.1:" + served.adminPort() + "/metrics");
        await().pollInterval(Duration.ofMillis(20))
                .atMost(Duration.ofSeconds(30))
                .until(() -> Gojinn.get(metrics)
                        .body()
                        .lines()
                        .filter(line -> line.startsWith("gojinn_function_running{"))
                        .allMatch(line -> line.endsWith(" 0.0")));
    }

    private static void awaitRunning(int executions) {
        await().pollInterval(Duration.ofMillis(20))
                .atMost(Duration.ofSeconds(30))
                .until(() -> served.metric("gojinn_active_sandboxes") == executions);
    }

    // What goes on.

    @ParameterizedTest
    @MethodSource("transports")
    void messagesGoOnWithTheirChanges(Transport transport) throws Exception {
        Answer untouched = transport.send("/forwarded", bytes("body"), "X-Tag", "t");
        assertThat(text(untouched)).isEqualTo("body");
        assertThat(untouched.headers().firstValue("x-got")).contains("POST /forwarded");
        for (String nothing :
                List.of("{}", "{ }", "{\"next\":{}}", "{\"next\":null}", "{\"next\":{\"headers\":null}}")) {
            assertThat(text(transport.send("/forwarded", bytes("body"), "X-In", nothing)))
                    .isEqualTo("body");
        }
        for (String nothing : List.of("{}", "{\"response\":{}}", "{\"response\":{\"headers\":{\"set\":null}}}")) {
            assertThat(text(transport.send("/forwarded", bytes("body"), "X-Out", nothing)))
                    .isEqualTo("body");
        }
        Answer changed = transport.send(
                "/forwarded",
                bytes("body"),
                "X-Tag",
                "client",
                "X-In",
                "{\"next\":{\"method\":\"PUT\",\"uri\":\"/other//path?a=\\u00e4\",\"headers\":{\"remove\":[\"x-tag\"],"
                        + "\"set\":{\"X-Tag\":[\"one\"],\"Connection\":\"close\",\"Host\":\"evil\"},\"add\":{\"X-Tag\":\"two\"}}}}",
                "X-Out",
                "{\"response\":{\"status\":202,\"headers\":{\"set\":{\"X-New\":\"n\",\"Content-Length\":\"1\"},"
                        + "\"remove\":[\"X-Got2\"]}}}");
        assertThat(changed.statusCode()).isEqualTo(202);
        assertThat(text(changed)).isEqualTo("body");
        assertThat(changed.headers().firstValue("x-got")).contains("PUT /other/path?a=%C3%A4");
        assertThat(changed.headers().allValues("x-tagged")).containsExactly("one", "two");
        assertThat(changed.headers().firstValue("x-new")).contains("n");
        Answer replaced = transport.send(
                "/forwarded",
                bytes("body"),
                "X-Out",
                "{\"status\":500,\"headers\":{\"X-B\":[\"1\",\"2\"]},\"body\":\"b\"}");
        assertThat(outcome(replaced)).isEqualTo("500 -");
        assertThat(text(replaced)).isEqualTo("b");
        assertThat(replaced.headers().map())
                .containsEntry("x-b", List.of("1", "2"))
                .doesNotContainKey("x-got");
    }

    @Test
    void whatIsMeantToStopAMessageNeverLetsItPass() throws Exception {
        for (String answer : List.of(
                "{\"nxt\":{}}",
                "{\"next\":{},\"next\":{}}",
                "{\"next\":{},\"status\":200}",
                "{\"response\":{}}",
                "{\"body\":\"no\"}",
                "{\"stauts\":403}",
                "{\"next\":{\"status\":403}}",
                "{\"next\":{\"header\":{}}}",
                "{\"next\":{\"headers\":{\"X-A\":\"b\"}}}",
                "{\"next\":{\"body\":\"x\"}}",
                "{\"next\":{\"method\":\"CONNECT\"}}",
                "{\"next\":{\"method\":\"A B\"}}",
                "{\"next\":{\"uri\":\"http://evil/\"}}",
                "{\"next\":{\"uri\":\"/a/../b\"}}",
                "{\"next\":{\"uri\":\"/a HTTP/1.1\\r\\nX-Evil: 1\"}}",
                "{\"next\":{\"headers\":{\"set\":{\"X-A\":\"\\u0000\"}}}}",
                "{} {}")) {
            assertThat(outcome(plain().send("/forwarded", null, "X-In", answer)))
                    .as(answer)
                    .isEqualTo("502 contract");
        }
        for (String answer : List.of(
                "{\"next\":{}}",
                "{\"response\":{\"uri\":\"/\"}}",
                "{\"response\":{\"status\":103}}",
                "{\"response\":{\"body\":\"x\"}}")) {
            assertThat(outcome(plain().send("/forwarded", null, "X-Out", answer)))
                    .as(answer)
                    .isEqualTo("502 contract");
        }
    }

    // What functions are told.

    @ParameterizedTest
    @MethodSource("transports")
    void fieldsAreToldInCanonicalFormHoweverTheyCame(Transport transport) throws Exception {
        List<String> fields =
                new ArrayList<>(List.of("x-HANDLER", "!show", "x-twice", "a", "X-Twice", "b", "x-empty", ""));
        for (int i = 0; i < 500; i++) {
            fields.addAll(List.of("x-many-" + i, "v" + i));
        }
        JsonNode envelope = JsonMapper.shared()
                .readTree(transport
                        .send("/handler", bytes("gr\u00fc\u00df"), fields.toArray(String[]::new))
                        .body());
        JsonNode headers = envelope.get("headers");
        assertThat(headers.get("X-Twice").toString()).isEqualTo("[\"a\",\"b\"]");
        assertThat(headers.get("X-Empty").toString()).isEqualTo("[\"\"]");
        for (int i = 0; i < 500; i++) {
            assertThat(headers.get("X-Many-" + i).toString()).isEqualTo("[\"v" + i + "\"]");
        }
        assertThat(envelope.get("body").asString()).isEqualTo("gr\u00fc\u00df");
        assertThat(envelope.get("phase").asString()).isEqualTo("request");
        assertThat(envelope.get("version").asInt()).isEqualTo(1);
        assertThat(envelope.has("response")).isFalse();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void fiveHundredFieldsOfAnAnswerComeBack(Transport transport) {
        String fields = IntStream.range(0, 500)
                .mapToObj(i -> "\"x-many-%d\":[\"v%d\"]".formatted(i, i))
                .collect(Collectors.joining(","));
        for (Position position : POSITIONS) {
            Answer answer = transport.send(
                    position.path(), null, position.field(), "{\"status\":200,\"headers\":{" + fields + "}}");
            assertThat(outcome(answer)).isEqualTo("200 -");
            for (int i = 0; i < 500; i++) {
                assertThat(answer.headers().allValues("x-many-" + i)).containsExactly("v" + i);
            }
        }
    }

    @Test
    void theMembersOfEnvelopesAreThoseOfVersionOne() throws Exception {
        List<String> request = List.of(
                "method",
                "uri",
                "headers",
                "body",
                "trace_id",
                "version",
                "scheme",
                "host",
                "path",
                "query",
                "params",
                "remote_addr",
                "route",
                "phase");
        assertThat(JsonMapper.shared()
                        .readTree(plain().send("/handler", null, "X-Handler", "!show")
                                .body())
                        .propertyNames())
                .containsExactlyElementsOf(request);
        assertThat(JsonMapper.shared()
                        .readTree(plain().send("/fixed", null, "X-In", "!show").body())
                        .propertyNames())
                .containsExactlyElementsOf(request);
        JsonNode back = JsonMapper.shared()
                .readTree(plain().send("/fixed", null, "X-Out", "!show").body());
        assertThat(back.propertyNames())
                .containsExactlyElementsOf(
                        Stream.concat(request.stream(), Stream.of("response")).toList());
        assertThat(back.get("phase").asString()).isEqualTo("response");
        assertThat(back.get("response").propertyNames()).containsExactly("status", "headers", "body");
        assertThat(back.get("response").get("status").asInt()).isEqualTo(200);
    }

    @ParameterizedTest
    @MethodSource("transports")
    void whoKnowsTheSecretIsShownWhatFunctionsLog(Transport transport) throws Exception {
        String[] logging = {"X-In", "!log first, 100%", "X-Handler", "!unknown"};
        String[] knowing = Stream.concat(Arrays.stream(logging), Stream.of("X-Gojinn-Debug", SECRET))
                .toArray(String[]::new);
        Answer shown = transport.send("/handler", null, knowing);
        assertThat(outcome(shown)).isEqualTo("500 exit");
        assertThat(shown.headers().firstValue("x-gojinn-logs").orElse(""))
                .matches("[a-z]+ first%2C 100%25, [a-z]+ an unknown command");
        for (String wrong : List.of("", "known-to-operator", "known-to-operators2")) {
            knowing[knowing.length - 1] = wrong;
            assertThat(transport.send("/handler", null, knowing).headers().firstValue("x-gojinn-logs"))
                    .isEmpty();
        }
        assertThat(transport.send("/handler", null, logging).headers().firstValue("x-gojinn-logs"))
                .isEmpty();
        assertThat(text(transport.send("/handler", null, "X-Handler", "!show", "X-Gojinn-Debug", SECRET)))
                .doesNotContain(SECRET)
                .doesNotContain("Debug");
    }

    // Bodies.

    @ParameterizedTest
    @MethodSource("transports")
    void bodiesOfEveryLengthComeBackIdentical(Transport transport) {
        Random random = new Random(5);
        ConcurrentMap<Integer, String> wrong = new ConcurrentHashMap<>();
        for (String path : List.of("/answer-echoed", "/echo")) {
            // One transport takes every length through a handler and both phases of middleware; what differs elsewhere
            // does not
            // depend on single bytes of length.
            int step = transport.equals(plain()) && path.equals("/answer-echoed") ? 1 : 7;
            List<CompletableFuture<Void>> running = new ArrayList<>();
            for (int length = 0; length <= 4096; length += step) {
                byte[] body = new byte[length];
                random.nextBytes(body);
                int at = length;
                running.add(transport.client().send(path, body).thenAccept(response -> {
                    if (response.statusCode() != 200 || !Arrays.equals(response.body(), body)) {
                        wrong.put(at, outcome(response));
                    }
                }));
                if (running.size() == 32) {
                    CompletableFuture.allOf(running.toArray(CompletableFuture<?>[]::new))
                            .join();
                    running.clear();
                }
            }
            CompletableFuture.allOf(running.toArray(CompletableFuture<?>[]::new))
                    .join();
            assertThat(wrong).as(path).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aLargeBodyComesBackIdenticalTextOrNot(Transport transport) {
        byte[] binary = new byte[10 << 20];
        new Random(6).nextBytes(binary);
        byte[] text = "\u00e4\"\\\n\u0001".repeat(200_000).getBytes(StandardCharsets.UTF_8);
        byte[] truncated = Arrays.copyOf("\u20ac".getBytes(StandardCharsets.UTF_8), 2);
        // The first transport takes every way, the others that through a handler and both phases of middleware.
        List<String> paths =
                transport.equals(plain()) ? List.of("/answer", "/echo", "/answer-echoed") : List.of("/answer-echoed");
        for (byte[] body : List.of(binary, text, truncated)) {
            for (String path : paths) {
                Answer response = transport.send(path, body);
                assertThat(outcome(response)).isEqualTo("200 -");
                assertThat(Arrays.equals(response.body(), body)).as(path).isTrue();
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
