package io.gojinn.runtime.module;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Parses the binary format (core specification, chapter 5) in one pass, linear in the input. Every count is checked
 * against {@link ModuleBounds} and against the bytes left before anything is allocated for it, and every index against
 * the space it points into: rewriting appends items, which no index of the module's own may reach.
 */
final class ModuleParser {
    private static final int MAGIC = 0x6D736100;

    private final byte[] binary;
    private final ByteReader in;
    private final InstructionReader instructions;
    private final List<Section> sections = new ArrayList<>();
    private final List<ExternalType.Function> types = new ArrayList<>();
    private final List<ModuleImport> imports = new ArrayList<>();
    private final List<ExternalType.Table> tables = new ArrayList<>();
    private final List<ExternalType.Memory> memories = new ArrayList<>();
    private final List<ExternalType.Global> globals = new ArrayList<>();
    private final List<ModuleExport> exports = new ArrayList<>();
    private final Set<Proposal> proposals = EnumSet.noneOf(Proposal.class);
    private int[] functionTypes = new int[16];
    private int functions;
    private int importedFunctions;
    private int importedTables;
    private int importedMemories;
    private int importedGlobals;
    private OptionalInt start = OptionalInt.empty();
    private int elementSegments;
    private long elements;
    private int dataSegments;
    private int dataCount = -1;
    private int[] bodies = new int[0];
    private long typeEntries;
    private int[] functionReferences = new int[16];
    private int functionReferenceCount;
    private final CodeChecker code;
    private final Set<String> exportNames = new HashSet<>();

    private ModuleParser(byte[] binary) {
        this.binary = binary;
        this.in = new ByteReader(binary);
        this.instructions = new InstructionReader(in);
        this.code = new CodeChecker(in, instructions, this);
    }

