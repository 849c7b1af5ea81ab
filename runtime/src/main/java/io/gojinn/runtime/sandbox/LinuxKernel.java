package io.gojinn.runtime.sandbox;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * The system calls of Linux, 3.17 and newer, by the Foreign Function API. Needs {@code --enable-native-access}. The numbers are
 * those of x86-64 and AArch64, which agree.
 */
@SuppressWarnings("restricted")
final class LinuxKernel implements Kernel {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MADV_DONTNEED = 4;
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int ALL_SEALS = 1 | 2 | 4 | 8; // F_SEAL_SEAL, _SHRINK, _GROW, _WRITE

    // Bits of an entry in /proc/self/pagemap (proc_pid_pagemap(5)).
    private static final long PAGE_EXISTS = 1L << 63 | 1L << 62; // in memory or swapped out
    private static final long PAGE_OF_FILE = 1L << 61;
    private static final int PAGEMAP_CHUNK_BYTES = 64 << 10;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle GETPAGESIZE = call("getpagesize", FunctionDescriptor.of(INT));
    private static final MethodHandle MEMFD_CREATE =
            call("memfd_create", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT), errno());
    private static final MethodHandle FTRUNCATE = call("ftruncate", FunctionDescriptor.of(INT, INT, LONG), errno());
    private static final MethodHandle PWRITE =
            call("pwrite", FunctionDescriptor.of(LONG, INT, LONG, LONG, LONG), errno());
    private static final MethodHandle FCNTL =
            call("fcntl", FunctionDescriptor.of(INT, INT, INT, INT), errno(), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle MMAP =
            call("mmap", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG), errno());
    private static final MethodHandle MUNMAP = call("munmap", FunctionDescriptor.of(INT, LONG, LONG));
    // The only call of every request, so without the state that tells why it failed.
    private static final MethodHandle MADVISE = call("madvise", FunctionDescriptor.of(INT, LONG, LONG, INT));

    private final int pageBytes;

    LinuxKernel() {
        try {
            pageBytes = (int) GETPAGESIZE.invokeExact();
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    private static Linker.Option errno() {
        return Linker.Option.captureCallState("errno");
    }

    private static MethodHandle call(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }

    private static Error impossible(Throwable e) {
        return e instanceof Error error ? error : new AssertionError("a system call threw", e);
    }

    @Override
    public int pageBytes() {
        return pageBytes;
    }

    @Override
    public int createFile(MemorySegment bytes) throws KernelException {
        int file = create();
        try {
            fill(file, bytes);
            return file;
        } catch (KernelException | RuntimeException | Error e) {
            close(file);
            throw e;
        }
    }

    private static int create() throws KernelException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            MemorySegment name = arena.allocateFrom("gojinn-memory-image");
            int file = (int) MEMFD_CREATE.invokeExact(state, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
            return (int) check("memfd_create", file, state);
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    private void fill(int file, MemorySegment bytes) throws KernelException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            check("ftruncate", (int) FTRUNCATE.invokeExact(state, file, bytes.byteSize()), state);
            MemorySegment zeros = arena.allocate(pageBytes);
            for (long page = 0; page < bytes.byteSize(); page += pageBytes) {
                if (bytes.asSlice(page, pageBytes).mismatch(zeros) >= 0) {
                    write(file, bytes.address() + page, page, state);
                }
            }
            check("fcntl", (int) FCNTL.invokeExact(state, file, F_ADD_SEALS, ALL_SEALS), state);
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    private void write(int file, long address, long offset, MemorySegment state) throws Throwable {
        long done = 0;
        while (done < pageBytes) {
            done += check(
                    "pwrite",
                    (long) PWRITE.invokeExact(state, file, address + done, pageBytes - done, offset + done),
                    state);
        }
    }

    @Override
    public void close(int file) {
        try {
            int ignored = (int) CLOSE.invokeExact(file);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    @Override
    public MemorySegment view(int file, long length, Arena arena) throws KernelException {
        long address = map(0, length, PROT_READ, MAP_SHARED, file);
        return MemorySegment.ofAddress(address).reinterpret(length, arena, view -> {
            try {
                int ignored = (int) MUNMAP.invokeExact(address, length);
            } catch (Throwable e) {
                throw impossible(e);
            }
        });
    }

    @Override
    public void map(int file, long address, long length) throws KernelException {
        map(address, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file);
    }

    @Override
    public void unmap(long address, long length) throws KernelException {
        // As glibc maps the heaps of threads, where direct buffers lie: only equal mappings become one again.
        int flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
        map(address, length, PROT_READ | PROT_WRITE, flags, -1);
    }

    private static long map(long address, long length, int protection, int flags, int file) throws KernelException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            return check("mmap", (long) MMAP.invokeExact(state, address, length, protection, flags, file, 0L), state);
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    @Override
    public void drop(long address, long length) throws KernelException {
        int result;
        try {
            result = (int) MADVISE.invokeExact(address, length, MADV_DONTNEED);
        } catch (Throwable e) {
            throw impossible(e);
        }
        if (result != 0) {
            throw new KernelException("madvise was refused");
        }
    }

    @Override
    public BitSet writtenPages(long address, long length) throws IOException {
        BitSet written = new BitSet();
        int pages = Math.toIntExact(length / pageBytes);
        ByteBuffer entries = ByteBuffer.allocate(PAGEMAP_CHUNK_BYTES).order(ByteOrder.nativeOrder());
        try (FileChannel pagemap = FileChannel.open(Path.of("/proc/self/pagemap"), StandardOpenOption.READ)) {
            int page = 0;
            while (page < pages) {
                entries.clear().limit(Math.min(PAGEMAP_CHUNK_BYTES, (pages - page) * Long.BYTES));
                int read = pagemap.read(entries, (address / pageBytes + page) * Long.BYTES);
                if (read < Long.BYTES || read % Long.BYTES != 0) {
                    throw new IOException("/proc/self/pagemap gave " + read + " bytes");
                }
                entries.flip();
                while (entries.hasRemaining()) {
                    long entry = entries.getLong();
                    written.set(page++, (entry & PAGE_EXISTS) != 0 && (entry & PAGE_OF_FILE) == 0);
                }
            }
        }
        return written;
    }

    private static long check(String call, long result, MemorySegment state) throws KernelException {
        if (result == -1) {
            throw new KernelException(call + " was refused with errno " + (int) ERRNO.get(state, 0L));
        }
        return result;
    }
}
