package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WasmModuleTest {
    private static final int[] NONE = {};
    private static final int I32 = 0x7F;

    /** A module that is one section with these contents, in hexadecimal. */
    private static byte[] section(int id, String hex) {
        byte[] contents = java.util.HexFormat.of().parseHex(hex.replace(" ", ""));
        ByteWriter out = new ByteWriter(64)
                .u32(0)
                .u8('a')
                .u8('s')
                .u8('m')
                .u8(1)
                .u8(0)
                .u8(0)
                .u8(0);
        return out.u8(id)
                .u32(contents.length)
                .bytes(contents, 0, contents.length)
                .toByteArray();
    }

    private static InvalidModuleException refusal(byte[] binary) {
        InvalidModuleException refusal =
                catchThrowableOfType(InvalidModuleException.class, () -> WasmModule.parse(binary));
        assertThat(refusal).isNotNull();
        return refusal;
    }

    private static byte[] withCode(int... code) {
        return new ModuleBuilder().type(NONE, NONE).function(0, code).build();
    }

    @ParameterizedTest
    @CsvSource({"ok.wasm, COMMAND", "ok-reactor.wasm, REACTOR", "start-function.wasm, COMMAND"})
    void knowsTheShapeOfAModuleThatKeepsTheContract(String sample, Shape shape) throws InvalidModuleException {
        assertThat(WasmModule.parse(SampleModules.read(sample)).shape()).isEqualTo(shape);
    }

    @ParameterizedTest
    @ValueSource(strings = {"both-entries.wasm", "no-entry.wasm", "no-memory.wasm"})
    void refusesToNameTheShapeOfOthers(String sample) throws InvalidModuleException {
        WasmModule module = WasmModule.parse(SampleModules.read(sample));
        assertThatExceptionOfType(InvalidModuleException.class)
                .isThrownBy(module::shape)
                .withMessageContaining("expected");
    }

    @Test
    void refusesAnEntryWithParametersAndAnImportedMemory() throws InvalidModuleException {
        WasmModule entry = WasmModule.parse(new ModuleBuilder()
                .type(new int[] {I32}, NONE)
                .function(0)
                .add(Section.MEMORY, 0, 1)
                .export("_start", 0, 0)
                .export("memory", 2, 0)
                .build());
        assertThat(catchThrowableOfType(InvalidModuleException.class, entry::shape))
                .hasMessageContaining("\"_start\"");
        WasmModule memory = WasmModule.parse(new ModuleBuilder()
                .type(NONE, NONE)
                .add(Section.IMPORT, 1, 'e', 1, 'm', 2, 0, 1)
                .function(0)
                .export("_start", 0, 0)
                .export("memory", 2, 0)
                .build());
        assertThat(catchThrowableOfType(InvalidModuleException.class, memory::shape))
                .hasMessageContaining("imported memory");
    }

    @Test
    void tellsWhatCodeMayDo() throws InvalidModuleException {
        WasmModule canary = WasmModule.parse(SampleModules.read("global-canary.wasm"));
        assertThat(canary.codeFacts()).isEqualTo(new CodeFacts(true, false, false));
        assertThat(canary.proposals()).contains(Proposal.REFERENCE_TYPES).allMatch(Proposal::supported);
        assertThat(canary.imports())
                .extracting(ModuleImport::module, ModuleImport::name)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("wasi_snapshot_preview1", "fd_write"));
        assertThat(canary.hasMutableReferenceGlobals()).isFalse();
        assertThat(WasmModule.parse(new ModuleBuilder()
                                .add(Section.GLOBAL, 0x70, 1, 0xD0, 0x70, 0x0B)
                                .build())
                        .hasMutableReferenceGlobals())
                .isTrue();
    }

    @Test
    void refusesReservedNames() {
        assertThat(refusal(new ModuleBuilder()
                                .type(NONE, NONE)
                                .function(0)
                                .export("gojinn:restore", 0, 0)
                                .build())
                        .reason())
                .contains("gojinn:restore");
        assertThat(refusal(new ModuleBuilder()
                                .type(NONE, NONE)
                                .importFunction("gojinn:meter", "refuel", 0)
                                .build())
                        .reason())
                .contains("gojinn:meter");
    }

    @ParameterizedTest
    @CsvSource({
        "5, 01 04 01, MEMORY64",
        "5, 01 03 01 02, THREADS",
        "5, 02 00 01 00 01, MULTI_MEMORY",
        "13, 01 00 00, EXCEPTIONS",
        "1, 01 5f 00, GARBAGE_COLLECTION",
        "1, 01 60 01 63 00 00, GARBAGE_COLLECTION",
        "6, 01 7f 00 41 01 41 01 6a 0b, EXTENDED_CONSTANTS",
        "4, 01 70 04 01, MEMORY64"
    })
    void namesTheProposalOfASection(int id, String contents, Proposal proposal) {
        assertThat(refusal(section(id, contents)).reason()).contains(proposal.title());
    }

    @ParameterizedTest
    @CsvSource({
        "06 40, EXCEPTIONS",
        "08 00, EXCEPTIONS",
        "1f 40 00, EXCEPTIONS",
        "12 00, TAIL_CALLS",
        "14 00, GARBAGE_COLLECTION",
        "fb 00, GARBAGE_COLLECTION",
        "fe 03 00, THREADS",
        "fd 80 02, RELAXED_SIMD",
        "fc 13, WIDE_ARITHMETIC",
        "3f 01, MULTI_MEMORY",
        "28 40 00 00, MULTI_MEMORY"
    })
    void namesTheProposalOfAnInstruction(String hex, Proposal proposal) {
        byte[] bytes = java.util.HexFormat.of().parseHex(hex.replace(" ", ""));
        int[] code = new int[bytes.length];
        for (int i = 0; i < code.length; i++) {
            code[i] = bytes[i] & 0xFF;
        }
        assertThat(refusal(withCode(code)).reason()).contains(proposal.title());
    }

    @Test
    void namesTheComponentModel() {
        assertThat(refusal(new byte[] {0, 'a', 's', 'm', 0x0D, 0, 1, 0}).reason())
                .contains(Proposal.COMPONENT_MODEL.title());
    }

    @ParameterizedTest
    @CsvSource({
        "1, ff ff ff ff 0f, types",
        "1, 01 60 ff ff ff ff 0f, parameters",
        "2, ff ff ff 7f, imports",
        "2, 01 ff ff ff ff 0f, name",
        "3, ff ff ff ff 0f, functions",
        "4, ff 7f, tables",
        "6, ff ff ff ff 0f, globals",
        "7, ff ff ff ff 0f, exports",
        "9, ff ff ff ff 0f, element segments",
        "10, ff ff ff ff 0f, function bodies",
        "11, ff ff ff ff 0f, data segments",
        "12, ff ff ff ff 0f, data segments"
    })
    void refusesClaimsBeyondItsBounds(int id, String contents, String what) {
        InvalidModuleException refusal = refusal(section(id, contents));
        assertThat(refusal.section()).isEqualTo(Section.name(id));
        assertThat(refusal.reason()).contains(what);
    }

    @Test
    void addsUpLocalsInMoreThan32Bits() {
        int[] most = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F, I32};
        byte[] binary = new ModuleBuilder()
                .type(NONE, NONE)
                .functionWithLocals(0, ModuleBuilder.concat(new int[] {2}, most, most))
                .build();
        assertThat(refusal(binary).reason()).contains("locals");
    }

    @Test
    void refusesIndicesThatOnlyAppendedItemsWouldHave() {
        for (List<Integer> code : List.of(
                List.of(Opcode.CALL, 1),
                List.of(Opcode.GLOBAL_GET, 0),
                List.of(Opcode.LOCAL_GET, 0),
                List.of(Opcode.REF_FUNC, 1),
                List.of(Opcode.BR, 1),
                List.of(Opcode.BLOCK, 1, Opcode.END))) {
            int[] ints = code.stream().mapToInt(Integer::intValue).toArray();
            assertThat(refusal(withCode(ints)).reason()).contains("there are");
        }
    }
}
