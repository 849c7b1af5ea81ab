package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of client certificates, with the certificates that its script makes, asked by curl. */
class CertificatesExampleTest {
    private static final Path EXAMPLE = Path.of(System.getProperty("gojinn.root"), "config-examples", "certificates");

    @TempDir
    private Path folder;

    @Test
    void whoShowsTheRightCertificatePasses() throws Exception {
        run(EXAMPLE.resolve("make-certificates").toString(), folder.toString());
        Gojinn.Served served = Gojinn.example("certificates", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            assertThat(ask(served, "/")).isEqualTo("Welcome.\n200");
            assertThat(ask(served, "/builds")).endsWith("403").contains("certificate");
            assertThat(ask(served, "/builds", "--cert", "visitor.pem", "--key", "visitor.key"))
                    .endsWith("403");
            assertThat(ask(served, "/builds", "--cert", "build.pem", "--key", "build.key"))
                    .isEqualTo("Built.\n200");
            // What nobody of the authorities has certified is no certificate: there is no connection.
            assertThat(ask(served, "/", "--cert", "server.pem", "--key", "server.key"))
                    .endsWith("000");
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    private String ask(Gojinn.Served served, String path, String... options) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("curl", "-s", "--max-time", "30", "--cacert", "server.pem", "-w", "%{http_code}"));
        command.addAll(List.of(options));
        command.add("https://localhost:" + served.tlsPort() + path);
        return run(command.toArray(String[]::new));
    }

    private String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).directory(folder.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