    /**
     * All that was found. Index spaces hold imports first.
     *
     * @param functionTypes the type index of each function
     * @param bodies where the body of each defined function starts (its locals) and, after the last one, where the code
     *     section ends; the size field lies before each start
     * @param functionReferences where function indices stand outside of code and start section, in order
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Result(
            byte[] binary,
            List<Section> sections,
            List<ExternalType.Function> types,
            List<ModuleImport> imports,
            int[] functionTypes,
            int importedFunctions,
            int importedTables,
            int importedMemories,
            int importedGlobals,
            List<ExternalType.Table> tables,
            List<ExternalType.Memory> memories,
            List<ExternalType.Global> globals,
            List<ModuleExport> exports,
            OptionalInt start,
            int[] bodies,
            int[] functionReferences,
            Set<Proposal> proposals,
            CodeFacts codeFacts) {

        int functionCount() {
            return functionTypes.length;
        }

        ExternalType.Function functionType(int function) {
            return types.get(functionTypes[function]);
        }

        int sectionStart(int id) {
            return sections.stream()
                    .filter(section -> section.id() == id)
                    .mapToInt(Section::start)
                    .findFirst()
                    .orElse(0);
        }
    }

    static Result parse(byte[] binary) throws InvalidModuleException {
        return new ModuleParser(binary).parse();
    }

    private Result parse() throws InvalidModuleException {
        if (binary.length > ModuleBounds.MODULE_BYTES) {
            throw in.invalid(
                    0, "found " + binary.length + " bytes, at most " + ModuleBounds.MODULE_BYTES + " are allowed");
        }
        header();
        int last = 0;
        boolean[] seen = new boolean[Section.TAG];
        while (in.remaining() > 0) {
            in.section("module");
            int at = in.position();
            int id = in.u8();
            if (id == Section.TAG) {
                throw in.needs(at, Proposal.EXCEPTIONS);
            }
            if (id > Section.TAG) {
                throw in.invalid(at, "found section id " + id + ", expected 0 to 12");
            }
            int size = in.count("bytes of a section", ModuleBounds.MODULE_BYTES, 1);
            if (id != Section.CUSTOM) {
                if (Section.order(id) <= last) {
                    throw in.invalid(
                            at,
                            "found the " + Section.name(id) + " section a second time or after one it must precede");
                }
                last = Section.order(id);
                seen[id] = true;
            }
            section(id, at, size);
        }
        in.section("module");
        if (bodies.length == 0 && functions > importedFunctions) {
            throw in.invalid(in.position(), "found no code for " + (functions - importedFunctions) + " functions");
        }
        if (dataCount >= 0 && dataCount != dataSegments) {
            throw in.invalid(in.position(), "found " + dataSegments + " data segments, expected " + dataCount);
        }
        return new Result(
                binary,
                List.copyOf(sections),
                List.copyOf(types),
                List.copyOf(imports),
                Arrays.copyOf(functionTypes, functions),
                importedFunctions,
                importedTables,
                importedMemories,
                importedGlobals,
                List.copyOf(tables),
                List.copyOf(memories),
                List.copyOf(globals),
                List.copyOf(exports),
                start,
                bodies,
                Arrays.copyOf(functionReferences, functionReferenceCount),
                Set.copyOf(proposals),
                code.facts());
    }

    private void header() throws InvalidModuleException {
        if (littleEndian32() != MAGIC) {
            throw in.invalid(0, "found no \"\\0asm\" at the start");
        }
        long version = littleEndian32();
        if (version >> 16 == 1) {
            throw in.needs(4, Proposal.COMPONENT_MODEL);
        }
        if (version != 1) {
            throw in.invalid(4, "found version " + version + ", expected 1");
        }
    }

    private long littleEndian32() throws InvalidModuleException {
        long value = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            value |= (long) in.u8() << shift;
        }
        return value;
    }

    private void section(int id, int at, int size) throws InvalidModuleException {
        int payload = in.position();
        int end = payload + size;
        int moduleEnd = in.end();
        in.end(end);
        in.section(Section.name(id));
        int count = 0;
        int items = payload;
        switch (id) {
            case Section.CUSTOM -> {
                in.name();
                in.position(end);
            }
            case Section.START -> start = OptionalInt.of(startFunction());
            case Section.DATA_COUNT -> dataCount = in.count("data segments", ModuleBounds.DATA_SEGMENTS, 0);
            default -> {
                count = in.count(itemName(id), bound(id), leastBytes(id));
                items = in.position();
                before(id, count);
                for (int i = 0; i < count; i++) {
                    item(id, i);
                }
                if (id == Section.CODE) {
                    bodies[count] = in.position();
                }
            }
        }
        if (in.position() != end) {
            throw in.invalid(in.position(), "found " + in.remaining() + " bytes after the section's contents");
        }
        in.end(moduleEnd);
        sections.add(new Section(id, at, payload, items, count, end));
    }

    private static String itemName(int id) {
        return switch (id) {
            case Section.ELEMENT -> "element segments";
            case Section.DATA -> "data segments";
            case Section.CODE -> "function bodies";
            case Section.MEMORY -> "memories";
            default -> Section.name(id) + "s";
        };
    }

    private int bound(int id) {
        return switch (id) {
            case Section.TYPE -> ModuleBounds.TYPES;
            case Section.IMPORT -> ModuleBounds.IMPORTS;
            case Section.FUNCTION, Section.CODE -> ModuleBounds.FUNCTIONS;
            case Section.TABLE -> ModuleBounds.TABLES;
            case Section.GLOBAL -> ModuleBounds.GLOBALS;
            case Section.EXPORT -> ModuleBounds.EXPORTS;
            case Section.ELEMENT -> ModuleBounds.ELEMENT_SEGMENTS;
            default -> ModuleBounds.DATA_SEGMENTS;
        };
    }

    private static int leastBytes(int id) {
        return switch (id) {
            case Section.FUNCTION -> 1;
            case Section.TABLE, Section.EXPORT, Section.CODE, Section.GLOBAL -> 3;
            case Section.IMPORT -> 4;
            default -> 2;
        };
    }

    private void before(int id, int count) throws InvalidModuleException {
        switch (id) {
            case Section.FUNCTION -> functionTypes = Arrays.copyOf(functionTypes, functions + count);
            case Section.MEMORY -> {
                if (count + memories.size() > ModuleBounds.MEMORIES) {
                    throw in.needs(in.position(), Proposal.MULTI_MEMORY);
                }
            }
            case Section.ELEMENT -> elementSegments = count;
            case Section.CODE -> {
                if (count != functions - importedFunctions) {
                    throw in.invalid(
                            in.position(),
                            "found " + count + " function bodies, expected " + (functions - importedFunctions));
                }
                bodies = new int[count + 1];
            }
            case Section.DATA -> {
                dataSegments = count;
                if (dataCount >= 0 && dataCount != count) {
                    throw in.invalid(in.position(), "found " + count + " data segments, expected " + dataCount);
                }
            }
            default -> {}
        }
    }

    private void item(int id, int i) throws InvalidModuleException {
        switch (id) {
            case Section.TYPE -> types.add(functionType());
            case Section.IMPORT -> addImport();
            case Section.FUNCTION -> addFunction(in.index("type", types.size()));
            case Section.TABLE -> addTable(tableType(true));
            case Section.MEMORY -> memories.add(memoryType());
            case Section.GLOBAL -> {
                ExternalType.Global type = globalType();
                constant();
                globals.add(type);
            }
            case Section.EXPORT -> addExport();
            case Section.ELEMENT -> elementSegment();
            case Section.CODE -> body(i);
            case Section.DATA -> dataSegment();
            default -> throw new IllegalStateException("section " + id);
        }
    }

    private ExternalType.Function functionType() throws InvalidModuleException {
        int at = in.position();
        int form = in.u8();
        switch (form) {
            case 0x60 -> {}
            case 0x4D, 0x4E, 0x4F, 0x50, 0x5E, 0x5F -> throw in.needs(at, Proposal.GARBAGE_COLLECTION);
            default -> throw in.invalid(at, "found 0x%02x, expected a function type (0x60)".formatted(form));
        }
        List<ValueType> parameters = valueTypes("parameters", ModuleBounds.PARAMETERS);
        List<ValueType> results = valueTypes("results", ModuleBounds.RESULTS);
        if (results.size() > 1) {
            proposals.add(Proposal.MULTI_VALUE);
        }
        return new ExternalType.Function(parameters, results);
    }

    private List<ValueType> valueTypes(String what, int bound) throws InvalidModuleException {
        int at = in.position();
        int count = in.count(what, bound, 1);
        typeEntries += count;
        if (typeEntries > ModuleBounds.TYPE_ENTRIES) {
            throw in.invalid(at, "found over " + ModuleBounds.TYPE_ENTRIES + " parameters and results in all types");
        }
        List<ValueType> list = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            list.add(note(in.valueType()));
        }
        return list;
    }

    /** Remembers the proposal a type belongs to. */
    ValueType note(ValueType type) {
        if (type == ValueType.V128) {
            proposals.add(Proposal.SIMD);
        } else if (type.isReference()) {
            proposals.add(Proposal.REFERENCE_TYPES);
        }
        return type;
    }

