package io.gojinn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The commands as a shell sees them: exit code, results on one stream, problems on the other. */
class CommandsTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int run(Object... arguments) {
        CommandLine commandLine =
                Gojinn.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        return commandLine.execute(words);
    }

    private Path config(String text) throws IOException {
        return Files.writeString(folder.resolve("proxy.toml"), text);
    }

    @Test
    void checkAcceptsAGoodConfig() throws IOException {
        Path file = config("[[listener]]\nname = 'web'\naddress = '127.0.0.1:0'\n");
        assertThat(run("check", file)).isZero();
        assertThat(out.toString()).contains("good");
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "serve"})
    void problemsGoToStandardErrorOneALine(String command) throws IOException {
        Path file = config("[[listener]]\nname = 'web'\nadress = ':0'\n");
        assertThat(run(command, file)).isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly(
                        file + ":1:1: listener[0].address: found nothing, expected an address such as \"0.0.0.0:8080\"",
                        file + ":3:1: listener[0].adress: found an unknown key, expected a key of [[listener]];"
                                + " did you mean \"address\"?");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void checkPrintsJsonWithTheSameExitCode() throws IOException {
        assertThat(run("check", "--json", config("x = 1\n"))).isEqualTo(1);
        assertThat(out.toString())
                .startsWith("{")
                .contains("\"acceptable\":false")
                .contains("unknown key");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void checkPrintsTheRoutesInTheirOrder() throws IOException {
        assertThat(run("check", "--routes", config(ROUTES))).isZero();
        assertThat(out.toString().lines())
                .containsSubsequence(
                        "   1  users   host a.example, path /v1/{id}, methods GET  ->  respond 201",
                        "   2  canary  path /v1/*, header X-Canary: yes, query v=2  ->  respond 202",
                        "   3  api     path /v1/*  ->  redirect 308 /v2",
                        "   4  all     every request  ->  respond 200");
    }

    @Test
    void checkSaysWhichRouteTakesARequestAndWhy() throws IOException {
        Path file = config(ROUTES);
        assertThat(run("check", file, "--request", "POST http://A.example/%761//7?v=2", "--header", "x-canary: no"))
                .isZero();
        assertThat(out.toString().lines())
                .containsSubsequence(
                        "the path is brought into the form /v1/7",
                        "  users comes before, but its method is not met",
                        "  canary comes before, but its headers are not met",
                        "listener a: api takes it (path /v1/*)  ->  redirect 308 /v2",
                        "  all would, but comes later");
        assertThat(run("check", file, "--json", "--request", "GET http://b/a/../b"))
                .isZero();
        assertThat(out.toString()).contains("\"decision\":[\"refused with 400");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "GET /x", "GET ftp://a/", "GET https://a/", "GET http://a b/"})
    void checkRefusesRequestsThatNoListenerCouldGet(String request) throws IOException {
        assertThat(run("check", config(ROUTES), "--request", request)).isEqualTo(2);
        assertThat(err.toString()).contains("--request");
    }

    private static final String ROUTES = """
            [[listener]]
            name = "a"
            address = "127.0.0.1:0"
            [[route]]
            name = "all"
            respond = {}
            [[route]]
            name = "api"
            match.path = "/v1/*"
            redirect = { status = 308, location = "/v2" }
            [[route]]
            name = "users"
            match = { host = "a.example", path = "/v1/{id}", methods = ["GET"] }
            respond.status = 201
            [[route]]
            name = "canary"
            match = { path = "/v1/*", headers = { X-Canary = "yes" }, query = { v = "2" } }
            respond.status = 202
            """;

    @Test
    void checkNamesFunctionAndReasonOfABadModule() throws IOException {
        Files.writeString(folder.resolve("f.wasm"), "no module");
        Path file = config("[[listener]]\nname='a'\naddress='127.0.0.1:0'\n[[function]]\nname='f'\nmodule='f.wasm'\n");
        assertThat(run("check", file)).isEqualTo(1);
        assertThat(err.toString()).contains("f.wasm");
    }

    @Test
    void validateRefusesWhatIsNoModule() throws IOException {
        Path module = Files.writeString(folder.resolve("f.wasm"), "no module");
        assertThat(run("validate", module)).isEqualTo(1);
        assertThat(err.toString() + out).contains("f.wasm");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "serv", "check", "serve", "validate", "check --jsn x", "validate --timeout 5 x.wasm"})
    void wrongUsageExitsWithTwo(String line) {
        assertThat(run((Object[]) line.split(" ", -1))).isEqualTo(2);
        assertThat(err.toString()).isNotEmpty();
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "check", "validate"})
    void everyCommandExplainsItselfWithAnExample(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(out.toString()).contains("Usage: gojinn " + command).contains("  gojinn " + command + " ");
    }

    @Test
    void tellsItsVersion() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).containsIgnoringCase("gojinn").containsPattern("\\d+\\.\\d+");
    }

    @Test
    void printsACompletionScript() {
        assertThat(run("generate-completion")).isZero();
        assertThat(out.toString()).contains("complete").contains("gojinn");
    }
}
