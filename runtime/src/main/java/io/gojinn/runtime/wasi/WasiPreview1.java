package io.gojinn.runtime.wasi;

import io.gojinn.runtime.Invocation.LogLevel;
import io.gojinn.runtime.host.Arguments;
import io.gojinn.runtime.host.ExecutionState;
import io.gojinn.runtime.host.GuestMemory;
import io.gojinn.runtime.host.GuestUnwind;
import io.gojinn.runtime.host.HostFunction;
import io.gojinn.runtime.module.Prices;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * WASI preview 1 for one instance, with no file system and no sockets: stdin is the request envelope, stdout the response
 * envelope, stderr the log.
 *
 * <p>Whatever is not granted answers with the errno the standard gives for it, so that libraries find an ordinary,
 * empty system. Every pointer, length and count comes from a hostile guest and is checked before it is used; nothing is
 * allocated from a claimed size. Confined to the worker that holds the instance.
 */
public final class WasiPreview1 {
    /** The most vectors or subscriptions one call may name, as IOV_MAX of Linux. */
    private static final int MAX_VECTORS = 1_024;

    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int DESCRIPTORS = 3;

    private static final int FILETYPE_UNKNOWN = 0;
    private static final int FLAGS_MASK = 0x1f;

    private static final long RIGHT_FD_READ = 1 << 1;
    private static final long RIGHT_FD_WRITE = 1 << 6;
    private static final long RIGHT_FD_FDSTAT_SET_FLAGS = 1 << 3;
    private static final long RIGHT_FD_FILESTAT_GET = 1 << 21;
    private static final long RIGHT_POLL_FD_READWRITE = 1 << 27;
    private static final long COMMON_RIGHTS =
            RIGHT_FD_FDSTAT_SET_FLAGS | RIGHT_FD_FILESTAT_GET | RIGHT_POLL_FD_READWRITE;

    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_MONOTONIC = 1;
    private static final long CLOCK_RESOLUTION_NANOS = 1_000;

    private static final int SUBSCRIPTION_BYTES = 48;
    private static final int EVENT_BYTES = 32;
    private static final int EVENT_CLOCK = 0;
    private static final int EVENT_FD_READ = 1;
    private static final int EVENT_FD_WRITE = 2;
    private static final int SUBCLOCK_ABSTIME = 1;

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int RANDOM_CHUNK = 4_096;

    private static final int STDERR_CHUNK = 64 << 10;

    /** A random byte costs as much as so many copied ones. */
    private static final int RANDOM_FACTOR = 16;

    private static final Prices PRICES = Prices.VERSION_1;

    private final GuestMemory memory;
    private final ExecutionState state;
    private final List<byte[]> arguments;
    private final List<byte[]> environment;
    private final StderrLines stderr;

    private final boolean[] open = new boolean[DESCRIPTORS];
    private final int[] flags = new int[DESCRIPTORS];
    private final long[] rights = new long[DESCRIPTORS];

    /** Bound to the memory and the state of one instance. */
    public WasiPreview1(GuestMemory memory, ExecutionState state) {
        this.memory = memory;
        this.state = state;
        this.arguments = List.of(terminated(state.functionName()));
        this.environment = state.environment().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(variable -> terminated(variable.getKey() + '=' + variable.getValue()))
                .toList();
        this.stderr = new StderrLines(line -> state.log(LogLevel.INFO, line));
        reset();
    }

    /** Back to the state of a fresh instance: three open descriptors. */
    public void reset() {
        for (int fd = 0; fd < DESCRIPTORS; fd++) {
            open[fd] = true;
            flags[fd] = 0;
            rights[fd] = COMMON_RIGHTS | (fd == STDIN ? RIGHT_FD_READ : RIGHT_FD_WRITE);
        }
        stderr.reset();
    }

    /** Logs what stderr holds of an unfinished line. */
    public void flush() {
        stderr.flush();
    }

