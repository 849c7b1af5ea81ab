package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of limits, compression and files serve what their comments say. */
class ContentExamplesTest {
    private static final Path EXAMPLES = Path.of(System.getProperty("gojinn.root"), "config-examples");

    @TempDir
    Path folder;

    private static HttpResponse<byte[]> get(URI uri, String... fields) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri);
            return client.send(
                    (fields.length == 0 ? request : request.headers(fields)).build(),
                    HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    @Test
    void limitsLetFivePassAndTellTheRestWhenToComeBack() throws Exception {
        Gojinn.Served served = Gojinn.example("limits", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            int passed = 0;
            HttpResponse<byte[]> last = get(served.uri("/"));
            while (last.statusCode() == 200) {
                passed++;
                assertThat(last.headers().firstValue("ratelimit-policy")).contains("\"per-client\";q=60;w=60");
                last = get(served.uri("/"));
            }
            // Another one comes back every second, and this machine may be slow.
            assertThat(passed).isBetween(5, 30);
            assertThat(last.statusCode()).isEqualTo(429);
            assertThat(last.headers().firstValue("retry-after")).contains("1");
            for (int i = 0; i < 4; i++) {
                assertThat(get(served.uri("/api"), "X-API-Key", "mine").statusCode())
                        .isEqualTo(i < 3 ? 200 : 429);
            }
            assertThat(get(served.uri("/api"), "X-API-Key", "yours").statusCode())
                    .isEqualTo(200);
            assertThat(served.metric("gojinn_limited_requests_total{middleware=\"per-key\",}"))
                    .isEqualTo(1);
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void siteShowsItsFilesCompressedBeforeAndOnTheWay() throws Exception {
        Path root = Files.createDirectories(folder.resolve("public"));
        for (String name : new String[] {"index.html", "style.css", "style.css.gz"}) {
            Files.copy(EXAMPLES.resolve("site/public").resolve(name), root.resolve(name));
        }
        Gojinn.Served served = Gojinn.example("site", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            HttpResponse<byte[]> plain = get(served.uri("/"));
            assertThat(plain.body()).isEqualTo(Files.readAllBytes(root.resolve("index.html")));
            HttpResponse<byte[]> compressed = get(served.uri("/"), "Accept-Encoding", "gzip");
            assertThat(compressed.headers().firstValue("content-encoding")).contains("gzip");
            assertThat(gunzip(compressed.body())).isEqualTo(new String(plain.body(), StandardCharsets.UTF_8));
            HttpResponse<byte[]> style = get(served.uri("/style.css"), "Accept-Encoding", "gzip, br");
            assertThat(style.headers().firstValue("content-encoding")).contains("gzip");
            assertThat(style.body()).isEqualTo(Files.readAllBytes(root.resolve("style.css.gz")));
            assertThat(gunzip(style.body())).isEqualTo(Files.readString(root.resolve("style.css")));
            HttpResponse<byte[]> part = get(served.uri("/style.css"), "Range", "bytes=0-3");
            assertThat(part.statusCode()).isEqualTo(206);
            assertThat(new String(part.body(), StandardCharsets.UTF_8)).isEqualTo("body");
            assertThat(get(served.uri("/proxy.toml")).statusCode()).isEqualTo(404);
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    private static String gunzip(byte[] body) throws Exception {
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
