package io.gojinn.runtime.sandbox;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What Linux says of this process. */
final class ProcessMaps {
    private static final String IMAGE = "gojinn-memory-image";

    private ProcessMaps() {}

    private static List<String> lines() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps"));
    }

    /** How many mappings the process has. */
    static int count() throws IOException {
        return lines().size();
    }

    /** How many writable mappings of images lie within a memory. */
    static long imagesIn(MemorySegment memory) throws IOException {
        return lines().stream()
                .filter(line -> line.contains(IMAGE) && line.contains("rw-p"))
                .mapToLong(line -> Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16))
                .filter(start -> start >= memory.address() && start < memory.address() + memory.byteSize())
                .count();
    }

    /** How many mappings of images the process has, views included. */
    static long images() throws IOException {
        return lines().stream().filter(line -> line.contains(IMAGE)).count();
    }

    /** How many descriptors of images are open. */
    static long files() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(ProcessMaps::isImage).count();
        }
    }

    private static boolean isImage(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().contains(IMAGE);
        } catch (IOException e) {
            // Closed meanwhile, such as the descriptor of the folder that is listed.
            return false;
        }
    }

    /** The memory that a file takes, which is less than its size when it has holes. */
    static long fileBytes(int descriptor) throws IOException, InterruptedException {
        String path = "/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor;
        Process stat = new ProcessBuilder("stat", "-L", "-c", "%b", path).start();
        String blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        stat.waitFor();
        return Long.parseLong(blocks) * 512;
    }
}
