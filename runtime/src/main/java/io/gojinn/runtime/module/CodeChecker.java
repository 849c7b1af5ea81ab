package io.gojinn.runtime.module;

import java.util.Arrays;

/** Checks the structure and the indices of function bodies, and collects what they may do. */
final class CodeChecker {
    private final ByteReader in;
    private final InstructionReader instruction;
    private final ModuleParser module;
    private byte[] openings = new byte[64];
    private boolean mutatesTables;
    private boolean dropsData;
    private boolean growsMemory;

    CodeChecker(ByteReader in, InstructionReader instruction, ModuleParser module) {
        this.in = in;
        this.instruction = instruction;
        this.module = module;
    }

    CodeFacts facts() {
        return new CodeFacts(mutatesTables, dropsData, growsMemory);
    }

    /** Reads a body from its locals to its last {@code end}. */
    void check(ExternalType.Function type) throws InvalidModuleException {
        int locals = locals(type.parameters().size());
        int depth = 1;
        openings[0] = Opcode.BLOCK;
        while (depth > 0) {
            int opcode = instruction.next();
            switch (opcode) {
                case Opcode.BLOCK, Opcode.LOOP, Opcode.IF -> {
                    blockType();
                    if (depth == ModuleBounds.NESTING) {
                        throw invalid("found blocks nested over " + ModuleBounds.NESTING + " deep");
                    }
                    if (depth == openings.length) {
                        openings = Arrays.copyOf(openings, 2 * depth);
                    }
                    openings[depth++] = (byte) opcode;
                }
                case Opcode.ELSE -> {
                    if (openings[depth - 1] != Opcode.IF) {
                        throw invalid("found else outside of an if");
                    }
                    openings[depth - 1] = Opcode.ELSE;
                }
                case Opcode.END -> depth--;
                case Opcode.BR, Opcode.BR_IF -> require("label", instruction.first(), depth);
                case Opcode.BR_TABLE -> {
                    for (int i = 0; i < instruction.targetCount(); i++) {
                        require("label", instruction.target(i), depth);
                    }
                }
                case Opcode.LOCAL_GET, Opcode.LOCAL_SET, Opcode.LOCAL_TEE ->
                    require("local", instruction.first(), locals);
                default -> other(opcode);
            }
        }
    }

    private int locals(int parameters) throws InvalidModuleException {
        int groups = in.count("groups of locals", ModuleBounds.LOCALS, 2);
        long total = parameters;
        for (int i = 0; i < groups; i++) {
            int at = in.position();
            total += in.u32();
            if (total > ModuleBounds.LOCALS) {
                throw in.invalid(at, "found " + total + " locals, at most " + ModuleBounds.LOCALS + " are allowed");
            }
            module.note(in.valueType());
        }
        return (int) total;
    }

    private void blockType() throws InvalidModuleException {
        int type = instruction.blockType();
        if (type >= 0) {
            require("type", type, module.typeCount());
            module.noteProposal(Proposal.MULTI_VALUE);
        } else if (type != InstructionReader.EMPTY_BLOCK) {
            module.note(InstructionReader.blockResult(type));
        }
    }

    private void other(int opcode) throws InvalidModuleException {
        if (opcode <= Opcode.LAST_NUMERIC) {
            plain(opcode);
        } else if (Opcode.isSimd(opcode)) {
            module.noteProposal(Proposal.SIMD);
        } else {
            prefixedOrReference(opcode);
        }
    }

    private void plain(int opcode) throws InvalidModuleException {
        switch (opcode) {
            case Opcode.CALL -> require("function", instruction.first(), module.functionCount());
            case Opcode.CALL_INDIRECT -> {
                require("type", instruction.first(), module.typeCount());
                require("table", instruction.second(), module.tableCount());
            }
            case Opcode.GLOBAL_GET, Opcode.GLOBAL_SET -> require("global", instruction.first(), module.globalCount());
            case Opcode.TABLE_GET -> table(instruction.first());
            case Opcode.TABLE_SET -> {
                table(instruction.first());
                mutatesTables = true;
            }
            case Opcode.SELECT_TYPED -> module.noteProposal(Proposal.REFERENCE_TYPES);
            case Opcode.MEMORY_GROW -> growsMemory = true;
            case 0xC0, 0xC1, 0xC2, 0xC3, 0xC4 -> module.noteProposal(Proposal.SIGN_EXTENSION);
            default -> {}
        }
    }

    private void prefixedOrReference(int opcode) throws InvalidModuleException {
        switch (opcode) {
            case Opcode.REF_FUNC -> {
                require("function", instruction.first(), module.functionCount());
                module.noteProposal(Proposal.REFERENCE_TYPES);
            }
            case Opcode.REF_NULL, Opcode.REF_IS_NULL -> module.noteProposal(Proposal.REFERENCE_TYPES);
            case Opcode.MEMORY_INIT -> dataSegment();
            case Opcode.DATA_DROP -> {
                dataSegment();
                dropsData = true;
            }
            case Opcode.MEMORY_COPY, Opcode.MEMORY_FILL -> module.noteProposal(Proposal.BULK_MEMORY);
            case Opcode.TABLE_INIT -> {
                elementSegment();
                table(instruction.second());
            }
            case Opcode.ELEM_DROP -> elementSegment();
            case Opcode.TABLE_COPY -> {
                table(instruction.first());
                table(instruction.second());
                module.noteProposal(Proposal.BULK_MEMORY);
                mutatesTables = true;
            }
            case Opcode.TABLE_GROW, Opcode.TABLE_FILL -> {
                table(instruction.first());
                module.noteProposal(Proposal.REFERENCE_TYPES);
                mutatesTables = true;
            }
            case Opcode.TABLE_SIZE -> table(instruction.first());
            default -> module.noteProposal(Proposal.SATURATING_CONVERSION);
        }
    }

    private void table(int index) throws InvalidModuleException {
        require("table", index, module.tableCount());
        module.noteProposal(Proposal.REFERENCE_TYPES);
    }

    private void elementSegment() throws InvalidModuleException {
        require("element segment", instruction.first(), module.elementSegmentCount());
        module.noteProposal(Proposal.BULK_MEMORY);
        mutatesTables = true;
    }

    private void dataSegment() throws InvalidModuleException {
        if (module.declaredDataSegments() < 0) {
            throw invalid("found a data segment in code, expected a data count section before");
        }
        require("data segment", instruction.first(), module.declaredDataSegments());
        module.noteProposal(Proposal.BULK_MEMORY);
    }

    private void require(String what, int index, int size) throws InvalidModuleException {
        if (index >= size) {
            throw invalid("found " + what + " " + index + ", there are " + size);
        }
    }

    private InvalidModuleException invalid(String reason) {
        return in.invalid(instruction.start(), reason);
    }
}
