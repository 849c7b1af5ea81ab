package io.gojinn.cli.app;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The datagram socket of a service manager (sd_notify(3)), by system calls of Linux: Java has no datagrams on Unix sockets. Each
 * message gets a socket of its own; there are a few in the life of a process. Thread-safe.
 */
@SuppressWarnings("restricted")
final class NotifySocket {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn");

    // unix(7), socket(2), sendto(2), clock_gettime(2); the same on x86-64 and AArch64.
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int PATH_AT = 2;
    private static final int MOST_PATH_BYTES = 108;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SOCKET = call(
            "socket",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle SENDTO = call(
            "sendto",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT));
    private static final MethodHandle CLOSE =
            call("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle CLOCK_GETTIME = call(
            "clock_gettime", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

    private final byte[] path;

    private NotifySocket(byte[] path) {
        this.path = path;
    }

    private static MethodHandle call(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
    }

    /**
     * The socket at an address: an absolute path, or a name without a file after {@code @}.
     *
     * @return nothing, and a line in the log, when it is neither
     */
    static Optional<NotifySocket> at(String address) {
        byte[] path = address.getBytes(StandardCharsets.UTF_8);
        boolean known = address.startsWith("/") || address.startsWith("@");
        if (!known
                || path.length >= MOST_PATH_BYTES
                || !System.getProperty("os.name").equals("Linux")) {
            LOG.warn(
                    "NOTIFY_SOCKET is \"{}\", expected a path or @name on Linux: the service manager is told nothing",
                    address);
            return Optional.empty();
        }
        if (path[0] == '@') {
            path[0] = 0;
        }
        return Optional.of(new NotifySocket(path));
    }

    /** Sends a message; a line in the log tells when that is not possible. */
    void send(String message) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int socket = (int) SOCKET.invokeExact(state, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            if (socket < 0) {
                refused("socket", state);
                return;
            }
            try {
                MemorySegment address = arena.allocate(PATH_AT + MOST_PATH_BYTES, Short.BYTES);
                address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
                MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, PATH_AT, path.length);
                byte[] text = message.getBytes(StandardCharsets.UTF_8);
                MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, text);
                long sent = (long) SENDTO.invokeExact(
                        state,
                        socket,
                        bytes,
                        (long) text.length,
                        MSG_NOSIGNAL | MSG_DONTWAIT,
                        address,
                        PATH_AT + path.length);
                if (sent != text.length) {
                    refused("sendto", state);
                }
            } finally {
                int closed = (int) CLOSE.invokeExact(state, socket);
                assert closed == 0;
            }
        } catch (Throwable defect) {
            throw impossible(defect);
        }
    }

    private static void refused(String call, MemorySegment state) {
        LOG.warn("the service manager could not be told: {} failed with errno {}", call, (int) ERRNO.get(state, 0L));
    }

    /** The time that the kernel and the service manager go by, in microseconds. */
    long monotonicMicros() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int result = (int) CLOCK_GETTIME.invokeExact(arena.allocate(STATE), CLOCK_MONOTONIC, time);
            assert result == 0;
            return time.getAtIndex(ValueLayout.JAVA_LONG, 0) * 1_000_000
                    + time.getAtIndex(ValueLayout.JAVA_LONG, 1) / 1_000;
        } catch (Throwable defect) {
            throw impossible(defect);
        }
    }

    private static Error impossible(Throwable defect) {
        return defect instanceof Error error ? error : new AssertionError("a system call threw", defect);
    }
}