    /** The implementation of a preview 1 function by its name. */
    public HostFunction function(String name) {
        return switch (name) {
            case "args_get" -> call -> putStrings(arguments, call.i32(0), call.i32(1));
            case "args_sizes_get" -> call -> putSizes(arguments, call.i32(0), call.i32(1));
            case "environ_get" -> call -> putStrings(environment, call.i32(0), call.i32(1));
            case "environ_sizes_get" -> call -> putSizes(environment, call.i32(0), call.i32(1));
            case "clock_res_get" -> this::clockResGet;
            case "clock_time_get" -> this::clockTimeGet;
            case "fd_read" -> this::fdRead;
            case "fd_write" -> this::fdWrite;
            case "fd_close" -> this::fdClose;
            case "fd_fdstat_get" -> this::fdFdstatGet;
            case "fd_fdstat_set_flags" -> this::fdFdstatSetFlags;
            case "fd_fdstat_set_rights" -> this::fdFdstatSetRights;
            case "fd_filestat_get" -> this::fdFilestatGet;
            // No descriptor can be sought, truncated or synchronised: stdio behaves as a pipe does.
            case "fd_advise", "fd_pread", "fd_pwrite", "fd_seek", "fd_tell" -> call -> ifOpen(call, Errno.SPIPE);
            case "fd_allocate", "fd_datasync", "fd_filestat_set_size", "fd_filestat_set_times", "fd_sync" ->
                call -> ifOpen(call, Errno.INVAL);
            case "fd_renumber" -> call -> isOpen(call.i32(0)) && isOpen(call.i32(1)) ? Errno.NOTSUP : Errno.BADF;
            // There are no preopened directories; libraries look for them until they meet this.
            case "fd_prestat_get", "fd_prestat_dir_name" -> call -> ifOpen(call, Errno.NOTSUP);
            case "fd_readdir",
                    "path_create_directory",
                    "path_filestat_get",
                    "path_filestat_set_times",
                    "path_link",
                    "path_open",
                    "path_readlink",
                    "path_remove_directory",
                    "path_rename",
                    "path_unlink_file" -> call -> ifOpen(call, Errno.NOTDIR);
            case "path_symlink" -> call -> isOpen(call.i32(2)) ? Errno.NOTDIR : Errno.BADF;
            case "poll_oneoff" -> this::pollOneoff;
            case "proc_exit" ->
                call -> {
                    throw GuestUnwind.Exit.of(call.i32(0));
                };
            case "proc_raise" -> call -> Errno.NOSYS;
            case "random_get" -> this::randomGet;
            case "sched_yield" -> call -> Errno.SUCCESS;
            case "sock_accept", "sock_recv", "sock_send", "sock_shutdown" -> call -> ifOpen(call, Errno.NOTSOCK);
            default -> throw new IllegalArgumentException("no such function: " + name);
        };
    }

    private boolean isOpen(int fd) {
        return fd >= 0 && fd < DESCRIPTORS && open[fd];
    }

    private int ifOpen(Arguments call, int errno) {
        return isOpen(call.i32(0)) ? errno : Errno.BADF;
    }

    private long putSizes(List<byte[]> strings, int countAddress, int bytesAddress) {
        if (!memory.holds(countAddress, 4) || !memory.holds(bytesAddress, 4)) {
            return Errno.FAULT;
        }
        memory.bytes().putInt(countAddress, strings.size());
        memory.bytes().putInt(bytesAddress, totalBytes(strings));
        return Errno.SUCCESS;
    }

    private long putStrings(List<byte[]> strings, int pointers, int bytes) {
        int total = totalBytes(strings);
        if (!memory.holds(pointers, 4 * strings.size()) || !memory.holds(bytes, total)) {
            return Errno.FAULT;
        }
        int pointer = pointers;
        int address = bytes;
        state.charge(PRICES.ofTransfer(total, strings.size()));
        for (byte[] string : strings) {
            memory.bytes().putInt(pointer, address);
            memory.bytes().put(address, string);
            pointer += 4;
            address += string.length;
        }
        return Errno.SUCCESS;
    }

    private static int totalBytes(List<byte[]> strings) {
        int total = 0;
        for (byte[] string : strings) {
            total += string.length;
        }
        return total;
    }

    private long clockResGet(Arguments call) {
        if (!isClock(call.i32(0))) {
            return Errno.INVAL;
        }
        return putLong(call.i32(1), CLOCK_RESOLUTION_NANOS);
    }

    private long clockTimeGet(Arguments call) {
        if (!isClock(call.i32(0))) {
            return Errno.INVAL;
        }
        return putLong(call.i32(2), clockNanos(call.i32(0)));
    }

    private static boolean isClock(int id) {
        return id == CLOCK_REALTIME || id == CLOCK_MONOTONIC;
    }

    /** Rounded to the resolution told: a coarse clock is a poor instrument for timing attacks. */
    private static long clockNanos(int id) {
        long nanos = id == CLOCK_MONOTONIC ? System.nanoTime() : realtimeNanos();
        return nanos - Math.floorMod(nanos, CLOCK_RESOLUTION_NANOS);
    }

    private static long realtimeNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    private long putLong(int address, long value) {
        if (!memory.holds(address, 8)) {
            return Errno.FAULT;
        }
        memory.bytes().putLong(address, value);
        return Errno.SUCCESS;
    }

