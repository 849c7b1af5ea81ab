package io.gojinn.runtime.host;

import io.gojinn.runtime.Invocation.LogLevel;
import io.gojinn.runtime.module.Prices;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The log capability: {@code gojinn.host_log} and {@code gojinn:log@1 write}, bound to one instance. */
public final class LogFunctions {
    /** A byte that is decoded and logged costs as much as so many copied ones. */
    private static final int DECODING_FACTOR = 16;

    private static final LogLevel[] LEVELS = LogLevel.values();

    private static final int OK = 0;
    private static final int INVALID_ARGUMENT = -3;

    private final GuestMemory memory;
    private final ExecutionState state;

    public LogFunctions(GuestMemory memory, ExecutionState state) {
        this.memory = memory;
        this.state = state;
    }

    /**
     * Leaves a line: {@code (level, pointer, length)}, level 0 debug, 1 info, 2 warn, 3 error.
     *
     * @return 0, or -3 for a level or a range that does not exist
     */
    public long write(Arguments arguments) {
        int level = arguments.i32(0);
        int address = arguments.i32(1);
        int length = arguments.i32(2);
        if (level < 0 || level >= LEVELS.length || !memory.holds(address, length)) {
            return INVALID_ARGUMENT;
        }
        state.log(LEVELS[level], text(address, length));
        return OK;
    }

    private String text(int address, int length) {
        // Four bytes a character at most: no more than the kept part of a line is ever decoded.
        int kept = Math.min(length, 4 * (ExecutionState.MAX_LOG_LINE_CHARS + 1));
        state.charge(Prices.VERSION_1.ofTransfer((long) DECODING_FACTOR * kept, 1));
        ByteBuffer bytes = memory.window(address, kept);
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }
}
