package io.gojinn.runtime.sandbox;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the virtual machine not to optimise the compiler of guests, which is Java code as well. It is busy for some
 * minutes after the start and seldom afterwards; two thirds of what C2 did in that time was for it, on the processors that
 * were to serve requests. See docs/decisions/0011.
 */
final class CompilerDirectives {
    private static final Logger LOG = LoggerFactory.getLogger(CompilerDirectives.class);

    /** JEP 165. Methods that C2 may not compile stay with what C1 makes of them, without profiling. */
    private static final String DIRECTIVES = """
            [{
              match: [
                "jdk/graal/compiler/*.*",
                "com/oracle/truffle/compiler/*.*",
                "org/graalvm/collections/*.*",
                "jdk/vm/ci/*.*"
              ],
              c2: { Exclude: true }
            }]
            """;

    private static final AtomicBoolean ADDED = new AtomicBoolean();

    private CompilerDirectives() {}

    /** Once for the process, in the background: it takes a tenth of a second. Thread-safe. */
    static void add() {
        if (ADDED.compareAndSet(false, true)) {
            Thread.ofPlatform().name("gojinn-directives").daemon().start(CompilerDirectives::addNow);
        }
    }

    private static void addNow() {
        try {
            // The one form in which the virtual machine takes them without writing to the standard output.
            Path file = Files.createTempFile("gojinn-directives", ".json");
            try {
                Files.writeString(file, DIRECTIVES);
                String[] arguments = {file.toString()};
                Object answer = ManagementFactory.getPlatformMBeanServer()
                        .invoke(
                                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                                "compilerDirectivesAdd",
                                new Object[] {arguments},
                                new String[] {String[].class.getName()});
                LOG.debug("{}", answer);
            } finally {
                Files.delete(file);
            }
        } catch (IOException | JMException | RuntimeException e) {
            LOG.atWarn().setCause(e).log("the compiler of functions will be compiled more than is needed");
        }
    }
}
