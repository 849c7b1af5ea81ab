package io.gojinn.runtime.sandbox;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * What restoring asks of the operating system. Addresses and lengths are multiples of {@link #pageBytes}. A call either does
 * what it says or throws; thread-safe.
 */
interface Kernel {
    /** The size of a page in bytes. */
    int pageBytes();

    /**
     * Puts bytes into a file in memory that nobody can change any more. Pages of zeros take no room.
     *
     * @param bytes native memory
     * @return a descriptor to be closed by {@link #close}, not inherited by child processes
     */
    int createFile(MemorySegment bytes) throws KernelException;

    /** Closes a descriptor; what is mapped stays mapped. */
    void close(int file);

    /** The bytes of a file for reading, until the arena is closed. */
    MemorySegment view(int file, long length, Arena arena) throws KernelException;

    /** Lays a file over memory of this process, privately: pages that are written to become copies. */
    void map(int file, long address, long length) throws KernelException;

    /** Lays ordinary empty memory over memory of this process. */
    void unmap(long address, long length) throws KernelException;

    /** Forgets what was written to these pages: they read as the file that lies over them, or as zeros. */
    void drop(long address, long length) throws KernelException;

    /**
     * The pages, counted from the address, that were written to since they were mapped or dropped; perhaps others that were
     * only read.
     */
    BitSet writtenPages(long address, long length) throws IOException;

    /** A system call was refused. */
    final class KernelException extends Exception {
        KernelException(String message) {
            super(message);
        }
    }
}
