package io.gojinn.runtime.sandbox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Binaries of the examples and tests, with as much initial memory as a benchmark wants. */
final class BenchmarkModule {
    private static final int MEMORY_SECTION = 5;
    private static final int HEADER_BYTES = 8;

    private BenchmarkModule() {}

    /**
     * Reads a module.
     *
     * @param pages of 64 KiB that it starts with; 0 leaves its own number
     */
    static byte[] read(Path file, int pages) {
        try {
            byte[] binary = Files.readAllBytes(file);
            return pages == 0 ? binary : withMemory(binary, pages);
        } catch (IOException e) {
            throw new UncheckedIOException("run benchmarks in the root of the checkout", e);
        }
    }

    private static byte[] withMemory(byte[] binary, int pages) {
        ByteArrayOutputStream result = new ByteArrayOutputStream();
        result.write(binary, 0, HEADER_BYTES);
        int at = HEADER_BYTES;
        while (at < binary.length) {
            int start = at;
            int section = binary[at++];
            int size = 0;
            int shift = 0;
            do {
                size |= (binary[at] & 0x7F) << shift;
                shift += 7;
            } while (binary[at++] < 0);
            if (section == MEMORY_SECTION) {
                // One memory without a maximum.
                result.writeBytes(
                        new byte[] {MEMORY_SECTION, 4, 1, 0, (byte) (pages & 0x7F | 0x80), (byte) (pages >>> 7)});
            } else {
                result.write(binary, start, at + size - start);
            }
            at += size;
        }
        return result.toByteArray();
    }
}