    private long fdRead(Arguments call) {
        int fd = call.i32(0);
        if (!isOpen(fd) || fd != STDIN) {
            return Errno.BADF;
        }
        if ((rights[fd] & RIGHT_FD_READ) == 0) {
            return Errno.NOTCAPABLE;
        }
        int vectors = call.i32(1);
        int count = call.i32(2);
        int result = call.i32(3);
        ByteBuffer input = state.input();
        int refused = checkVectors(vectors, count, result, input.remaining());
        if (refused != Errno.SUCCESS) {
            return refused;
        }
        int total = 0;
        for (int i = 0; i < count && input.hasRemaining(); i++) {
            int address = memory.bytes().getInt(vectors + 8 * i);
            int length = memory.bytes().getInt(vectors + 8 * i + 4);
            int copied = (int) Math.min(Integer.toUnsignedLong(length), input.remaining());
            memory.bytes().put(address, input, input.position(), copied);
            input.position(input.position() + copied);
            total += copied;
        }
        memory.bytes().putInt(result, total);
        return Errno.SUCCESS;
    }

    private long fdWrite(Arguments call) {
        int fd = call.i32(0);
        if (!isOpen(fd) || fd == STDIN) {
            return Errno.BADF;
        }
        if ((rights[fd] & RIGHT_FD_WRITE) == 0) {
            return Errno.NOTCAPABLE;
        }
        int vectors = call.i32(1);
        int count = call.i32(2);
        int result = call.i32(3);
        int refused = checkVectors(vectors, count, result, Integer.MAX_VALUE);
        if (refused != Errno.SUCCESS) {
            return refused;
        }
        int total = 0;
        for (int i = 0; i < count; i++) {
            int address = memory.bytes().getInt(vectors + 8 * i);
            int length = memory.bytes().getInt(vectors + 8 * i + 4);
            if (fd == STDOUT) {
                state.write(memory.window(address, length));
            } else {
                writeLines(address, length);
            }
            total += length;
        }
        memory.bytes().putInt(result, total);
        return Errno.SUCCESS;
    }

    /** In pieces: vectors that overlap make gigabytes of a small memory, and a deadline must not wait for them. */
    private void writeLines(int address, int length) {
        for (int done = 0; done < length; done += STDERR_CHUNK) {
            state.checkDeadline();
            stderr.write(memory.window(address + done, Math.min(length - done, STDERR_CHUNK)));
        }
    }

    /**
     * Approves every vector, and their sum, before a byte is moved, and charges for the transfer.
     *
     * @param most how many bytes can be moved, whatever the vectors hold
     */
    private int checkVectors(int vectors, int count, int result, int most) {
        if (count < 0 || count > MAX_VECTORS) {
            return Errno.INVAL;
        }
        if (!memory.holds(vectors, 8 * count) || !memory.holds(result, 4)) {
            return Errno.FAULT;
        }
        long total = 0;
        for (int i = 0; i < count; i++) {
            int address = memory.bytes().getInt(vectors + 8 * i);
            int length = memory.bytes().getInt(vectors + 8 * i + 4);
            if (!memory.holds(address, length)) {
                return Errno.FAULT;
            }
            total += Integer.toUnsignedLong(length);
        }
        if (total > Integer.MAX_VALUE) {
            return Errno.INVAL;
        }
        state.charge(PRICES.ofTransfer(Math.min(total, most), count));
        return Errno.SUCCESS;
    }

    private long fdClose(Arguments call) {
        int fd = call.i32(0);
        if (!isOpen(fd)) {
            return Errno.BADF;
        }
        open[fd] = false;
        return Errno.SUCCESS;
    }

    private long fdFdstatGet(Arguments call) {
        int fd = call.i32(0);
        int address = call.i32(1);
        if (!isOpen(fd)) {
            return Errno.BADF;
        }
        if (!memory.holds(address, 24)) {
            return Errno.FAULT;
        }
        // Not a character device: nothing here is a terminal.
        memory.bytes().putLong(address, FILETYPE_UNKNOWN | (long) flags[fd] << 16);
        memory.bytes().putLong(address + 8, rights[fd]);
        memory.bytes().putLong(address + 16, 0);
        return Errno.SUCCESS;
    }

    private long fdFdstatSetFlags(Arguments call) {
        int fd = call.i32(0);
        int wanted = call.i32(1);
        if (!isOpen(fd)) {
            return Errno.BADF;
        }
        if ((wanted & ~FLAGS_MASK) != 0) {
            return Errno.INVAL;
        }
        flags[fd] = wanted;
        return Errno.SUCCESS;
    }

    private long fdFdstatSetRights(Arguments call) {
        int fd = call.i32(0);
        long base = call.i64(1);
        long inheriting = call.i64(2);
        if (!isOpen(fd)) {
            return Errno.BADF;
        }
        if ((base & ~rights[fd]) != 0 || inheriting != 0) {
            return Errno.NOTCAPABLE;
        }
        rights[fd] = base;
        return Errno.SUCCESS;
    }

