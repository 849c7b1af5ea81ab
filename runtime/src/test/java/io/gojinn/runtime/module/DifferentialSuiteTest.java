package io.gojinn.runtime.module;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.graalvm.polyglot.Engine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs the specification suite command by command in the engine, with the modules as they are and rewritten: both forms
 * do the same, and what the suite expects. {@link ExpectedFailures} lists what does not, with reasons. Modules in the
 * text format, which the suite only has as malformed ones, are left out.
 */
class DifferentialSuiteTest {
    /** What the suite has of each kind of command: nothing is left out unnoticed. */
    private static final Map<String, Integer> LEAST = Map.of(
            "module", 1_595,
            "register", 18,
            "action", 155,
            "assert_return", 45_634,
            "assert_trap", 2_408,
            "assert_exhaustion", 15,
            "assert_invalid", 2_144,
            "assert_malformed", 736,
            "assert_unlinkable", 83,
            "assert_uninstantiable", 34);

    private static final int LEAST_GRANTS = 5_000;

    /** Room for the bound on depth to be met before the engine's own. */
    private static final int STACK_BYTES = 4 << 20;

    /** Not compiled, so that every run has the same bits of NaN and the same use of the stack; and twice as fast. */
    private final Engine engine = Engine.newBuilder("wasm")
            .allowExperimentalOptions(true)
            .option("engine.Compilation", "false")
            .build();

    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(task -> new Thread(null, task, "scripts", STACK_BYTES));

    private final Map<String, byte[]> files = SpecSuite.isPresent() ? SpecSuite.files() : Map.of();
    private final ExpectedFailures expectedFailures = ExpectedFailures.read();
    private final Map<String, Integer> executed = new TreeMap<>();
    private int grants;

    @TestFactory
    Stream<DynamicTest> bothFormsDoWhatTheSuiteExpects() {
        if (files.isEmpty()) {
            // A factory that aborts is not counted as skipped; a test of it is.
            return Stream.of(DynamicTest.dynamicTest("the whole suite", SpecSuite::files));
        }
        List<String> scripts = files.keySet().stream()
                .filter(name -> name.endsWith(".json"))
                .map(name -> name.substring(0, name.indexOf('/')))
                .toList();
        Stream<DynamicTest> tests = scripts.stream()
                .map(script -> DynamicTest.dynamicTest(
                        script, () -> thread.submit(() -> runBothForms(script)).get()));
        DynamicTest whole = DynamicTest.dynamicTest("the whole suite", () -> {
            assertThat(scripts).hasSizeGreaterThanOrEqualTo(146).containsAll(expectedFailures.scripts());
            LEAST.forEach((type, least) ->
                    assertThat(executed.getOrDefault(type, 0)).as(type).isGreaterThanOrEqualTo(least));
            assertThat(grants).as("grants of fuel").isGreaterThanOrEqualTo(LEAST_GRANTS);
        });
        return Stream.concat(tests, Stream.of(whole));
    }

    @AfterEach
    void close() {
        thread.close();
        engine.close();
    }

    private void runBothForms(String script) {
        ScriptRun.Binaries binaries = filename -> requireNonNull(files.get(script + "/" + filename), filename);
        MeteredHost meter = new MeteredHost();
        List<ExpectedFailures.Failure> failures = new ArrayList<>();
        try (ScriptRun plain = ScriptRun.plain(engine, binaries);
                ScriptRun rewritten = ScriptRun.rewritten(engine, binaries, meter)) {
            byte[] commands = requireNonNull(files.get(script + "/" + script + ".json"), script);
            for (JsonNode command : new JsonMapper().readTree(commands).get("commands")) {
                if (!command.path("module_type").asString("").equals("text")) {
                    executed.merge(command.get("type").asString(), 1, Integer::sum);
                    compare(command, plain.run(command), rewritten.run(command), failures);
                }
            }
        }
        grants += meter.grants();
        assertThat(expectedFailures.difference(script, failures)).as(script).isEmpty();
    }

    private static void compare(
            JsonNode command, ScriptOutcome plain, ScriptOutcome rewritten, List<ExpectedFailures.Failure> failures) {
        ScriptOutcome expected = expected(command);
        boolean plainFails = !expected.admits(plain);
        boolean rewrittenFails = !expected.admits(rewritten);
        if (!plainFails && plain.equals(rewritten)) {
            return;
        }
        ExpectedFailures.Form form = plain.equals(rewritten)
                ? ExpectedFailures.Form.BOTH
                : plainFails == rewrittenFails
                        ? ExpectedFailures.Form.EACH
                        : plainFails ? ExpectedFailures.Form.PLAIN : ExpectedFailures.Form.REWRITTEN;
        failures.add(new ExpectedFailures.Failure(
                command.get("line").asInt(),
                command.path("action").path("field").asString(""),
                form,
                "expected " + expected + ", plain " + plain + ", rewritten " + rewritten));
    }

    private static ScriptOutcome expected(JsonNode command) {
        String text = command.path("text").asString("");
        return switch (command.get("type").asString()) {
            case "module", "register" -> new ScriptOutcome.Accepted();
            case "assert_malformed", "assert_invalid" -> new ScriptOutcome.Refused();
            case "assert_unlinkable" -> new ScriptOutcome.Unlinkable(text);
            case "assert_uninstantiable", "assert_trap", "assert_exhaustion" -> new ScriptOutcome.Trapped(text, text);
            case "action", "assert_return" ->
                new ScriptOutcome.Returned(ScriptValues.expected(command.get("expected")));
            default -> throw new IllegalArgumentException("command " + command);
        };
    }
}
