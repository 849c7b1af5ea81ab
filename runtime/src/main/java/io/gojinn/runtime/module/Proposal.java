package io.gojinn.runtime.module;

/** An extension of WebAssembly 1.0 that a module may use, with the name people know it by. */
public enum Proposal {
    MULTI_VALUE("multi-value", true),
    SIGN_EXTENSION("sign-extension operators", true),
    SATURATING_CONVERSION("non-trapping float-to-int conversions", true),
    BULK_MEMORY("bulk memory operations", true),
    REFERENCE_TYPES("reference types", true),
    MUTABLE_GLOBALS("import and export of mutable globals", true),
    SIMD("fixed-width SIMD", true),
    MEMORY64("memory64", false),
    MULTI_MEMORY("multiple memories", false),
    THREADS("threads and atomics", false),
    EXCEPTIONS("exception handling", false),
    TAIL_CALLS("tail calls", false),
    GARBAGE_COLLECTION("typed function references or garbage collection", false),
    EXTENDED_CONSTANTS("extended constant expressions", false),
    RELAXED_SIMD("relaxed SIMD", false),
    WIDE_ARITHMETIC("wide arithmetic", false),
    COMPONENT_MODEL("the component model", false);

    private final String title;
    private final boolean supported;

    Proposal(String title, boolean supported) {
        this.title = title;
        this.supported = supported;
    }

    /** The name for messages. */
    public String title() {
        return title;
    }

    /** Whether modules that need it are accepted. */
    public boolean supported() {
        return supported;
    }
}
