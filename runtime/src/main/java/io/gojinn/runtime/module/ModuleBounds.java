package io.gojinn.runtime.module;

/**
 * How much a binary may ask for before anything is allocated for it. The engine has bounds of its own on none of these
 * by default. Where nothing else is said, the value is about ten times what the largest modules known to us (language
 * runtimes of 30 MiB) need, and never over the limits of the WebAssembly JavaScript interface (its chapter 9), which
 * every producer keeps.
 */
final class ModuleBounds {
    /** Bytes of a module: offsets are Java ints, and metered code is at most some ten times the original. */
    static final int MODULE_BYTES = 128 << 20;

    static final int TYPES = 100_000;
    static final int PARAMETERS = 1_000;
    static final int RESULTS = 1_000;

    /** Parameter and result entries of all types together: 100,000 types of 2,000 would be 200 million objects. */
    static final int TYPE_ENTRIES = 1_000_000;

    /** Every import is an object for the host to link at each instantiation. */
    static final int IMPORTS = 10_000;

    /** The engine keeps some hundred bytes a function before any runs. */
    static final int FUNCTIONS = 200_000;

    static final int TABLES = 100;

    /** More need multi-memory, which is not supported. */
    static final int MEMORIES = 1;

    /** Mutable ones get an exported getter each. */
    static final int GLOBALS = 10_000;

    static final int EXPORTS = 100_000;

    static final int ELEMENT_SEGMENTS = 100_000;

    /** Elements of all segments together: the engine keeps each as an object reference. */
    static final int ELEMENTS = 10_000_000;

    static final int DATA_SEGMENTS = 100_000;

    /** Bytes of a function's code; the limit of the JavaScript interface. */
    static final int FUNCTION_BYTES = 7_654_321;

    /** Parameters and locals of a function: a run-length encoding claims 4 billion in six bytes. */
    static final int LOCALS = 50_000;

    /** Nested control structures: a frame of the rewriter each. */
    static final int NESTING = 50_000;

    static final int BRANCH_TARGETS = 65_520;

    /** The bytes of one name. */
    static final int NAME_BYTES = 100_000;

    /** The bytes of all names together: they become Java strings. */
    static final int ALL_NAME_BYTES = 16 << 20;

    /** Elements of one table, before the configured bound: the engine cannot allocate more. */
    static final long TABLE_ELEMENTS = 0xFFFF_FFFFL;

    /** Pages of a 32-bit memory (core specification, 3.2.5). */
    static final long MEMORY_PAGES = 65_536;

    private ModuleBounds() {}
}
