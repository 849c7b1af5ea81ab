package io.gojinn.runtime;

import java.nio.file.Path;

/** Where the binaries of {@code runtime/src/test/modules} and of the examples lie. */
public final class TestModules {
    private static final Path ROOT = Path.of(System.getProperty("gojinn.root"));

    private TestModules() {}

    /** A module made for tests, by its file name without the ending. */
    public static Path module(String name) {
        return ROOT.resolve("runtime/src/test/modules").resolve(name + ".wasm");
    }

    /** A function of the examples. */
    public static Path example(String name) {
        return ROOT.resolve("config-examples/functions").resolve(name + ".wasm");
    }
}
