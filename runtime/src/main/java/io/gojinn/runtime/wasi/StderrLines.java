package io.gojinn.runtime.wasi;

import io.gojinn.runtime.host.ExecutionState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Cuts what a guest writes to stderr into lines. Holds one bounded, unfinished line; the rest of a longer one is dropped. */
final class StderrLines {
    private final Consumer<String> lines;
    private final byte[] line = new byte[ExecutionState.MAX_LOG_LINE_CHARS];
    private int length;

    StderrLines(Consumer<String> lines) {
        this.lines = lines;
    }

    void write(ByteBuffer source) {
        while (source.hasRemaining()) {
            byte next = source.get();
            if (next == '\n') {
                flush();
            } else if (length < line.length) {
                line[length++] = next;
            }
        }
    }

    void flush() {
        if (length > 0) {
            int kept = length;
            length = 0;
            lines.accept(new String(line, 0, kept, StandardCharsets.UTF_8));
        }
    }

    void reset() {
        length = 0;
    }
}