    private long fdFilestatGet(Arguments call) {
        int address = call.i32(1);
        if (!isOpen(call.i32(0))) {
            return Errno.BADF;
        }
        if (!memory.holds(address, 64)) {
            return Errno.FAULT;
        }
        for (int offset = 0; offset < 64; offset += 8) {
            memory.bytes().putLong(address + offset, 0);
        }
        return Errno.SUCCESS;
    }

    private long randomGet(Arguments call) {
        int address = call.i32(0);
        int length = call.i32(1);
        if (!memory.holds(address, length)) {
            return Errno.FAULT;
        }
        state.charge(PRICES.ofTransfer((long) RANDOM_FACTOR * length, 1));
        byte[] chunk = new byte[Math.min(length, RANDOM_CHUNK)];
        for (int done = 0; done < length; done += chunk.length) {
            state.checkDeadline();
            RANDOM.nextBytes(chunk);
            memory.bytes().put(address + done, chunk, 0, Math.min(chunk.length, length - done));
        }
        return Errno.SUCCESS;
    }

    private long pollOneoff(Arguments call) {
        int subscriptions = call.i32(0);
        int events = call.i32(1);
        int count = call.i32(2);
        int result = call.i32(3);
        if (count <= 0 || count > MAX_VECTORS) {
            return Errno.INVAL;
        }
        if (!memory.holds(subscriptions, SUBSCRIPTION_BYTES * count)
                || !memory.holds(events, EVENT_BYTES * count)
                || !memory.holds(result, 4)) {
            return Errno.FAULT;
        }
        state.charge(PRICES.ofTransfer((long) SUBSCRIPTION_BYTES * count, count));
        long now = System.nanoTime();
        long waitNanos = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            waitNanos = Math.min(waitNanos, waitNanos(subscriptions + SUBSCRIPTION_BYTES * i));
        }
        sleepUntil(now, waitNanos);
        int written = 0;
        // Events may overlap the subscriptions in a hostile guest: only its own memory suffers.
        for (int i = 0; i < count; i++) {
            int subscription = subscriptions + SUBSCRIPTION_BYTES * i;
            if (waitNanos(subscription) <= waitNanos || isDue(subscription, now)) {
                putEvent(events + EVENT_BYTES * written++, subscription);
            }
        }
        memory.bytes().putInt(result, written);
        return Errno.SUCCESS;
    }

    /** How long until a subscription is due; 0 for what is ready, or wrong, at once. */
    private long waitNanos(int subscription) {
        ByteBuffer bytes = memory.bytes();
        if (bytes.get(subscription + 8) != EVENT_CLOCK || !isClock(bytes.getInt(subscription + 16))) {
            return 0;
        }
        long timeout = bytes.getLong(subscription + 24);
        if ((bytes.getShort(subscription + 40) & SUBCLOCK_ABSTIME) != 0) {
            return Math.max(0, timeout - clockNanos(bytes.getInt(subscription + 16)));
        }
        return timeout < 0 ? Long.MAX_VALUE : timeout;
    }

    private boolean isDue(int subscription, long startNanos) {
        return waitNanos(subscription) <= System.nanoTime() - startNanos;
    }

    private void sleepUntil(long startNanos, long waitNanos) {
        long remaining = waitNanos;
        while (remaining > 0) {
            state.sleep(remaining);
            remaining = waitNanos - (System.nanoTime() - startNanos);
        }
    }

    private void putEvent(int event, int subscription) {
        ByteBuffer bytes = memory.bytes();
        long userdata = bytes.getLong(subscription);
        int type = bytes.get(subscription + 8);
        int source = bytes.getInt(subscription + 16);
        int errno = switch (type) {
            case EVENT_CLOCK -> isClock(source) ? Errno.SUCCESS : Errno.INVAL;
            case EVENT_FD_READ -> isOpen(source) && source == STDIN ? Errno.SUCCESS : Errno.BADF;
            case EVENT_FD_WRITE -> isOpen(source) && source != STDIN ? Errno.SUCCESS : Errno.BADF;
            default -> Errno.INVAL;
        };
        long ready =
                type == EVENT_FD_READ && errno == Errno.SUCCESS ? state.input().remaining() : 0;
        bytes.putLong(event, userdata);
        bytes.putLong(event + 8, errno | (long) type << 16);
        bytes.putLong(event + 16, ready);
        bytes.putLong(event + 24, 0);
    }

    private static byte[] terminated(String text) {
        return (text + '\0').getBytes(StandardCharsets.UTF_8);
    }
}
