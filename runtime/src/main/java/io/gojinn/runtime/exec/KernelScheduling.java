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
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the kernel what the calling thread is for: whoever serves requests need not wait until the compiler or another process
 * has used up its slice, and long executions come last, and yet go on. Linux alone has attributes of threads that need no
 * privilege (sched_setattr(2), sched(7)); elsewhere all threads are equal.
 *
 * <p>A slice gives no more of the processor and no less: since Linux 6.12 a thread that wakes takes it from one whose slice is
 * longer, without waiting for that slice to end. Older kernels do not look at it. Threads that the calling one starts have
 * the slice of any other, and its nice value.
 */
public final class KernelScheduling {
    private static final Logger LOG = LoggerFactory.getLogger(KernelScheduling.class);

    /** Below what the kernel gives to others, which is 0.7 ms with one processor and up to 2.8 with more. */
    private static final long SHORT_TASKS_SLICE_NANOS = 200_000;

    /** Longer than that of short tasks, but not of compilers: a guest has to look at its deadline. */
    private static final long BACKGROUND_SLICE_NANOS = 500_000;

    /** A third of the weight of the other threads (sched(7)): what remains for long executions on a saturated machine. */
    private static final int BACKGROUND_NICE = 5;

    private static final int HIGHEST_NICE = 19;

    /** SCHED_FLAG_RESET_ON_FORK. */
    private static final long RESET_ON_FORK = 1;

    /**
     * The number of sched_setattr(2) by architecture; that of sched_getattr(2) is the next. The C library has no functions of
     * these names everywhere.
     */
    private static final Map<String, Long> SYSTEM_CALLS = Map.of("amd64", 314L, "aarch64", 274L, "riscv64", 274L);

    private static final int CALLING_THREAD = 0;

    /** Has the priority that the process was given; the calling thread that of whoever started it. */
    private static final int FIRST_THREAD = (int) ProcessHandle.current().pid();

    private static final AtomicBoolean REFUSED = new AtomicBoolean();

    private KernelScheduling() {}

    /** The calling thread does little each time it wakes, and somebody waits for it. For the rest of its life. */
    public static void shortTasks() {
        set(0, SHORT_TASKS_SLICE_NANOS);
    }

    /** The calling thread has long work that others come before. For the rest of its life. */
    static void background() {
        set(BACKGROUND_NICE, BACKGROUND_SLICE_NANOS);
    }

    private static void set(int nicer, long sliceNanos) {
        Long call = SYSTEM_CALLS.get(System.getProperty("os.arch"));
        if (call == null || !System.getProperty("os.name").equals("Linux")) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(Holder.LAYOUT);
            if (Holder.call(call + 1, FIRST_THREAD, attributes, (int) Holder.LAYOUT.byteSize())) {
                int nice = (int) Holder.NICE.get(attributes, 0L);
                Holder.NICE.set(attributes, 0L, Math.min(nice + nicer, HIGHEST_NICE));
                Holder.FLAGS.set(attributes, 0L, RESET_ON_FORK);
                Holder.SLICE.set(attributes, 0L, sliceNanos);
                if (Holder.call(call, CALLING_THREAD, attributes, 0)) {
                    return;
                }
            }
        }
        if (!REFUSED.getAndSet(true)) {
            LOG.warn("the kernel refused to schedule long executions after short ones: is sched_setattr(2) forbidden?");
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
        static final VarHandle FLAGS = LAYOUT.varHandle(PathElement.groupElement("flags"));
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
