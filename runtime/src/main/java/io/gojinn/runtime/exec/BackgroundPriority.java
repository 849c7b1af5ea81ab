package io.gojinn.runtime.exec;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the kernel prefer every other thread of the process to the background workers: event loops, compilers and short
 * executions are not kept waiting by long ones, and yet those go on. Linux alone has priorities of threads that need no
 * privilege (sched_setattr(2)); elsewhere all are equal.
 */
final class BackgroundPriority {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundPriority.class);

    /** A third of the weight of an ordinary thread (sched(7)): what remains for long executions on a saturated machine. */
    private static final int NICE = 5;

    /**
     * The longest slice there is. It gives no more of the processor: since Linux 6.12 a thread that wakes takes it from
     * one whose slice is longer than its own, without waiting for that slice to end. Older kernels do not look at it.
     */
    private static final long SLICE_NANOS = 100_000_000;

    /** The number of sched_setattr(2) by architecture; the C library has no function of that name everywhere. */
    private static final Map<String, Long> SYSTEM_CALLS = Map.of("amd64", 314L, "aarch64", 274L, "riscv64", 274L);

    private BackgroundPriority() {}

    /** Takes the calling thread back for the rest of its life. */
    static void lower() {
        Long call = SYSTEM_CALLS.get(System.getProperty("os.arch"));
        if (call == null || !System.getProperty("os.name").equals("Linux")) {
            return;
        }
        long result;
        try {
            result = (long) Holder.SYSCALL.invokeExact((long) call, 0, Holder.ATTRIBUTES, 0);
        } catch (Throwable e) {
            throw new AssertionError("syscall threw", e);
        }
        if (result != 0) {
            LOG.warn("the kernel refused to lower the priority of a background worker");
        }
    }

    @SuppressWarnings("restricted")
    private static final class Holder {
        private static final MethodHandle SYSCALL = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_INT),
                        Linker.Option.firstVariadicArg(1));

        /** struct sched_attr in its first version, 48 bytes; policy 0 is SCHED_OTHER. */
        private static final MemoryLayout LAYOUT = MemoryLayout.structLayout(
                ValueLayout.JAVA_INT.withName("size"),
                ValueLayout.JAVA_INT.withName("policy"),
                ValueLayout.JAVA_LONG.withName("flags"),
                ValueLayout.JAVA_INT.withName("nice"),
                ValueLayout.JAVA_INT.withName("priority"),
                ValueLayout.JAVA_LONG.withName("runtime"),
                ValueLayout.JAVA_LONG.withName("deadline"),
                ValueLayout.JAVA_LONG.withName("period"));

        private static final MemorySegment ATTRIBUTES = attributes();

        private static MemorySegment attributes() {
            MemorySegment attributes = Arena.global().allocate(LAYOUT);
            attributes.set(ValueLayout.JAVA_INT, offset("size"), (int) LAYOUT.byteSize());
            attributes.set(ValueLayout.JAVA_INT, offset("nice"), NICE);
            attributes.set(ValueLayout.JAVA_LONG, offset("runtime"), SLICE_NANOS);
            return attributes;
        }

        private static long offset(String field) {
            return LAYOUT.byteOffset(PathElement.groupElement(field));
        }
    }
}
