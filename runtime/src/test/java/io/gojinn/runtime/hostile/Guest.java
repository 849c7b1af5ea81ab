package io.gojinn.runtime.hostile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a module for a test. Types are written as {@code "iI:f"}: parameters, results; i and I are integers of 32 and 64
 * bits, f and F floats, v a vector, r and e references. Imports come before functions.
 */
public final class Guest {
    private static final String WASI = "wasi_snapshot_preview1";
    private static final String ANSWER = "{\"status\":200,\"body\":\"ok\"}";

    private static final int TYPE = 1;
    private static final int IMPORT = 2;
    private static final int FUNCTION = 3;
    private static final int TABLE = 4;
    private static final int MEMORY = 5;
    private static final int GLOBAL = 6;
    private static final int EXPORT = 7;
    private static final int START = 8;
    private static final int ELEMENT = 9;
    private static final int CODE = 10;
    private static final int DATA = 11;
    private static final int DATA_COUNT = 12;

    /** In the order of the binary, where the data count comes before the code. */
    private static final List<Integer> ORDER =
            List.of(TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, DATA_COUNT, CODE, DATA);

    private final Map<Integer, List<byte[]>> sections = new TreeMap<>();
    private final List<String> types = new ArrayList<>();
    private int functions;

    /** A module that exports a memory of one page and nothing else yet. */
    public static Guest withMemory() {
        return new Guest().memory(1, -1).export("memory", 2, 0);
    }

    /** A command that runs this code. */
    public static byte[] command(String code) {
        return withMemory().start(code).build();
    }

    /** Adds an item to a section. */
    public Guest item(int section, byte[]... parts) {
        sections.computeIfAbsent(section, id -> new ArrayList<>()).add(Bytes.join(parts));
        return this;
    }

    /** The index of a type; adds it when it is new. */
    public int type(String signature) {
        int known = types.indexOf(signature);
        if (known >= 0) {
            return known;
        }
        types.add(signature);
        int colon = signature.indexOf(':');
        item(
                TYPE,
                Bytes.raw(0x60),
                Bytes.sized(values(signature.substring(0, colon))),
                Bytes.sized(values(signature.substring(colon + 1))));
        return types.size() - 1;
    }

    private static byte[] values(String letters) {
        int[] codes = new int[letters.length()];
        Arrays.setAll(codes, i -> value(letters.charAt(i)));
        return Bytes.raw(codes);
    }

    private static int value(char letter) {
        return switch (letter) {
            case 'i' -> 0x7F;
            case 'I' -> 0x7E;
            case 'f' -> 0x7D;
            case 'F' -> 0x7C;
            case 'v' -> 0x7B;
            case 'r' -> 0x70;
            case 'e' -> 0x6F;
            default -> throw new IllegalArgumentException("value type " + letter);
        };
    }

    /** Imports a function and returns its index. */
    public int imports(String module, String name, String signature) {
        item(IMPORT, Bytes.name(module), Bytes.name(name), Bytes.raw(0), Bytes.unsigned(type(signature)));
        return functions++;
    }

    /** Imports a function of WASI. */
    public int wasi(String name, String signature) {
        return imports(WASI, name, signature);
    }

    /** Adds a function without locals and returns its index. */
    public int function(String signature, String code) {
        return function(signature, 0, 'i', code);
    }

    /** Adds a function with locals of one type. */
    public int function(String signature, int locals, char type, String code) {
        byte[] declared =
                locals == 0 ? Bytes.raw(0) : Bytes.join(Bytes.raw(1), Bytes.unsigned(locals), Bytes.raw(value(type)));
        return rawFunction(signature, Bytes.join(declared, Assembler.code(code), Bytes.raw(0x0B)));
    }

    /** Adds a function whose locals and code are these bytes. */
    public int rawFunction(String signature, byte[] body) {
        item(FUNCTION, Bytes.unsigned(type(signature)));
        item(CODE, Bytes.sized(body));
        return functions++;
    }

