package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** wrk keeps its connections busy: every answer must be whole, and none may be lost. */
class WrkTest {
    private static final Pattern REQUESTS = Pattern.compile("([0-9]+) requests in ");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"/respond, false", "/respond, true", "/upstream, false", "/upstream, true", "/function, false"})
    void losesNoAnswer(String path, boolean tls) throws Exception {
        InstalledTool.require("wrk");
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(upstream, tls)) {
            String output = wrk(proxy, tls, path);
            assertThat(output).doesNotContain("Socket errors").doesNotContain("Non-2xx");
            Matcher requests = REQUESTS.matcher(output);
            assertThat(requests.find()).as(output).isTrue();
            assertThat(Integer.parseInt(requests.group(1))).isGreaterThan(100);
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "malformed"))
                    .isZero();
        }
    }

    /** That the claim above can fail. */
    @Test
    void countsWhatFails() throws Exception {
        InstalledTool.require("wrk");
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
                TestProxy proxy = proxy(upstream, false)) {
            assertThat(wrk(proxy, false, "/upstream")).contains("Non-2xx or 3xx responses: ");
        }
    }

    private TestProxy proxy(RawUpstream upstream, boolean tls) {
        TestProxy.Builder builder = TestProxy.with()
                .respond("/respond", "hi")
                .function("/function", FakeFunction.echo())
                .upstream(upstream.config());
        return (tls ? builder.tls(TestCertificate.tls(folder)) : builder).start();
    }

    private String wrk(TestProxy proxy, boolean tls, String path) throws Exception {
        String url = (tls ? "https" : "http") + "://127.0.0.1:"
                + proxy.server().address("web").getPort() + path;
        return InstalledTool.run(folder, List.of("wrk", "-t", "1", "-c", "8", "-d", "1s", url));
    }
}