    private void addImport() throws InvalidModuleException {
        String module = in.name();
        String name = in.name();
        int at = in.position();
        int kind = in.u8();
        ExternalType type = switch (kind) {
            case 0 -> importFunction();
            case 1 -> importTable();
            case 2 -> importMemory();
            case 3 -> importGlobal();
            case 4 -> throw in.needs(at, Proposal.EXCEPTIONS);
            default -> throw in.invalid(at, "found import kind " + kind + ", expected 0 to 3");
        };
        imports.add(new ModuleImport(module, name, type));
    }

    private ExternalType importFunction() throws InvalidModuleException {
        int type = in.index("type", types.size());
        functionTypes = grow(functionTypes, functions);
        addFunction(type);
        importedFunctions++;
        return types.get(type);
    }

    private ExternalType importTable() throws InvalidModuleException {
        ExternalType.Table table = tableType(false);
        addTable(table);
        importedTables++;
        return table;
    }

    private ExternalType importMemory() throws InvalidModuleException {
        int at = in.position();
        ExternalType.Memory memory = memoryType();
        memories.add(memory);
        importedMemories++;
        if (memories.size() > ModuleBounds.MEMORIES) {
            throw in.needs(at, Proposal.MULTI_MEMORY);
        }
        return memory;
    }

    private ExternalType importGlobal() throws InvalidModuleException {
        ExternalType.Global global = globalType();
        globals.add(global);
        importedGlobals++;
        if (global.mutable()) {
            proposals.add(Proposal.MUTABLE_GLOBALS);
        }
        return global;
    }

    private static int[] grow(int[] array, int size) {
        return size < array.length ? array : Arrays.copyOf(array, 2 * size + 1);
    }

    private void addFunction(int type) {
        functionTypes[functions++] = type;
    }

    private void addTable(ExternalType.Table table) throws InvalidModuleException {
        tables.add(table);
        if (tables.size() > 1) {
            proposals.add(Proposal.REFERENCE_TYPES);
        }
        if (tables.size() > ModuleBounds.TABLES) {
            throw in.invalid(in.position(), "found over " + ModuleBounds.TABLES + " tables");
        }
    }

    private ExternalType.Table tableType(boolean mayInitialize) throws InvalidModuleException {
        int at = in.position();
        if (mayInitialize && in.u8() == 0x40) {
            throw in.needs(at, Proposal.GARBAGE_COLLECTION);
        }
        in.position(at);
        ValueType element = in.referenceType();
        if (element == ValueType.EXTERNREF) {
            note(element);
        }
        at = in.position();
        int flags = in.u8();
        if ((flags & 0x04) != 0 && flags < 8) {
            throw in.needs(at, Proposal.MEMORY64);
        }
        if (flags == 2 || flags == 3) {
            throw in.needs(at, Proposal.THREADS);
        }
        Limits limits = limits(at, flags, ModuleBounds.TABLE_ELEMENTS, "elements");
        return new ExternalType.Table(element, limits.initial(), limits.maximum());
    }

