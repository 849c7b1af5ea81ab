package io.gojinn.runtime.module;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;

/** The WebAssembly specification's test suite: files by their path in the archive ({@code block/block.0.wasm}). */
final class SpecSuite {
    private static final int TAR_BLOCK = 512;

    static boolean isPresent() {
        return Files.exists(archive());
    }

    private static Path archive() {
        return Path.of(System.getProperty("gojinn.vectors", ""), "wasm-spec", "core-json.tar.gz");
    }

    /** Reads the archive, or skips the calling test when it is not there. */
    static Map<String, byte[]> files() {
        Path archive = archive();
        Assumptions.assumeTrue(isPresent(), () -> "skipped: no " + archive + " (property gojinn.vectors)");
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (InputStream in = new GZIPInputStream(new BufferedInputStream(Files.newInputStream(archive)))) {
            for (byte[] header = in.readNBytes(TAR_BLOCK); header.length == TAR_BLOCK && header[0] != 0; ) {
                String name = text(header, 0, 100);
                int size = Integer.parseInt(text(header, 124, 12).trim(), 8);
                byte[] contents = in.readNBytes(size);
                in.skipNBytes((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
                if (header[156] == '0') {
                    files.put(name.startsWith("./") ? name.substring(2) : name, contents);
                }
                header = in.readNBytes(TAR_BLOCK);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    private static String text(byte[] block, int from, int length) {
        int end = from;
        while (end < from + length && block[end] != 0) {
            end++;
        }
        return new String(block, from, end - from, StandardCharsets.US_ASCII);
    }

    private SpecSuite() {}
}
