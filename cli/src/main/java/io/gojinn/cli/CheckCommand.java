package io.gojinn.cli;

import io.gojinn.cli.app.Application;
import io.gojinn.cli.app.Refusal;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Checks what serving would check, without serving. */
@Command(
        name = "check",
        description = "Check a config, its modules and certificates as serve does, without serving.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExample:%n",
        footer = "  gojinn check proxy.toml && systemctl restart gojinn")
final class CheckCommand implements Callable<Integer> {
    @Parameters(paramLabel = "<proxy.toml>", description = "The config file.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path config;

    @Option(names = "--json", description = "Print one JSON object instead of lines.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<String> problems = List.of();
        try {
            Application.check(config);
        } catch (Refusal refusal) {
            problems = refusal.problems();
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JsonMapper.shared()
                    .writeValueAsString(Map.of("acceptable", problems.isEmpty(), "problems", problems)));
        } else if (problems.isEmpty()) {
            out.println(config + ": good");
        } else {
            problems.stream().map(TerminalText::line).forEach(spec.commandLine().getErr()::println);
        }
        return problems.isEmpty() ? Gojinn.GOOD : Gojinn.NOT_ACCEPTABLE;
    }
}