    private ExternalType.Memory memoryType() throws InvalidModuleException {
        int at = in.position();
        int flags = in.u8();
        if (flags >= 8 && flags < 16) {
            throw in.invalid(at, "the module needs custom page sizes, which are not supported");
        }
        if (flags >= 4 && flags < 8) {
            throw in.needs(at, Proposal.MEMORY64);
        }
        if (flags == 2 || flags == 3) {
            throw in.needs(at, Proposal.THREADS);
        }
        Limits limits = limits(at, flags, ModuleBounds.MEMORY_PAGES, "pages");
        return new ExternalType.Memory(limits.initial(), limits.maximum());
    }

    private record Limits(long initial, OptionalLong maximum) {}

    private Limits limits(int at, int flags, long bound, String unit) throws InvalidModuleException {
        if (flags > 1) {
            throw in.invalid(at, "found limits of kind 0x%02x, expected 0 or 1".formatted(flags));
        }
        long initial = in.u32();
        OptionalLong maximum = flags == 1 ? OptionalLong.of(in.u32()) : OptionalLong.empty();
        if (initial > bound || maximum.orElse(0) > bound) {
            throw in.invalid(
                    at,
                    "found limits of " + Math.max(initial, maximum.orElse(0)) + " " + unit + ", at most " + bound
                            + " are allowed");
        }
        if (maximum.isPresent() && maximum.getAsLong() < initial) {
            throw in.invalid(at, "found a maximum of " + maximum.getAsLong() + " below the initial " + initial);
        }
        return new Limits(initial, maximum);
    }

    private ExternalType.Global globalType() throws InvalidModuleException {
        ValueType value = note(in.valueType());
        int at = in.position();
        int mutability = in.u8();
        if (mutability == 2 || mutability == 3) {
            throw in.needs(at, Proposal.THREADS);
        }
        if (mutability > 1) {
            throw in.invalid(at, "found mutability " + mutability + ", expected 0 or 1");
        }
        return new ExternalType.Global(value, mutability == 1);
    }

    /** A constant expression (3.3.10); which constants fit is the engine's to judge. */
    private void constant() throws InvalidModuleException {
        for (int opcode = instructions.next(); opcode != Opcode.END; opcode = instructions.next()) {
            switch (opcode) {
                case Opcode.I32_CONST, Opcode.I64_CONST, Opcode.F32_CONST, Opcode.F64_CONST -> {}
                case Opcode.V128_CONST -> proposals.add(Proposal.SIMD);
                case Opcode.REF_NULL -> proposals.add(Proposal.REFERENCE_TYPES);
                // Of the module's own globals only later versions of the standard allow constants to be made.
                case Opcode.GLOBAL_GET -> requireIndex("imported global", instructions.first(), importedGlobals);
                case Opcode.REF_FUNC -> {
                    requireIndex("function", instructions.first(), functions);
                    noteReference(instructions.start() + 1);
                    proposals.add(Proposal.REFERENCE_TYPES);
                }
                case Opcode.I32_ADD, Opcode.I32_SUB, Opcode.I32_MUL, Opcode.I64_ADD, Opcode.I64_SUB, Opcode.I64_MUL ->
                    throw in.needs(instructions.start(), Proposal.EXTENDED_CONSTANTS);
                default -> throw in.invalid(instructions.start(), "found an instruction that is not constant");
            }
        }
    }

    private void requireIndex(String what, int index, int size) throws InvalidModuleException {
        if (index >= size) {
            throw in.invalid(
                    instructions.start(),
                    "found " + what + " " + Integer.toUnsignedString(index) + ", there are " + size);
        }
    }

    private void addExport() throws InvalidModuleException {
        int at = in.position();
        String name = in.name();
        int kindAt = in.position();
        int kind = in.u8();
        exports.add(
                switch (kind) {
                    case 0 -> new ModuleExport(name, ExternalKind.FUNCTION, functionReference());
                    case 1 -> new ModuleExport(name, ExternalKind.TABLE, in.index("table", tables.size()));
                    case 2 -> new ModuleExport(name, ExternalKind.MEMORY, in.index("memory", memories.size()));
                    case 3 -> exportedGlobal(name);
                    case 4 -> throw in.needs(kindAt, Proposal.EXCEPTIONS);
                    default -> throw in.invalid(kindAt, "found export kind " + kind + ", expected 0 to 3");
                });
        if (!exportNames.add(name)) {
            throw in.invalid(at, "found the export \"" + name + "\" twice");
        }
    }

