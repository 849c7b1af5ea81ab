package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The conformance suite of HTTP/2 and HPACK, strict, against every kind of route. */
class H2specTest {
    // Where the build has put the archive with the binary.
    private static final String ARCHIVE = System.getProperty("gojinn.h2spec");
    private static final int LIMIT_SECONDS = 120;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void unpack() throws Exception {
        assertThat(run(List.of("tar", "-xzf", ARCHIVE, "-C", folder.toString())))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/respond, clear",
        "/upstream, clear",
        "/function, clear",
        "/respond, tls",
        "/upstream, tls",
        "/function, tls",
    })
    void conforms(String path, String transport) throws Exception {
        boolean tls = transport.equals("tls");
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(upstream, tls)) {
            List<String> command = new ArrayList<>(List.of(
                    folder.resolve("h2spec").toString(),
                    "--strict",
                    "--host=127.0.0.1",
                    "--port=" + proxy.server().address("web").getPort(),
                    "--path=" + path,
                    "--timeout=5"));
            if (tls) {
                command.addAll(List.of("--tls", "--insecure"));
            }
            String output = run(command);
            assertThat(output).as(output).contains("146 tests, 146 passed, 0 skipped, 0 failed");
        }
    }

    private TestProxy proxy(RawUpstream upstream, boolean tls) {
        TestProxy.Builder builder = TestProxy.with()
                .respond("/respond", "a body that is long enough")
                .function("/function", FakeFunction.echo())
                .upstream(upstream.config());
        return (tls ? builder.tls(TestCertificate.tls(folder)) : builder).start();
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        return Files.readString(output, StandardCharsets.UTF_8);
    }
}
