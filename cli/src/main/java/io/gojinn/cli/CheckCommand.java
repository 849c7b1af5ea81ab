package io.gojinn.cli;

import io.gojinn.cli.app.Application;
import io.gojinn.cli.app.Refusal;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Checks what serving would check, without serving. */
@Command(
        name = "check",
        description = "Check a config, its modules and certificates as serve does, without serving.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExample:%n",
        footer = {
            "  gojinn check proxy.toml && systemctl reload gojinn",
            "  gojinn check proxy.toml --routes --request \"GET https://example.com/v1/users\""
        })
final class CheckCommand implements Callable<Integer> {
    @Parameters(paramLabel = "<proxy.toml>", description = "The config file.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path config;

    @Option(names = "--json", description = "Print one JSON object instead of lines.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(names = "--routes", description = "Print the routes, the first to be asked first, with what each takes.")
    private boolean routes;

    @Option(
            names = "--request",
            paramLabel = "<request>",
            description = "Say which route takes a request such as \"GET https://host/path?query\", and why.")
    @Nullable
    private String request;

    @Option(
            names = "--header",
            paramLabel = "<name: value>",
            description = "A field of the request; may be given several times.")
    private List<String> fields = List.of();

    @Override
    public Integer call() {
        List<String> problems = List.of();
        List<String> lines = new ArrayList<>();
        Map<String, Object> data = new LinkedHashMap<>();
        Map<String, String> requestFields = requestFields();
        try {
            RoutesReport report = new RoutesReport(Application.check(config).proxy());
            if (routes) {
                lines.addAll(report.routes());
                data.put("routes", report.routesAsData());
            }
            if (request != null) {
                List<String> decision = decision(report, request, requestFields);
                lines.addAll(decision);
                data.put("decision", decision);
            }
        } catch (Refusal refusal) {
            problems = refusal.problems();
        }
        data.put("acceptable", problems.isEmpty());
        data.put("problems", problems);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JsonMapper.shared().writeValueAsString(data));
        } else if (problems.isEmpty()) {
            lines.stream().map(TerminalText::line).forEach(out::println);
            out.println(config + ": good");
        } else {
            problems.stream().map(TerminalText::line).forEach(spec.commandLine().getErr()::println);
        }
        return problems.isEmpty() ? Gojinn.GOOD : Gojinn.NOT_ACCEPTABLE;
    }

    private List<String> decision(RoutesReport report, String asked, Map<String, String> requestFields) {
        try {
            return report.decision(asked, requestFields);
        } catch (IllegalArgumentException unusable) {
            throw new ParameterException(spec.commandLine(), "--request: " + unusable.getMessage(), unusable);
        }
    }

    private Map<String, String> requestFields() {
        Map<String, String> parsed = new LinkedHashMap<>();
        for (String field : fields) {
            int colon = field.indexOf(':');
            if (colon < 1) {
                throw new ParameterException(spec.commandLine(), "--header: expected \"name: value\"");
            }
            parsed.put(
                    field.substring(0, colon).strip(),
                    field.substring(colon + 1).strip());
        }
        return parsed;
    }
}