    /** The index the next function gets. */
    public int next() {
        return functions;
    }

    /** Adds the entry of a command. */
    public Guest start(String code) {
        return export("_start", 0, function(":", code));
    }

    /** Adds the entry of a reactor. */
    public Guest handle(String code) {
        return export("gojinn_handle", 0, function(":", code));
    }

    public Guest export(String name, int kind, int index) {
        return item(EXPORT, Bytes.name(name), Bytes.raw(kind), Bytes.unsigned(index));
    }

    /** Declares the memory; a maximum below 0 is none. */
    public Guest memory(long initial, long maximum) {
        return item(MEMORY, limits(initial, maximum));
    }

    /** Adds a table of function references. */
    public Guest table(long initial, long maximum) {
        return item(TABLE, Bytes.raw(0x70), limits(initial, maximum));
    }

    private static byte[] limits(long initial, long maximum) {
        return maximum < 0
                ? Bytes.join(Bytes.raw(0), Bytes.unsigned(initial))
                : Bytes.join(Bytes.raw(1), Bytes.unsigned(initial), Bytes.unsigned(maximum));
    }

    /** Fills the first table from an offset on. */
    public Guest elements(long offset, int... indices) {
        byte[][] items = new byte[indices.length][];
        Arrays.setAll(items, i -> Bytes.unsigned(indices[i]));
        return item(
                ELEMENT,
                Bytes.raw(0, 0x41),
                Bytes.signed(offset),
                Bytes.raw(0x0B),
                Bytes.unsigned(indices.length),
                Bytes.join(items));
    }

    /** Adds a mutable 32-bit global. */
    public Guest global(int value) {
        return item(GLOBAL, Bytes.raw(0x7F, 1, 0x41), Bytes.signed(value), Bytes.raw(0x0B));
    }

    public Guest data(long offset, byte[] contents) {
        return item(DATA, Bytes.raw(0, 0x41), Bytes.signed(offset), Bytes.raw(0x0B), Bytes.sized(contents));
    }

    public Guest passiveData(byte[] contents) {
        return item(DATA, Bytes.raw(1), Bytes.sized(contents));
    }

    public Guest dataCount(int count) {
        return item(DATA_COUNT, Bytes.unsigned(count));
    }

    /** Names the function that runs at instantiation. */
    public Guest startFunction(int index) {
        return item(START, Bytes.unsigned(index));
    }

    /**
     * Adds a command's entry that runs code and then gives a valid answer, whatever the code did to memory.
     *
     * @param write the index of {@code fd_write}
     */
    public Guest startAndAnswer(int write, String code) {
        passiveData(ANSWER.getBytes(java.nio.charset.StandardCharsets.UTF_8)).dataCount(1);
        return start(code
                + " i32.const 1024 i32.const 0 i32.const " + ANSWER.length() + " memory.init 0 0"
                + " i32.const 1000 i32.const 1024 i32.store 2 0"
                + " i32.const 1004 i32.const " + ANSWER.length() + " i32.store 2 0"
                + " i32.const 1 i32.const 1000 i32.const 1 i32.const 1016 call " + write + " drop");
    }

    /** Imports {@code fd_write}. */
    public int write() {
        return wasi("fd_write", "iiii:i");
    }

    /** One section with all its items. */
    public byte[] section(int id) {
        List<byte[]> items = sections.getOrDefault(id, List.of());
        byte[] joined = Bytes.join(items.toArray(byte[][]::new));
        return id == START || id == DATA_COUNT
                ? Bytes.section(id, joined)
                : Bytes.section(id, Bytes.unsigned(items.size()), joined);
    }

    /** The sections present, in order. */
    public List<byte[]> sections() {
        return ORDER.stream().filter(sections::containsKey).map(this::section).toList();
    }

    public byte[] build() {
        return Bytes.module(sections().toArray(byte[][]::new));
    }
}
