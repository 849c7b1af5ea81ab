package io.gojinn.cli;

import io.gojinn.cli.app.Application;
import io.gojinn.cli.app.Refusal;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Serves until it is told to stop. */
@Command(
        name = "serve",
        description =
                "Serve a config until SIGTERM or SIGINT; then finish open requests and exit with 0. SIGHUP reloads it.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExample:%n",
        footer = "  gojinn serve /etc/gojinn/proxy.toml")
final class ServeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "<proxy.toml>", description = "The config file; relative paths in it start at its folder.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path config;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        CompletableFuture<Application> started = new CompletableFuture<>();
        // Before the config is read: without a handler the signal would end the process.
        HangUpSignal.handle(() -> reload(started));
        Application application;
        try {
            application = Application.start(config, Version.current());
            started.complete(application);
        } catch (Refusal refusal) {
            refusal.problems().stream()
                    .map(TerminalText::line)
                    .forEach(spec.commandLine().getErr()::println);
            return Gojinn.NOT_ACCEPTABLE;
        }
        // The JVM would exit with 143 for SIGTERM; a drained stop is a success.
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("gojinn-stop").unstarted(() -> {
                    application.close();
                    Runtime.getRuntime().halt(Gojinn.GOOD);
                }));
        new CountDownLatch(1).await();
        return Gojinn.GOOD;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // there is nobody to wait
    private static void reload(CompletableFuture<Application> started) {
        started.thenAccept(running -> running.reload("SIGHUP"));
    }
}
