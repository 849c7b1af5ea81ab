package io.gojinn.runtime.module;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a parsed module: items appended to sections, the items of a section replaced, sections removed. All other
 * bytes, custom sections among them, are copied.
 */
final class ModuleEdit {
    private final ModuleParser.Result module;
    private final Map<Integer, ByteWriter> replaced = new HashMap<>();
    private final Map<Integer, Appended> appended = new HashMap<>();
    private final Set<Integer> removed = new HashSet<>();
    private final Map<ExternalType.Function, Integer> typeIndices = new HashMap<>();
    private int types;
    private int functions;
    private int globals;
    private int shift;

    private static final class Appended {
        final ByteWriter items = new ByteWriter(64);
        int count;

        Appended copy() {
            Appended copy = new Appended();
            copy.items.bytes(items);
            copy.count = count;
            return copy;
        }
    }

    ModuleEdit(ModuleParser.Result module) {
        this.module = module;
        types = module.types().size();
        functions = module.functionCount();
        globals = module.globals().size();
        for (int i = types - 1; i >= 0; i--) {
            typeIndices.put(module.types().get(i), i);
        }
    }

    /** An edit that starts from this one and leaves it as it is. */
    ModuleEdit copy() {
        ModuleEdit copy = new ModuleEdit(module);
        copy.replaced.putAll(replaced);
        appended.forEach((id, items) -> copy.appended.put(id, items.copy()));
        copy.removed.addAll(removed);
        copy.typeIndices.putAll(typeIndices);
        copy.types = types;
        copy.functions = functions;
        copy.globals = globals;
        copy.shift = shift;
        return copy;
    }

    /**
     * Imports a function after all functions the module imports. Its own move up by one: call this before all that
     * takes or gives an index of a function, and replace the code.
     */
    int importFunction(String from, String name, ExternalType.Function type) {
        append(Section.IMPORT).name(from).name(name).u8(0).u32(type(type));
        functions++;
        shift = 1;
        shiftReferences();
        return module.importedFunctions();
    }

    /** The index that one of the original module's functions has now. */
    int shifted(int function) {
        return function < module.importedFunctions() ? function : function + shift;
    }

    private void shiftReferences() {
        byte[] binary = module.binary();
        int[] references = module.functionReferences();
        ByteReader in = new ByteReader(binary);
        int next = 0;
        for (Section section : module.sections()) {
            if (next == references.length || references[next] >= section.end()) {
                continue;
            }
            ByteWriter items = new ByteWriter(section.end() - section.items() + 64);
            int copied = section.items();
            while (next < references.length && references[next] < section.end()) {
                items.bytes(binary, copied, references[next]);
                in.position(references[next++]);
                items.u32(shifted(in.parsedU32()));
                copied = in.position();
            }
            replace(section.id(), items.bytes(binary, copied, section.end()));
        }
    }

    /** Replaces all items of a section; their number stays. */
    void replace(int section, ByteWriter items) {
        replaced.put(section, items);
    }

    /** Removes a section. */
    void remove(int section) {
        removed.add(section);
    }

    /** The index of a function type, appended when the module has none like it. */
    int type(ExternalType.Function type) {
        Integer known = typeIndices.get(type);
        if (known != null) {
            return known;
        }
        ByteWriter items = append(Section.TYPE).u8(0x60).u32(type.parameters().size());
        type.parameters().forEach(parameter -> items.u8(parameter.code()));
        items.u32(type.results().size());
        type.results().forEach(result -> items.u8(result.code()));
        typeIndices.put(type, types);
        return types++;
    }

    /**
     * Appends a function.
     *
     * @param body its locals and code, to the last {@code end}
     * @return its index
     */
    int function(ExternalType.Function type, ByteWriter body) {
        append(Section.FUNCTION).u32(type(type));
        append(Section.CODE).u32(body.size()).bytes(body);
        return functions++;
    }

    /** Appends a mutable global of a numeric type whose value is 0, and gives its index. */
    int zeroGlobal(ValueType type) {
        ByteWriter items = append(Section.GLOBAL).u8(type.code()).u8(1);
        items.u8(type == ValueType.I32 ? Opcode.I32_CONST : Opcode.I64_CONST).signed(0);
        items.u8(Opcode.END);
        return globals++;
    }

    void exportFunction(String name, int index) {
        append(Section.EXPORT).name(name).u8(0).u32(index);
    }

    ByteWriter append(int section) {
        Appended items = appended.get(section);
        if (items == null) {
            items = new Appended();
            appended.put(section, items);
        }
        items.count++;
        return items.items;
    }

    byte[] toBinary() {
        byte[] binary = module.binary();
        ByteWriter out = new ByteWriter(binary.length + binary.length / 8 + 1024);
        out.bytes(binary, 0, 8);
        int written = 0;
        for (Section section : module.sections()) {
            if (section.id() == Section.CUSTOM) {
                if (shift == 0 || !NameSection.write(out, binary, section, this)) {
                    out.bytes(binary, section.start(), section.end());
                }
                continue;
            }
            int order = Section.order(section.id());
            writeNew(out, written, order);
            write(out, section.id(), section);
            written = order;
        }
        writeNew(out, written, Section.TAG);
        return out.toByteArray();
    }

    /** Writes the sections that the module does not have and that belong between two orders. */
    private void writeNew(ByteWriter out, int after, int before) {
        for (int order = after + 1; order < before; order++) {
            for (int id = Section.TYPE; id <= Section.DATA_COUNT; id++) {
                if (Section.order(id) == order && appended.containsKey(id)) {
                    write(out, id, null);
                }
            }
        }
    }

    private void write(ByteWriter out, int id, @Nullable Section old) {
        if (removed.contains(id)) {
            return;
        }
        ByteWriter replacement = replaced.get(id);
        Appended more = appended.get(id);
        if (old != null && replacement == null && more == null) {
            out.bytes(module.binary(), old.start(), old.end());
            return;
        }
        int count = (old == null ? 0 : old.count()) + (more == null ? 0 : more.count);
        ByteWriter payload = new ByteWriter(64).u32(count);
        int oldSize = replacement != null ? replacement.size() : old == null ? 0 : old.end() - old.items();
        out.u8(id).u32((long) payload.size() + oldSize + (more == null ? 0 : more.items.size()));
        out.bytes(payload);
        if (replacement != null) {
            out.bytes(replacement);
        } else if (old != null) {
            out.bytes(module.binary(), old.items(), old.end());
        }
        if (more != null) {
            out.bytes(more.items);
        }
    }
}