    private ModuleExport exportedGlobal(String name) throws InvalidModuleException {
        int index = in.index("global", globals.size());
        if (globals.get(index).mutable()) {
            proposals.add(Proposal.MUTABLE_GLOBALS);
        }
        return new ModuleExport(name, ExternalKind.GLOBAL, index);
    }

    private int startFunction() throws InvalidModuleException {
        int at = in.position();
        int function = in.index("function", functions);
        ExternalType.Function type = types.get(functionTypes[function]);
        if (!type.parameters().isEmpty() || !type.results().isEmpty()) {
            throw in.invalid(at, "found a start function of type " + type + ", expected [] -> []");
        }
        return function;
    }

    /** An element segment; the bits of its flags say passive or declarative, explicit index, expressions (5.5.12). */
    private void elementSegment() throws InvalidModuleException {
        int at = in.position();
        long flags = in.u32();
        if (flags > 7) {
            throw in.invalid(at, "found element segment kind " + flags + ", expected 0 to 7");
        }
        boolean active = (flags & 1) == 0;
        boolean typed = (flags & 3) != 0;
        boolean expressions = (flags & 4) != 0;
        if (!active) {
            proposals.add(Proposal.BULK_MEMORY);
        }
        if (active) {
            int table = (flags & 2) != 0 ? in.index("table", tables.size()) : 0;
            if (table >= tables.size()) {
                throw in.invalid(at, "found a segment of table 0, there are 0");
            }
            constant();
        }
        if (typed) {
            elementKind(expressions);
        }
        int countAt = in.position();
        int count = in.count("elements", ModuleBounds.ELEMENTS, 1);
        elements += count;
        if (elements > ModuleBounds.ELEMENTS) {
            throw in.invalid(countAt, "found over " + ModuleBounds.ELEMENTS + " elements in all segments");
        }
        for (int i = 0; i < count; i++) {
            if (expressions) {
                constant();
            } else {
                functionReference();
            }
        }
    }

    private int functionReference() throws InvalidModuleException {
        noteReference(in.position());
        return in.index("function", functions);
    }

    private void noteReference(int position) {
        functionReferences = grow(functionReferences, functionReferenceCount);
        functionReferences[functionReferenceCount++] = position;
    }

    private void elementKind(boolean expressions) throws InvalidModuleException {
        int at = in.position();
        if (expressions) {
            note(in.referenceType());
        } else if (in.u8() != 0) {
            throw in.invalid(at, "found an element kind other than 0");
        }
    }

    private void dataSegment() throws InvalidModuleException {
        int at = in.position();
        long flags = in.u32();
        if (flags > 2) {
            throw in.invalid(at, "found data segment kind " + flags + ", expected 0 to 2");
        }
        if (flags == 1) {
            proposals.add(Proposal.BULK_MEMORY);
        } else {
            if (flags == 2 && in.index("memory", ModuleBounds.MEMORIES + 1) != 0) {
                throw in.needs(at, Proposal.MULTI_MEMORY);
            }
            if (memories.isEmpty()) {
                throw in.invalid(at, "found a segment of memory 0, there are 0");
            }
            constant();
        }
        in.skip(in.count("data bytes", ModuleBounds.MODULE_BYTES, 1));
    }

    private void body(int i) throws InvalidModuleException {
        int sectionEnd = in.end();
        int size = in.count("bytes of a function", ModuleBounds.FUNCTION_BYTES, 1);
        bodies[i] = in.position();
        int end = in.position() + size;
        in.end(end);
        code.check(types.get(functionTypes[importedFunctions + i]));
        if (in.position() != end) {
            throw in.invalid(in.position(), "found " + in.remaining() + " bytes after the end of the function");
        }
        in.end(sectionEnd);
    }

    int typeCount() {
        return types.size();
    }

    int functionCount() {
        return functions;
    }

    int tableCount() {
        return tables.size();
    }

    int memoryCount() {
        return memories.size();
    }

    int globalCount() {
        return globals.size();
    }

    int elementSegmentCount() {
        return elementSegments;
    }

    /** Of the data count section, which code that names segments must be preceded by; or -1. */
    int declaredDataSegments() {
        return dataCount;
    }

    void noteProposal(Proposal proposal) {
        proposals.add(proposal);
    }

    ExternalType.Function type(int index) {
        return types.get(index);
    }
}
