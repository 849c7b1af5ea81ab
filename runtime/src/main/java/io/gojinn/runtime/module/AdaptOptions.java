package io.gojinn.runtime.module;

import java.util.Optional;

/**
 * What adaptation enforces.
 *
 * @param memoryPages the most pages the memory may have, 0 to 65,536
 * @param tableElements the most elements any one table may have
 * @param prices what execution costs, or none for code that is not metered and whose call depth is not bounded
 */
public record AdaptOptions(int memoryPages, int tableElements, Optional<Prices> prices) {
    public AdaptOptions {
        if (memoryPages < 0 || memoryPages > ModuleBounds.MEMORY_PAGES) {
            throw new IllegalArgumentException(
                    "memoryPages is " + memoryPages + ", expected 0 to " + ModuleBounds.MEMORY_PAGES);
        }
        if (tableElements < 0) {
            throw new IllegalArgumentException("tableElements is " + tableElements + ", expected at least 0");
        }
    }
}
