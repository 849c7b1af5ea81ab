package io.gojinn.cli.app;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd what goes on, where that has started the process and asked for it (sd_notify(3)); says nothing elsewhere.
 * Thread-safe.
 */
final class ServiceManager implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn");

    private final Optional<NotifySocket> socket;
    private final Optional<Duration> watchdog;
    private @Nullable ScheduledExecutorService watching;

    private ServiceManager(Optional<NotifySocket> socket, Optional<Duration> watchdog) {
        this.socket = socket;
        this.watchdog = watchdog;
    }

    /** The manager that the environment names. */
    static ServiceManager of(Function<String, @Nullable String> environment) {
        Optional<NotifySocket> socket =
                Optional.ofNullable(environment.apply("NOTIFY_SOCKET")).flatMap(NotifySocket::at);
        return new ServiceManager(socket, socket.flatMap(present -> watchdog(environment)));
    }

    // sd_watchdog_enabled(3): the time is for one process, which need not be this one.
    private static Optional<Duration> watchdog(Function<String, @Nullable String> environment) {
        String process = environment.apply("WATCHDOG_PID");
        if (process != null
                && !process.equals(Long.toString(ProcessHandle.current().pid()))) {
            return Optional.empty();
        }
        String micros = environment.apply("WATCHDOG_USEC");
        if (micros == null) {
            return Optional.empty();
        }
        try {
            Duration time = Duration.of(Long.parseLong(micros), ChronoUnit.MICROS);
            return time.isPositive() ? Optional.of(time) : Optional.empty();
        } catch (NumberFormatException unreadable) {
            LOG.warn("WATCHDOG_USEC is \"{}\", expected a number", micros);
            return Optional.empty();
        }
    }

    /** The process serves. */
    void ready(String status) {
        tell("READY=1\nSTATUS=" + status);
    }

    /** A reload begins; {@link #ready} tells its end. */
    void reloading() {
        socket.ifPresent(present ->
                present.send("RELOADING=1\nMONOTONIC_USEC=" + present.monotonicMicros() + "\nSTATUS=reloading"));
    }

    /** The process is about to end. */
    void stopping() {
        tell("STOPPING=1\nSTATUS=finishing open requests");
    }

    /**
     * Gives a sign of life every half of the time that the manager allows, as long as there is life: without, it restarts the
     * process.
     *
     * @param alive whether the process does its work; may block for as long as it may take
     */
    @SuppressWarnings("FutureReturnValueIgnored")
    synchronized void watch(BooleanSupplier alive) {
        if (watchdog.isEmpty()) {
            return;
        }
        long nanos = watchdog.get().toNanos() / 2;
        watching = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("gojinn-watchdog").daemon().factory());
        watching.scheduleAtFixedRate(
                () -> {
                    if (alive.getAsBoolean()) {
                        tell("WATCHDOG=1");
                    } else {
                        LOG.error("an event loop does not answer");
                    }
                },
                0,
                nanos,
                TimeUnit.NANOSECONDS);
    }

    private void tell(String state) {
        socket.ifPresent(present -> present.send(state));
    }

    /** Gives no more signs of life; does not tell anything. */
    @Override
    public synchronized void close() {
        if (watching != null) {
            watching.shutdownNow();
        }
    }
}
