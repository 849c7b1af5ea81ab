package io.gojinn.runtime.module;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes small modules for tests, item by item; nothing is checked. */
final class ModuleBuilder {
    private static final int[] HEADER = {0x00, 0x61, 0x73, 0x6D, 1, 0, 0, 0};

    private final Map<Integer, List<int[]>> sections = new TreeMap<>();
    private final List<byte[]> custom = new ArrayList<>();

    /** Adds an item to a section, given by the order of sections. */
    ModuleBuilder add(int section, int... bytes) {
        sections.computeIfAbsent(Section.order(section), order -> new ArrayList<>())
                .add(bytes);
        return this;
    }

    /** Adds the function type whose parts are value type codes. */
    ModuleBuilder type(int[] parameters, int[] results) {
        return add(
                Section.TYPE,
                concat(new int[] {0x60, parameters.length}, parameters, new int[] {results.length}, results));
    }

    /** Adds a function without locals; its last {@code end} is added. */
    ModuleBuilder function(int type, int... code) {
        return functionWithLocals(type, new int[] {0}, code);
    }

    ModuleBuilder functionWithLocals(int type, int[] locals, int... code) {
        add(Section.FUNCTION, type);
        ByteWriter size = new ByteWriter(8).u32(locals.length + code.length + 1);
        int[] prefix = new int[size.size()];
        for (int i = 0; i < prefix.length; i++) {
            prefix[i] = size.toByteArray()[i] & 0xFF;
        }
        return add(Section.CODE, concat(prefix, locals, code, new int[] {Opcode.END}));
    }

    ModuleBuilder export(String name, int kind, int index) {
        return add(Section.EXPORT, concat(name(name), new int[] {kind, index}));
    }

    ModuleBuilder importFunction(String module, String name, int type) {
        return add(Section.IMPORT, concat(name(module), name(name), new int[] {0, type}));
    }

    /** Adds a custom section after all others. */
    ModuleBuilder custom(String name, int... contents) {
        int[] payload = concat(name(name), contents);
        ByteWriter out = new ByteWriter(payload.length + 8).u8(0).u32(payload.length);
        write(out, payload);
        custom.add(out.toByteArray());
        return this;
    }

    byte[] build() {
        ByteWriter out = new ByteWriter(256);
        write(out, HEADER);
        sections.forEach((order, items) -> {
            ByteWriter payload = new ByteWriter(256);
            int id = id(order);
            if (id != Section.START && id != Section.DATA_COUNT) {
                payload.u32(items.size());
            }
            items.forEach(item -> write(payload, item));
            out.u8(id).u32(payload.size()).bytes(payload);
        });
        custom.forEach(section -> out.bytes(section, 0, section.length));
        return out.toByteArray();
    }

    private static int id(int order) {
        for (int id = Section.TYPE; id <= Section.DATA_COUNT; id++) {
            if (Section.order(id) == order) {
                return id;
            }
        }
        throw new IllegalArgumentException("order " + order);
    }

    private static int[] name(String name) {
        return concat(new int[] {name.length()}, name.chars().toArray());
    }

    static int[] concat(int[]... parts) {
        return java.util.Arrays.stream(parts)
                .flatMapToInt(java.util.Arrays::stream)
                .toArray();
    }

    private static void write(ByteWriter out, int[] bytes) {
        for (int b : bytes) {
            out.u8(b);
        }
    }
}
