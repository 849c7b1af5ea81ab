package io.gojinn.runtime;

import java.time.Duration;

/**
 * What one function may use. All limits are hard: one that cannot be enforced as written is refused here.
 *
 * @param timeout the longest an execution may run by the clock, 1 ms to 1 hour
 * @param fuel the most fuel an execution may use, at least 1; one unit is about one simple instruction (docs/fuel.md)
 * @param memoryBytes the most linear memory an instance may have, a multiple of the 64 KiB WebAssembly page, rounded
 *     down; at most 32,767 pages, the most the engine can address
 * @param maxOutputBytes the most an execution may write to stdout
 * @param maxBodyBytes the largest request body that is handed to the function
 * @param concurrency the most executions of this function at once
 * @param queue the most executions of this function that wait for a worker, beyond those running
 */
public record FunctionLimits(
        Duration timeout,
        long fuel,
        long memoryBytes,
        int maxOutputBytes,
        int maxBodyBytes,
        int concurrency,
        int queue) {

    /** The size of a WebAssembly page in bytes (WebAssembly core specification, 2.5.5). */
    public static final int PAGE_BYTES = 65_536;

    /** The most linear memory the engine can give to one instance. */
    public static final long MAX_MEMORY_BYTES = 32_767L * PAGE_BYTES;

    private static final Duration MIN_TIMEOUT = Duration.ofMillis(1);
    private static final Duration MAX_TIMEOUT = Duration.ofHours(1);

    public FunctionLimits {
        if (timeout.compareTo(MIN_TIMEOUT) < 0 || timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException("timeout is " + timeout + ", expected 1 ms to 1 hour");
        }
        if (fuel < 1) {
            throw new IllegalArgumentException("fuel is " + fuel + ", expected at least 1");
        }
        if (memoryBytes < PAGE_BYTES || memoryBytes > MAX_MEMORY_BYTES) {
            throw new IllegalArgumentException(
                    "memory is " + memoryBytes + " bytes, expected 65536 to " + MAX_MEMORY_BYTES);
        }
        requireAtLeast("max_output", maxOutputBytes, 1);
        requireAtLeast("max_body", maxBodyBytes, 0);
        requireAtLeast("concurrency", concurrency, 1);
        requireAtLeast("queue", queue, 0);
    }

    /** What a function gets whose config names no limit. */
    public static FunctionLimits defaults() {
        return new FunctionLimits(Duration.ofSeconds(1), 10_000_000_000L, 64L << 20, 5 << 20, 1 << 20, 64, 256);
    }

    /** The memory limit in whole WebAssembly pages. */
    public int memoryPages() {
        return (int) (memoryBytes / PAGE_BYTES);
    }

    private static void requireAtLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + ", expected at least " + least);
        }
    }
}
