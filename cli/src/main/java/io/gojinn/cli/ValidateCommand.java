package io.gojinn.cli;

import io.gojinn.cli.config.Quantities;
import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.ModuleReport;
import io.gojinn.runtime.PreparedFunction;
import io.gojinn.runtime.RuntimeOptions;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.json.JsonMapper;

/** Says whether modules are acceptable, what they are and need; runs one of them once if asked. */
@Command(
        name = "validate",
        description = "Check modules: shape, imports and the capabilities they need, proposals, memory.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  gojinn validate target/*.wasm",
            "  gojinn validate fn.wasm --request request.json --timeout 50ms",
            "",
            "A request is the JSON envelope that the function reads from stdin; see docs/contract.md."
        })
final class ValidateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "<fn.wasm>", arity = "1..*", description = "Modules.")
    private List<Path> modules = List.of();

    @Option(names = "--request", paramLabel = "<request.json>", description = "Run the module once with this envelope.")
    private @Nullable Path request;

    @Option(names = "--json", description = "Print one JSON object a module, a line each.")
    private boolean json;

    @Option(names = "--timeout", paramLabel = "<duration>", description = "The longest a run may take; default 1s.")
    private String timeout = "1s";

    @Option(names = "--fuel", paramLabel = "<units>", description = "The most fuel a run may use; default 10000000000.")
    private long fuel = FunctionLimits.defaults().fuel();

    @Option(names = "--memory", paramLabel = "<size>", description = "The most linear memory; default 64MiB.")
    private String memory = "64MiB";

    @Option(names = "--max-output", paramLabel = "<size>", description = "The most output; default 5MiB.")
    private String maxOutput = "5MiB";

    @Option(names = "--env", paramLabel = "<name=value>", description = "An environment variable; may be repeated.")
    private Map<String, String> environment = new LinkedHashMap<>();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        FunctionLimits limits = limits();
        byte[] envelope = request == null ? null : readRequest(request);
        int exitCode = Gojinn.GOOD;
        try (FunctionRuntime runtime = FunctionRuntime.start(new RuntimeOptions(1, 1), new CollectorRegistry())) {
            for (Path module : modules) {
                if (!validate(runtime, module, limits, envelope)) {
                    exitCode = Gojinn.NOT_ACCEPTABLE;
                }
            }
        }
        return exitCode;
    }

    private boolean validate(FunctionRuntime runtime, Path module, FunctionLimits limits, byte @Nullable [] envelope) {
        FunctionDefinition definition = new FunctionDefinition(
                fileName(module), module.toAbsolutePath(), limits, environment, InstancePolicy.defaults());
        List<String> problems = new ArrayList<>();
        ModuleReport report = null;
        OneShotRun run = null;
        try {
            report = FunctionRuntime.inspect(FunctionRuntime.read(definition.module()), limits);
            problems.addAll(report.problems());
            if (report.acceptable()) {
                PreparedFunction function = runtime.prepare(definition);
                if (envelope != null) {
                    run = OneShotRun.of(function.invoker(), envelope);
                }
            }
        } catch (FunctionRejectedException e) {
            problems.addAll(e.reasons());
        }
        ValidationResult result = new ValidationResult(module, report, problems, run);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JsonMapper.shared().writeValueAsString(result.toMap()));
        } else {
            result.print(out, spec.commandLine().getColorScheme().ansi());
        }
        out.flush();
        return result.acceptable();
    }

    private FunctionLimits limits() {
        Duration maxTime = Quantities.duration(timeout)
                .orElseThrow(() -> usage("--timeout: found \"" + timeout + "\", expected a duration such as 50ms"));
        long maxMemory = Quantities.size(memory)
                .orElseThrow(() -> usage("--memory: found \"" + memory + "\", expected a size such as 64MiB"));
        long output = Quantities.size(maxOutput)
                .filter(size -> size <= Integer.MAX_VALUE)
                .orElseThrow(() -> usage("--max-output: found \"" + maxOutput + "\", expected a size such as 5MiB"));
        try {
            return new FunctionLimits(maxTime, fuel, maxMemory, (int) output, Integer.MAX_VALUE, 1, 1);
        } catch (IllegalArgumentException e) {
            throw usage(String.valueOf(e.getMessage()));
        }
    }

    private byte[] readRequest(Path file) {
        byte[] envelope;
        try {
            envelope = Files.readAllBytes(file);
        } catch (IOException e) {
            throw usage("--request: cannot read " + file + ": " + e);
        }
        // The proxy only ever sends well-formed ones, which functions may rely on.
        try {
            if (!JsonMapper.shared().readTree(envelope).isObject()) {
                throw usage("--request: " + file + " holds no JSON object");
            }
        } catch (JacksonException malformed) {
            TokenStreamLocation place = malformed.getLocation();
            throw usage(
                    "--request: " + file + (place == null ? "" : ":" + place.getLineNr() + ":" + place.getColumnNr())
                            + ": no JSON: " + malformed.getOriginalMessage());
        }
        return envelope;
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private static String fileName(Path module) {
        return String.valueOf(module.getFileName());
    }
}
