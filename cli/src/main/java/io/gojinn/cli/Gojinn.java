package io.gojinn.cli;

import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code gojinn} command. */
@Command(
        name = "gojinn",
        description = "An edge reverse proxy that runs WebAssembly functions inside its own process.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {
            ServeCommand.class,
            CheckCommand.class,
            ValidateCommand.class,
            GenerateCompletion.class,
            CommandLine.HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExamples:%n",
        footer = {
            "  gojinn serve proxy.toml                         serve until SIGTERM",
            "  gojinn check proxy.toml                         find every problem of a config",
            "  gojinn validate fn.wasm --request request.json  check a module and run it once",
            "  source <(gojinn generate-completion)            completion in this shell",
            "",
            "Exit codes: 0 good, 1 the config or the module is not acceptable, 2 usage."
        })
public final class Gojinn implements Runnable {
    /** What was asked for is good. */
    static final int GOOD = 0;

    /** The config or the module is not acceptable. */
    static final int NOT_ACCEPTABLE = 1;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    /** Runs a command and exits with its code. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Gojinn()).setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
