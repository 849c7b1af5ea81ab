package io.gojinn.runtime.exec;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
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

    /** A third of the weight of the other threads (sched(7)): what remains for long executions on a saturated machine. */
    private static final int NICER = 5;

    private static final int NICEST = 19;

    /**
     * The longest slice there is. It gives no more of the processor: since Linux 6.12 a thread that wakes takes it from
     * one whose slice is longer than its own, without waiting for that slice to end. Older kernels do not look at it.
     */
    private static final long SLICE_NANOS = 100_000_000;

    /**
     * The number of sched_setattr(2) by architecture; that of sched_getattr(2) is the next. The C library has no functions of
     * these names everywhere.
     */
    private static final Map<String, Long> SYSTEM_CALLS = Map.of("amd64", 314L, "aarch64", 274L, "riscv64", 274L);

    private static final int CALLING_THREAD = 0;

    /** Has the priority that the process was given; the calling thread that of whoever started it. */
    private static final int FIRST_THREAD = (int) ProcessHandle.current().pid();

    private BackgroundPriority() {}

    /** Takes the calling thread back for the rest of its life. */
    static void lower() {
        Long call = SYSTEM_CALLS.get(System.getProperty("os.arch"));
        if (call == null || !System.getProperty("os.name").equals("Linux")) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(Holder.LAYOUT);
            if (Holder.call(call + 1, FIRST_THREAD, attributes, (int) Holder.LAYOUT.byteSize())) {
                int nice = (int) Holder.NICE.get(attributes, 0L);
                Holder.NICE.set(attributes, 0L, Math.min(nice + NICER, NICEST));
                Holder.SLICE.set(attributes, 0L, SLICE_NANOS);
                if (Holder.call(call, CALLING_THREAD, attributes, 0)) {
                    return;
                }
            }
        }
        LOG.warn("the kernel refused to lower the priority of a background worker");
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
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT),
                        Linker.Option.firstVariadicArg(1));

        /** struct sched_attr in its first version. */
        static final MemoryLayout LAYOUT = MemoryLayout.structLayout(
                ValueLayout.JAVA_INT.withName("size"),
                ValueLayout.JAVA_INT.withName("policy"),
                ValueLayout.JAVA_LONG.withName("flags"),
                ValueLayout.JAVA_INT.withName("nice"),
                ValueLayout.JAVA_INT.withName("priority"),
                ValueLayout.JAVA_LONG.withName("runtime"),
                ValueLayout.JAVA_LONG.withName("deadline"),
                ValueLayout.JAVA_LONG.withName("period"));

        static final VarHandle NICE = LAYOUT.varHandle(PathElement.groupElement("nice"));
        static final VarHandle SLICE = LAYOUT.varHandle(PathElement.groupElement("runtime"));

        /** What follows the attributes is the size of the buffer for them, or flags. */
        static boolean call(long number, int thread, MemorySegment attributes, int sizeOrFlags) {
            try {
                return (long) SYSCALL.invokeExact(number, thread, attributes, sizeOrFlags, 0) == 0;
            } catch (Throwable e) {
                throw new AssertionError("syscall threw", e);
            }
        }
    }
}
