package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.route.RouteAction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as answers: what is shown, in which parts, and what never is. */
class StaticFilesTest {
    private static final String SECRET = "the secret beside the root";
    private static final FileTime OLD = FileTime.from(Instant.parse("2026-01-02T03:04:05.678901Z"));

    @TempDir
    private static Path certificates;

    @TempDir
    Path folder;

    private Path root = Path.of("");

    @BeforeEach
    void files() throws IOException {
        root = Files.createDirectories(folder.resolve("root"));
        Files.writeString(folder.resolve("secret.txt"), SECRET);
        write("index.html", "<h1>index</h1>");
        write("digits.txt", "0123456789");
        write("empty.txt", "");
        write("docs/index.html", "docs");
        write("docs/a b.css", "css");
        write("bare/file", "no extension");
        write(".env", SECRET);
        write(".git/config", SECRET);
        Files.createSymbolicLink(root.resolve("out"), folder);
        Files.createSymbolicLink(root.resolve("out.txt"), folder.resolve("secret.txt"));
        Files.createSymbolicLink(root.resolve("inside.txt"), Path.of("digits.txt"));
        Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    }

    private Path write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, text);
        return Files.setLastModifiedTime(file, OLD);
    }

    private RouteAction.Files config(Coding... precompressed) {
        return new RouteAction.Files(root, "index.html", "", List.of(precompressed), false);
    }

    private static TestProxy serving(RouteAction.Files config) {
        return TestProxy.with()
                .route("/s/*", List.of(), config)
                .route("whole", TestProxy.path("/docs/index.html"), config)
                .start();
    }

    /** Serves files, and has them asked for in every protocol. */
    private static void inEveryProtocol(RouteAction.Files config, Consumer<PathClient> asking) {
        try (TestProxy proxy = TestProxy.with()
                .listener("secure", TestCertificate.tls(certificates))
                .route("/s/*", List.of(), config)
                .start()) {
            for (PathClient.Protocol protocol : PathClient.Protocol.values()) {
                try (PathClient client = protocol.connect(proxy)) {
                    asking.accept(client);
                } catch (AssertionError | RuntimeException failure) {
                    throw new AssertionError(protocol.toString(), failure);
                }
            }
            await().until(() -> proxy.metric("gojinn_open_files") == 0);
        }
    }

    private static Response get(RawClient client, String path, String fields) {
        return client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
                .read();
    }

    @Test
    void answersWithFiles() {
        try (TestProxy proxy = serving(config());
                RawClient client = proxy.connect()) {
            Response digits = get(client, "/s/digits.txt", "");
            assertThat(digits.status()).isEqualTo(200);
            assertThat(digits.body()).isEqualTo("0123456789");
            assertThat(digits.header("content-type")).isEqualTo("text/plain; charset=utf-8");
            assertThat(digits.header("content-length")).isEqualTo("10");
            assertThat(digits.header("last-modified")).isEqualTo("Fri, 02 Jan 2026 03:04:05 GMT");
            assertThat(digits.header("accept-ranges")).isEqualTo("bytes");
            assertThat(digits.header("x-content-type-options")).isEqualTo("nosniff");
            assertThat(digits.header("etag")).matches("\"[0-9a-f]+-a\"");
            assertThat(digits.header("vary")).isNull();
            assertThat(get(client, "/s/empty.txt", "").body()).isEmpty();
            assertThat(get(client, "/s/docs/a%20b.css", "").body()).isEqualTo("css");
            assertThat(get(client, "/s/bare/file", "").header("content-type")).isEqualTo("application/octet-stream");
            // A route without a star: the whole path.
            assertThat(get(client, "/docs/index.html", "").body()).isEqualTo("docs");
        }
    }

    @Test
    void answersWithTheIndexOfAFolderAndListsNone() {
        try (TestProxy proxy = serving(config());
                RawClient client = proxy.connect()) {
            assertThat(get(client, "/s/", "").body()).isEqualTo("<h1>index</h1>");
            assertThat(get(client, "/s/docs/", "").body()).isEqualTo("docs");
            Response moved = get(client, "/s/docs?a=b", "");
            assertThat(moved.status()).isEqualTo(301);
            assertThat(moved.header("location")).isEqualTo("./docs/?a=b");
            assertThat(get(client, "/s", "").header("location")).isEqualTo("./s/");
            for (String none : List.of("/s/bare/", "/s/bare", "/s/digits.txt/", "/s/none", "/s/none/none")) {
                Response response = get(client, none, "");
                assertThat(response.status()).as(none).isEqualTo(404);
                assertThat(response.header("x-gojinn-error")).isEqualTo("no_file");
            }
        }
    }

    @Test
    void answersWithTheFallbackWhereThereIsNoFile() {
        try (TestProxy proxy = serving(new RouteAction.Files(root, "", "index.html", List.of(), false));
                RawClient client = proxy.connect()) {
            assertThat(get(client, "/s/app/view/7", "").body()).isEqualTo("<h1>index</h1>");
            assertThat(get(client, "/s/digits.txt", "").body()).isEqualTo("0123456789");
            assertThat(get(client, "/s/.env", "").status()).isEqualTo(404);
        }
    }

    @Test
    void takesGetAndHeadAlone() {
        try (TestProxy proxy = serving(config());
                RawClient client = proxy.connect()) {
            Response head = client.send("HEAD /s/digits.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n")
                    .read(true);
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("content-length")).isEqualTo("10");
            Response post = client.send("POST /s/digits.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                    .read();
            assertThat(post.status()).isEqualTo(405);
            assertThat(post.header("allow")).isEqualTo("GET, HEAD");
            // A body that comes with a GET is none of the file's business.
            assertThat(client.send("GET /s/digits.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                            .read()
                            .body())
                    .isEqualTo("0123456789");
            assertThat(get(client, "/s/digits.txt", "").status()).isEqualTo(200);
        }
    }

    /** Every way out of the root that servers have had. Whatever it is answered with, it is not the secret. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/s/../secret.txt",
                "/s/docs/../../secret.txt",
                "/s/..",
                "/s/../",
                "/s/./../secret.txt",
                "/s/%2e%2e/secret.txt",
                "/s/%2E%2E%2Fsecret.txt",
                "/s/..%2fsecret.txt",
                "/s/%252e%252e/secret.txt",
                "/s/%252e%252e%252fsecret.txt",
                "/s/%25%32%65%25%32%65/secret.txt",
                "/s/..%255csecret.txt",
                "/s/..\\secret.txt",
                "/s/..%5csecret.txt",
                "/s/%5c..%5csecret.txt",
                "/s/....//secret.txt",
                "/s/....\\/secret.txt",
                "/s/..;/secret.txt",
                "/s/..;a=b/secret.txt",
                "/s/.%00./secret.txt",
                "/s/../secret.txt%00.html",
                "/s/digits.txt%00",
                "/s/digits.txt%00.html",
                "/s/%c0%ae%c0%ae/secret.txt",
                "/s/%c0%ae%c0%ae%c0%afsecret.txt",
                "/s/%e0%80%ae%e0%80%ae/secret.txt",
                "/s/%uff0e%uff0e/secret.txt",
                "/s/\u00c0\u00ae\u00c0\u00ae/secret.txt",
                "/s//../secret.txt",
                "/s///../secret.txt",
                "/s//etc/passwd",
                "/s/%2fetc%2fpasswd",
                "/s/file:///etc/passwd",
                "/s/C:/Windows/win.ini",
                "/s/C:%5cWindows%5cwin.ini",
                "/s/~root/.profile",
                "/s/out/secret.txt",
                "/s/out.txt",
                "/s/out",
                "/s/out/",
                "/s/out/root/out/secret.txt",
                "/s/loop",
                "/s/inside.txt",
                "/s/.env",
                "/s/%2eenv",
                "/s/.git/config",
                "/s/.git",
                "/s/.git/",
                "/s/docs/.../a",
                "/s/digits.txt/../../../secret.txt",
                "/s/digits.txt/.",
                "/s/digits.txt.",
                "/s/digits.txt%20",
                "/s/digits.txt::$DATA",
                "/s/DIGITS.TXT",
                "/s/digits.txt%0d%0aX-Injected:%201"
            })
    void showsNothingOutsideOfItsRoot(String path) {
        inEveryProtocol(config(), client -> {
            Response response = client.get(path, "");
            assertThat(response.body()).doesNotContain(SECRET).doesNotContain("root:");
            assertThat(response.status()).isIn(400, 404);
            assertThat(response.header("x-injected")).isNull();
        });
    }

    @Test
    void followsLinksInsideOfItsRootWhenAsked() throws IOException {
        Files.createSymbolicLink(root.resolve("latest"), Path.of("docs"));
        Files.createSymbolicLink(root.resolve("hidden"), Path.of(".git"));
        Files.createSymbolicLink(root.resolve("absolute.txt"), root.resolve("digits.txt"));
        try (TestProxy proxy = serving(new RouteAction.Files(root, "index.html", "", List.of(), true));
                RawClient client = proxy.connect()) {
            assertThat(get(client, "/s/inside.txt", "").body()).isEqualTo("0123456789");
            assertThat(get(client, "/s/absolute.txt", "").body()).isEqualTo("0123456789");
            assertThat(get(client, "/s/latest/", "").body()).isEqualTo("docs");
            for (String none : List.of("/s/out.txt", "/s/out/secret.txt", "/s/out/", "/s/loop", "/s/.env")) {
                Response response = get(client, none, "");
                assertThat(response.status()).as(none).isEqualTo(404);
                assertThat(response.body()).doesNotContain(SECRET);
            }
        }
    }

    @Test
    void opensNothingButFiles() throws Exception {
        Path pipe = root.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (TestProxy proxy = serving(config());
                RawClient client = proxy.connect()) {
            assertThat(get(client, "/s/pipe", "").status()).isEqualTo(404);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-0   | 206 | bytes 0-0/10 | 0",
                "bytes=2-4   | 206 | bytes 2-4/10 | 234",
                "bytes=7-    | 206 | bytes 7-9/10 | 789",
                "bytes=-3    | 206 | bytes 7-9/10 | 789",
                "bytes=0-99  | 206 | bytes 0-9/10 | 0123456789",
                "bytes=9-9   | 206 | bytes 9-9/10 | 9",
                "bytes=-99   | 206 | bytes 0-9/10 | 0123456789",
                "Bytes=2-4   | 206 | bytes 2-4/10 | 234",
                "bytes=2-18446744073709551615 | 206 | bytes 2-9/10 | 23456789",
                "bytes=10-   | 416 | bytes */10   | ''",
                "bytes=99999999999999999999-  | 416 | bytes */10 | ''",
                "bytes=      | 200 |              | 0123456789",
                "bytes=a-b   | 200 |              | 0123456789",
                "bytes=1     | 200 |              | 0123456789",
                "bytes=-     | 200 |              | 0123456789",
                "bytes=+1-2  | 200 |              | 0123456789",
                "bytes=0-0,-1,,5- | 200 |         | 0123456789",
                "bytes=-0    | 416 | bytes */10   | ''",
                "bytes=0-1,3-4 | 200 |            | 0123456789",
                "bytes=4-2   | 200 |              | 0123456789",
                "lines=1-2   | 200 |              | 0123456789"
            })
    void answersWithParts(String range, int status, String contentRange, String body) {
        inEveryProtocol(config(), client -> {
            Response response = client.get("/s/digits.txt", "Range: " + range + "\r\n");
            assertThat(response.status()).isEqualTo(status);
            assertThat(response.header("content-range")).isEqualTo(contentRange);
            assertThat(response.body()).isEqualTo(body);
            assertThat(client.get("/s/digits.txt", "").body()).isEqualTo("0123456789");
        });
    }

    @Test
    void answersWithAPartOfTheSameFileAlone() {
        inEveryProtocol(config(), client -> {
            String tag = client.get("/s/digits.txt", "").header("etag");
            String range = "Range: bytes=2-4\r\nIf-Range: ";
            assertThat(client.get("/s/digits.txt", range + tag + "\r\n").status())
                    .isEqualTo(206);
            assertThat(client.get("/s/digits.txt", range + "\"other\"\r\n").body())
                    .isEqualTo("0123456789");
            assertThat(client.get("/s/digits.txt", range + "W/" + tag + "\r\n").status())
                    .isEqualTo(200);
            assertThat(client.get("/s/digits.txt", range + "Fri, 02 Jan 2026 03:04:05 GMT\r\n")
                            .status())
                    .isEqualTo(206);
            assertThat(client.get("/s/digits.txt", range + "Fri, 02 Jan 2026 03:04:06 GMT\r\n")
                            .status())
                    .isEqualTo(200);
        });
    }

    @Test
    void answersConditions() {
        inEveryProtocol(config(), client -> {
            String tag = client.get("/s/digits.txt", "").header("etag");
            Response same = client.get("/s/digits.txt", "If-None-Match: \"x\", W/" + tag + "\r\nRange: bytes=0-1\r\n");
            assertThat(same.status()).isEqualTo(304);
            assertThat(same.header("etag")).isEqualTo(tag);
            assertThat(same.header("content-length")).isNull();
            assertThat(client.get("/s/digits.txt", "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT\r\n")
                            .status())
                    .isEqualTo(304);
            assertThat(client.get("/s/digits.txt", "If-Match: \"x\"\r\n").status())
                    .isEqualTo(412);
            assertThat(client.get("/s/digits.txt", "If-Unmodified-Since: Fri, 02 Jan 2026 03:04:04 GMT\r\n")
                            .status())
                    .isEqualTo(412);
            assertThat(client.get("/s/digits.txt", "If-Match: " + tag + "\r\n").body())
                    .isEqualTo("0123456789");
            assertThat(client.get("/s/none", "If-Match: *\r\n").status()).isEqualTo(404);
        });
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    void answersWithWhatIsCompressedAlready() throws IOException {
        Files.setLastModifiedTime(Files.write(root.resolve("digits.txt.gz"), gzip("0123456789")), OLD);
        write("digits.txt.br", "in Brotli");
        try (TestProxy proxy = serving(config(Coding.BR, Coding.GZIP));
                RawClient client = proxy.connect()) {
            Response plain = get(client, "/s/digits.txt", "");
            assertThat(plain.body()).isEqualTo("0123456789");
            assertThat(plain.header("vary")).isEqualToIgnoringCase("accept-encoding");
            Response brotli = get(client, "/s/digits.txt", "Accept-Encoding: gzip, br\r\n");
            assertThat(brotli.header("content-encoding")).isEqualTo("br");
            assertThat(brotli.header("content-type")).isEqualTo("text/plain; charset=utf-8");
            assertThat(brotli.body()).isEqualTo("in Brotli");
            assertThat(brotli.header("etag")).isNotEqualTo(plain.header("etag")).endsWith("-br\"");
            Response part = get(client, "/s/digits.txt", "Accept-Encoding: br\r\nRange: bytes=3-\r\n");
            assertThat(part.body()).isEqualTo("Brotli");
            Response gzip = get(client, "/s/digits.txt", "Accept-Encoding: gzip, br;q=0\r\n");
            assertThat(gzip.header("content-encoding")).isEqualTo("gzip");
            assertThat(get(client, "/s/digits.txt", "Accept-Encoding: zstd\r\n").header("content-encoding"))
                    .isNull();
            assertThat(get(client, "/s/docs/a%20b.css", "Accept-Encoding: br\r\n")
                            .body())
                    .isEqualTo("css");
            // By its own name it is a file like others.
            assertThat(get(client, "/s/digits.txt.gz", "").header("content-type"))
                    .isEqualTo("application/gzip");
            // What is older than the file was made of another one.
            Files.setLastModifiedTime(
                    root.resolve("digits.txt"), FileTime.from(OLD.toInstant().plusSeconds(1)));
            assertThat(get(client, "/s/digits.txt", "Accept-Encoding: br\r\n").body())
                    .isEqualTo("0123456789");
        }
    }

    private Path large(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        new Random(1).nextBytes(content);
        Path file = Files.write(root.resolve("large.bin"), content);
        return Files.setLastModifiedTime(file, OLD);
    }

    @Test
    void streamsLargeFiles() throws IOException {
        Path file = large(5_000_001);
        byte[] content = Files.readAllBytes(file);
        inEveryProtocol(config(), client -> {
            Response response = client.get("/s/large.bin", "");
            assertThat(response.body().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(content);
            Response part = client.get("/s/large.bin", "Range: bytes=1000000-4000000\r\n");
            assertThat(part.body()).isEqualTo(response.body().substring(1_000_000, 4_000_001));
        });
    }

    /** Many at once, some of which leave in the middle: nothing stays open. */
    @Test
    void closesWhatNobodyReadsAnyMore() throws Exception {
        large(20_000_000);
        try (TestProxy proxy = serving(config())) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                clients.add(proxy.connect().get("/s/large.bin"));
            }
            await().until(() -> proxy.metric("gojinn_open_files") == 30);
            for (RawClient client : clients) {
                client.socket.setSoLinger(true, 0);
                client.close();
            }
            await().until(() -> proxy.metric("gojinn_open_files") == 0);
            assertThat(openFiles("large.bin")).isZero();
        }
    }

    private static long openFiles(String name) throws IOException {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .filter(descriptor -> {
                        try {
                            return Files.readSymbolicLink(descriptor).endsWith(name);
                        } catch (IOException closed) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    /** A file that is cut off, or written to, while it is sent: the answer breaks off, and neither hangs nor looks whole. */
    @ParameterizedTest
    @ValueSource(strings = {"truncate", "overwrite"})
    void breaksOffWhenTheFileChanges(String change) throws Exception {
        Path file = large(60_000_000);
        try (TestProxy proxy = serving(config());
                RawClient client = proxy.connect()) {
            client.get("/s/large.bin");
            // The client reads nothing: most of the file has not been read by now.
            await().until(() -> proxy.metric("gojinn_open_files") == 1);
            try (RandomAccessFile writer = new RandomAccessFile(file.toFile(), "rw")) {
                if (change.equals("truncate")) {
                    writer.setLength(30_000_000);
                } else {
                    writer.seek(59_000_000);
                    writer.write(new byte[500]);
                }
            }
            Response response = client.readIfAny(false);
            assertThat(response == null || !response.whole()).isTrue();
            await().atMost(Duration.ofSeconds(5)).until(() -> proxy.metric("gojinn_open_files") == 0);
        }
    }

    /** A file that another one takes the place of goes on as it was. */
    @Test
    void goesOnWithTheFileItHasOpened() throws Exception {
        Path file = large(30_000_000);
        byte[] before = Files.readAllBytes(file);
        try (TestProxy proxy = serving(config());
                RawClient client = proxy.connect()) {
            client.get("/s/large.bin");
            await().until(() -> proxy.metric("gojinn_open_files") == 1);
            Path next = Files.writeString(root.resolve("next"), "another");
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            assertThat(client.read().body().getBytes(StandardCharsets.ISO_8859_1))
                    .isEqualTo(before);
            assertThat(get(client, "/s/large.bin", "").body()).isEqualTo("another");
        }
    }

    @Test
    void aRootThatIsGoneIsAnErrorOfOurs() throws IOException {
        Path gone = Files.createDirectories(folder.resolve("gone"));
        try (TestProxy proxy = serving(new RouteAction.Files(gone, "index.html", "", List.of(), false));
                RawClient client = proxy.connect()) {
            Files.delete(gone);
            Response response = get(client, "/s/a", "");
            assertThat(response.status()).isEqualTo(500);
            assertThat(response.header("x-gojinn-error")).isEqualTo("file_unreadable");
            assertThat(response.body()).doesNotContain("gone");
        }
    }

    /** The root may be a link that comes to lead elsewhere: that is how many deploy. */
    @Test
    void followsItsRoot() throws IOException {
        Path current = folder.resolve("current");
        Files.createSymbolicLink(current, root);
        Path next = Files.createDirectories(folder.resolve("next"));
        Files.writeString(next.resolve("digits.txt"), "next");
        try (TestProxy proxy = serving(new RouteAction.Files(current, "index.html", "", List.of(), false));
                RawClient client = proxy.connect()) {
            assertThat(get(client, "/s/digits.txt", "").body()).isEqualTo("0123456789");
            Files.delete(current);
            Files.createSymbolicLink(current, next);
            assertThat(get(client, "/s/digits.txt", "").body()).isEqualTo("next");
        }
    }
}
