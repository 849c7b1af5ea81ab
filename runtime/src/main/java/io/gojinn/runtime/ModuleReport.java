package io.gojinn.runtime;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What can be said of a module without running it.
 *
 * @param sha256 of the binary, in lower-case hexadecimal
 * @param sizeBytes of the binary
 * @param shape {@code command} or {@code reactor}; empty when it is neither
 * @param initializes whether {@code _initialize} or a start function runs when it is prepared
 * @param proposals what it needs beyond WebAssembly 1.0, by the names people know
 * @param initialMemoryBytes what an instance starts with
 * @param maximumMemoryBytes what the module allows itself, if it says
 * @param problems why it is not acceptable; empty when it is
 */
public record ModuleReport(
        String sha256,
        long sizeBytes,
        Optional<String> shape,
        boolean initializes,
        List<Import> imports,
        List<String> proposals,
        long initialMemoryBytes,
        OptionalLong maximumMemoryBytes,
        List<String> problems) {
    public ModuleReport {
        imports = List.copyOf(imports);
        proposals = List.copyOf(proposals);
        problems = List.copyOf(problems);
    }

    /** Whether the runtime would prepare it. */
    public boolean acceptable() {
        return problems.isEmpty();
    }

    /**
     * Something the module needs from its host.
     *
     * @param type of it, as people write it
     * @param capability that it belongs to; empty when it is unknown
     * @param granted whether a function has it without a grant
     */
    public record Import(String module, String name, String type, Optional<String> capability, boolean granted) {}
}
