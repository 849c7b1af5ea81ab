package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the launcher finds its JDK. */
class LauncherTest {
    private static final Path FIND_JDK = Path.of(System.getProperty("gojinn.root"), "bin/find-jdk");
    private static final Path THIS_JDK = Path.of(System.getProperty("java.home"));

    @TempDir
    Path folder;

    @Test
    void takesJavaHomeWhenItIsNewEnough() throws Exception {
        Found found = find(Map.of("JAVA_HOME", THIS_JDK.toString()));
        assertThat(found.exitCode()).isZero();
        assertThat(found.output().strip()).isEqualTo(THIS_JDK.toString());
    }

    @Test
    void passesOverAnOlderJavaOnThePath() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("jdk-17/bin"));
        for (String tool : new String[] {"java", "javac"}) {
            Files.createSymbolicLink(bin.resolve(tool), THIS_JDK.resolve("bin").resolve(tool));
        }
        Files.writeString(folder.resolve("jdk-17/release"), "JAVA_VERSION=\"17.0.15\"\n");
        Path jdks = Files.createDirectories(folder.resolve(".jdks"));
        Path newer = Files.createSymbolicLink(jdks.resolve("jdk-25"), THIS_JDK);
        Found found = find(Map.of("JAVA_HOME", folder.resolve("jdk-17").toString(), "HOME", folder.toString()));
        assertThat(found.exitCode()).as(found.output()).isZero();
        assertThat(Path.of(found.output().strip()).toRealPath())
                .satisfiesAnyOf(
                        home -> assertThat(home).isEqualTo(newer.toRealPath()),
                        home -> assertThat(home).startsWith(Path.of("/usr/lib/jvm")));
        assertThat(found.output()).doesNotContain("jdk-17");
    }

    @Test
    void saysInOneLineThatTheJdkAskedForIsNone() throws Exception {
        Found found = find(Map.of("GOJINN_JAVA_HOME", folder.toString()));
        assertThat(found.exitCode()).isEqualTo(1);
        assertThat(found.output().lines())
                .singleElement()
                .asString()
                .contains("GOJINN_JAVA_HOME=" + folder)
                .contains("25");
    }

    private record Found(int exitCode, String output) {}

    private static Found find(Map<String, String> environment) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(FIND_JDK.toString()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Found(process.waitFor(), output);
    }
}
