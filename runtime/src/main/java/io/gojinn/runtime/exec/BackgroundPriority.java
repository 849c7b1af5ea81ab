package io.gojinn.runtime.exec;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the kernel prefer every other thread of the process to the background workers: event loops, compilers and short
 * executions are not kept waiting by long ones, and yet those go on. Linux alone has a priority of threads that needs no
 * privilege (setpriority(2), where it differs from POSIX); elsewhere all are equal.
 */
final class BackgroundPriority {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundPriority.class);

    /** A thirtieth of the weight of an ordinary thread (sched(7)): what remains for long executions on a saturated machine. */
    private static final int NICE = 5;

    private static final int PRIO_PROCESS = 0;
    private static final int THIS_THREAD = 0;

    private BackgroundPriority() {}

    /** Takes the calling thread back for the rest of its life. */
    @SuppressWarnings("restricted")
    static void lower() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return;
        }
        int result;
        try {
            result = (int) Holder.SETPRIORITY.invokeExact(PRIO_PROCESS, THIS_THREAD, NICE);
        } catch (Throwable e) {
            throw new AssertionError("setpriority threw", e);
        }
        if (result != 0) {
            LOG.warn("the kernel refused to lower the priority of a background worker");
        }
    }

    @SuppressWarnings("restricted")
    private static final class Holder {
        private static final MethodHandle SETPRIORITY = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("setpriority"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT));
    }
}
