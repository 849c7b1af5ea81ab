package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.gojinn.cli.config.LoadedConfig.Accepted;
import io.gojinn.cli.config.LoadedConfig.Rejected;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a file holds, the answer is a config or its problems. */
class HostileConfigTest {
    private static final List<String> FRAGMENTS = List.of(
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            "\"",
            "'",
            "\"\"\"",
            ".",
            ",",
            "\n",
            "\0",
            "\u001b",
            "${",
            "${env:",
            "$${",
            "}",
            "#",
            "true",
            "nan",
            "inf",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "1e400",
            "1979-05-27",
            "07:32:00",
            "0x7f",
            "[]",
            "{}",
            "[[]]",
            "\\u0000",
            "\\uD800",
            "\u00e9",
            "\ud83d\ude00",
            "/*",
            "{a}",
            "*.",
            "[listener]",
            "[[server]]",
            "[route.match]",
            "[[route.match]]",
            "name",
            "module",
            "match",
            "\"ns\"",
            "[::1]:80");

    @TempDir
    private Path folder;

    @Test
    void mutationsGiveAConfigOrProblemsWithPlaces() throws IOException {
        ConfigFixture fixture = new ConfigFixture(folder);
        byte[] valid = ConfigFixture.EVERYTHING.getBytes(StandardCharsets.UTF_8);
        assertThat(fixture.load(valid)).isInstanceOf(Accepted.class);
        int rejected = 0;
        for (long seed = 0; seed < 1_000; seed++) {
            byte[] mutant = mutate(valid, new Random(seed));
            try {
                if (fixture.load(mutant) instanceof Rejected(List<Problem> problems)) {
                    rejected++;
                    assertPrintable(problems);
                }
            } catch (RuntimeException | StackOverflowError e) {
                fail("seed " + seed + ":\n" + new String(mutant, StandardCharsets.UTF_8), e);
            }
        }
        assertThat(rejected).as("mutations that matter").isGreaterThan(500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a = [", "a = {a = ", "a.", "[a.", "]\n", "[[x]]\n", "\"", "a=1\n", "[[listener]]\n", "\0"})
    void repetitionsGiveProblems(String fragment) throws IOException {
        // Deep enough for any stack, and beyond the start that tells a file which is no TOML.
        repetitionGivesProblems(fragment, 512 << 10);
    }

    /** Tables are what costs most, and they are good TOML: the whole of the longest file is looked at. */
    @Test
    void theLongestFileGivesProblems() throws IOException {
        repetitionGivesProblems("[[x]]\n", ConfigLoader.MOST_BYTES);
    }

    private void repetitionGivesProblems(String fragment, int bytes) throws IOException {
        LoadedConfig loaded = new ConfigFixture(folder).load(fragment.repeat(bytes / fragment.length() - 1));
        assertThat(loaded).isInstanceOf(Rejected.class);
        assertPrintable(((Rejected) loaded).problems());
    }

    @Test
    void everyKeyRefusesEveryOtherType() throws IOException {
        ConfigFixture fixture = new ConfigFixture(folder);
        List<String> values =
                List.of("true", "1.5", "nan", "1979-05-27T07:32:00Z", "[[]]", "[{}]", "{a.b.c = 1}", "-1");
        for (String line : ConfigFixture.EVERYTHING.lines().toList()) {
            int equals = line.indexOf(" = ");
            for (String value : equals < 0 ? List.<String>of() : values) {
                if (line.endsWith(" = " + value)) {
                    continue;
                }
                String mutant =
                        ConfigFixture.EVERYTHING.replace(line + "\n", line.substring(0, equals) + " = " + value + "\n");
                assertThat(fixture.load(mutant)).as("%s <- %s", line, value).isInstanceOf(Rejected.class);
            }
        }
    }

    private static void assertPrintable(List<Problem> problems) {
        assertThat(problems).isNotEmpty();
        // Not an assertion for each: there are a million of them.
        assertThat(problems.stream()
                        .filter(problem ->
                                problem.line() < 0 || problem.toString().chars().anyMatch(Character::isISOControl))
                        .toList())
                .isEmpty();
    }

    private static byte[] mutate(byte[] valid, Random random) {
        byte[] bytes = valid;
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(bytes.length + 1);
            int length = Math.min(bytes.length - at, random.nextInt(40));
            byte[] insert = switch (random.nextInt(4)) {
                case 0 -> new byte[0];
                case 1 -> new byte[] {(byte) random.nextInt(256)};
                case 2 -> FRAGMENTS.get(random.nextInt(FRAGMENTS.size())).getBytes(StandardCharsets.UTF_8);
                default -> {
                    int from = random.nextInt(valid.length - 100);
                    yield Arrays.copyOfRange(valid, from, from + random.nextInt(100));
                }
            };
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(bytes, 0, at);
            out.writeBytes(insert);
            int rest = random.nextBoolean() ? at + length : at;
            out.write(bytes, rest, bytes.length - rest);
            bytes = out.toByteArray();
        }
        return bytes;
    }
}
