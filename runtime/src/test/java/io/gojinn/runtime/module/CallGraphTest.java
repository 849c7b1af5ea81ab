package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CallGraphTest {
    private static final int[] NONE = {};
    private static final int I32 = 0x7F;
    private static final int FUNCREF = 0x70;

    private static ModuleBuilder functions(int[]... codes) {
        ModuleBuilder builder = new ModuleBuilder().type(NONE, NONE);
        for (int[] code : codes) {
            builder.function(0, code);
        }
        return builder;
    }

    private static int[] call(int function) {
        ByteWriter code = new ByteWriter(8).u8(Opcode.CALL).u32(function);
        return IntStream.range(0, code.size())
                .map(i -> code.toByteArray()[i] & 0xFF)
                .toArray();
    }

    private static CallGraph graph(ModuleBuilder builder) throws InvalidModuleException {
        return new CallGraph(ModuleParser.parse(builder.build()));
    }

    private static int[] recursive(ModuleBuilder builder, int functions) throws InvalidModuleException {
        CallGraph graph = graph(builder);
        return IntStream.range(0, functions).filter(graph::isRecursive).toArray();
    }

    @Test
    void whoCallsItselfIsRecursiveAndItsCallersAreNot() throws InvalidModuleException {
        assertThat(recursive(functions(call(1), call(1), new int[] {Opcode.NOP}), 3))
                .containsExactly(1);
    }

    @Test
    void whoCallEachOtherAreRecursiveAndWhomTheyCallIsNot() throws InvalidModuleException {
        assertThat(recursive(
                        functions(call(1), call(2), ModuleBuilder.concat(call(3), call(0)), new int[] {Opcode.NOP}), 4))
                .containsExactly(0, 1, 2);
    }

    @Test
    void aCallInCodeThatIsNotReachedCounts() throws InvalidModuleException {
        assertThat(recursive(functions(ModuleBuilder.concat(new int[] {Opcode.RETURN}, call(0))), 1))
                .containsExactly(0);
    }

    @Test
    void callsComeBeforeTheirCallers() throws InvalidModuleException {
        assertThat(graph(functions(call(2), new int[] {Opcode.NOP}, call(1))).order())
                .containsSubsequence(1, 2, 0);
    }

    private static int[] callIndirect(int type) {
        return new int[] {Opcode.I32_CONST, 0, Opcode.CALL_INDIRECT, type, 0};
    }

    private static ModuleBuilder withTable(ModuleBuilder builder) {
        return builder.add(Section.TABLE, FUNCREF, 0, 1);
    }

    private static ModuleBuilder inTable(ModuleBuilder builder, int function) {
        return builder.add(Section.ELEMENT, 0, Opcode.I32_CONST, 0, Opcode.END, 1, function);
    }

    @Test
    void aCallThroughATableLeadsToWhatIsReferencedAndHasItsType() throws InvalidModuleException {
        assertThat(recursive(inTable(withTable(functions(callIndirect(0), callIndirect(0))), 1), 2))
                .as("1 calls itself, 0 is not in the table")
                .containsExactly(1);
        ModuleBuilder other = new ModuleBuilder()
                .type(NONE, NONE)
                .type(NONE, new int[] {I32})
                .function(0, ModuleBuilder.concat(callIndirect(1), new int[] {Opcode.DROP}));
        assertThat(recursive(inTable(withTable(other), 0), 1)).isEmpty();
    }

    @Test
    void typesThatAreWrittenTwiceAreOneType() throws InvalidModuleException {
        ModuleBuilder builder =
                new ModuleBuilder().type(NONE, NONE).type(NONE, NONE).function(1, callIndirect(0));
        assertThat(recursive(inTable(withTable(builder), 0), 1)).containsExactly(0);
    }

    @Test
    void aReferenceInCodeCountsAndAnExportDoesNot() throws InvalidModuleException {
        assertThat(recursive(withTable(functions(callIndirect(0))).export("f", 0, 0), 1))
                .isEmpty();
        int[] reference = {Opcode.I32_CONST, 0, Opcode.REF_FUNC, 0, Opcode.TABLE_SET, 0};
        assertThat(recursive(
                        withTable(functions(ModuleBuilder.concat(reference, callIndirect(0))))
                                .export("f", 0, 0),
                        1))
                .containsExactly(0);
    }

    @Test
    void importsCallNothing() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .importFunction("host", "f", 0)
                .function(0, call(0))
                .function(0, call(1));
        assertThat(recursive(inTable(withTable(builder), 0), 2)).isEmpty();
    }

    @Test
    void aLongRingIsFoundWithoutAStackOfItsLength() throws InvalidModuleException {
        int count = 100_000;
        CallGraph graph = graph(functions(
                IntStream.range(0, count).mapToObj(i -> call((i + 1) % count)).toArray(int[][]::new)));
        assertThat(IntStream.range(0, count)).allMatch(graph::isRecursive);
        assertThat(graph.areInOneGroup(0, count - 1)).isTrue();
    }
}
