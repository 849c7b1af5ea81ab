package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdaptedModuleTest {
    private static final int[] NONE = {};
    private static final int I32 = 0x7F;
    private static final int I64 = 0x7E;
    private static final ProxyExecutable NO_FUEL = needed -> {
        throw new AssertionError("refuel");
    };

    private final Context context = Context.newBuilder("wasm").build();

    @AfterEach
    void close() {
        context.close();
    }

    private static AdaptOptions options(boolean metered) {
        return new AdaptOptions(3, 10, metered ? Optional.of(Prices.VERSION_1) : Optional.empty());
    }

    private static AdaptedModule adapt(byte[] binary, boolean metered) throws InvalidModuleException {
        return ModuleAdapter.adapt(WasmModule.parse(binary), options(metered));
    }

    private GraalInstance instance(byte[] binary, boolean metered) {
        GraalInstance instance = new GraalInstance(
                context, binary, metered ? Map.of(Metering.IMPORT_MODULE, GraalInstance.meter(NO_FUEL)) : Map.of());
        if (metered) {
            instance.set(Metering.SET, Metering.counter(Metering.MOST_FUEL, 10_000));
        }
        return instance;
    }

    @Test
    void keepsAModuleWithoutAnythingToAdaptByteForByte() throws InvalidModuleException {
        byte[] binary = new ModuleBuilder()
                .type(NONE, NONE)
                .function(0)
                .export("f", 0, 0)
                .custom("any", 1, 2, 3)
                .build();
        assertThat(adapt(binary, false).binary()).isEqualTo(binary);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void makesGrowthBeyondTheLimitFail(boolean metered) throws InvalidModuleException {
        byte[] binary = new ModuleBuilder()
                .type(NONE, new int[] {I64})
                .add(Section.TABLE, 0x70, 0, 4)
                .add(Section.MEMORY, 0, 1)
                .function(0, Opcode.I32_CONST, 2, Opcode.MEMORY_GROW, 0, Opcode.I64_EXTEND_I32_U)
                .function(0, 0xD0, 0x70, Opcode.I32_CONST, 3, 0xFC, 15, 0, Opcode.I64_EXTEND_I32_U)
                .export("memory", 0, 0)
                .export("table", 0, 1)
                .build();
        GraalInstance instance = instance(adapt(binary, metered).binary(), metered);
        assertThat(instance.get("memory")).isEqualTo(1);
        assertThat(instance.get("memory")).isEqualTo(0xFFFF_FFFFL);
        assertThat(List.of(instance.get("table"), instance.get("table"))).containsExactly(4L, 7L);
        assertThat(instance.get("table")).isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void refusesWhatStartsOverTheLimit() {
        byte[] memory = new ModuleBuilder().add(Section.MEMORY, 0, 4).build();
        assertThatExceptionOfType(InvalidModuleException.class)
                .isThrownBy(() -> adapt(memory, false))
                .withMessageContaining("4 pages, the limit is 3");
        byte[] table = new ModuleBuilder().add(Section.TABLE, 0x70, 0, 11).build();
        assertThatExceptionOfType(InvalidModuleException.class)
                .isThrownBy(() -> adapt(table, false))
                .withMessageContaining("11 elements, the limit is 10");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void leavesTheStartFunctionToTheHost(boolean metered) throws InvalidModuleException {
        byte[] binary = new ModuleBuilder()
                .type(NONE, NONE)
                .add(Section.GLOBAL, I32, 1, Opcode.I32_CONST, 7, Opcode.END)
                .add(Section.START, 0)
                .function(0, Opcode.I32_CONST, 8, Opcode.GLOBAL_SET, 0)
                .build();
        AdaptedModule adapted = adapt(binary, metered);
        assertThat(adapted.hasStart()).isTrue();
        GraalInstance instance = instance(adapted.binary(), metered);
        assertThat(instance.get("gojinn:get:0")).isEqualTo(7);
        instance.run(AdaptedModule.START);
        assertThat(instance.get("gojinn:get:0")).isEqualTo(8);
    }

    /** Globals of each numeric type; the floats hold NaNs with payloads. */
    private static byte[] globals() {
        return new ModuleBuilder()
                .type(NONE, NONE)
                .add(Section.GLOBAL, I32, 1, Opcode.I32_CONST, 0x7F, Opcode.END)
                .add(Section.GLOBAL, I32, 0, Opcode.I32_CONST, 5, Opcode.END)
                .add(Section.GLOBAL, I64, 1, Opcode.I64_CONST, 0x7E, Opcode.END)
                .add(Section.GLOBAL, 0x7D, 1, Opcode.F32_CONST, 1, 2, 0xA0, 0x7F, Opcode.END)
                .add(Section.GLOBAL, 0x7C, 1, Opcode.F64_CONST, 1, 2, 3, 4, 5, 6, 0xF4, 0xFF, Opcode.END)
                .add(
                        Section.GLOBAL,
                        0x7B,
                        1,
                        0xFD,
                        0x0C,
                        1,
                        2,
                        3,
                        4,
                        5,
                        6,
                        7,
                        8,
                        9,
                        10,
                        11,
                        12,
                        13,
                        14,
                        15,
                        16,
                        Opcode.END)
                .add(Section.MEMORY, 0, 1)
                .functionWithLocals(
                        0,
                        new int[] {5, 1, I32, 1, I64, 1, 0x7D, 1, 0x7C, 1, 0x7B},
                        0x20,
                        0,
                        0x24,
                        0,
                        0x20,
                        1,
                        0x24,
                        2,
                        0x20,
                        2,
                        0x24,
                        3,
                        0x20,
                        3,
                        0x24,
                        4,
                        0x20,
                        4,
                        0x24,
                        5)
                .export("clear", 0, 0)
                .build();
    }

    private static List<Long> read(AdaptedModule module, GraalInstance instance) {
        List<Long> values = new ArrayList<>();
        module.captured().forEach(global -> values.add(instance.get(global.getter())));
        return values;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void restoresGlobalsBitByBit(boolean metered) throws InvalidModuleException {
        AdaptedModule adapted = adapt(globals(), metered);
        List<Long> values = read(adapted, instance(adapted.binary(), metered));
        assertThat(values)
                .containsExactly(
                        0xFFFF_FFFFL,
                        -2L,
                        0x7FA0_0201L,
                        0xFFF4_0605_0403_0201L,
                        0x0807_0605_0403_0201L,
                        0x100F_0E0D_0C0B_0A09L);
        GraalInstance restored = instance(adapted.withRestore(values, 2), metered);
        restored.run("clear");
        assertThat(read(adapted, restored)).containsOnly(0L);
        restored.run(AdaptedModule.RESTORE);
        assertThat(read(adapted, restored)).isEqualTo(values);
    }

    @Test
    void startsRestoredInstancesWithTheCapturedMemorySize() throws InvalidModuleException {
        AdaptedModule adapted = adapt(globals(), true);
        List<Long> values = List.of(0L, 0L, 0L, 0L, 0L, 0L);
        assertThat(WasmModule.parseAdapted(adapted.withRestore(values, 2)).memories())
                .containsExactly(new ExternalType.Memory(2, java.util.OptionalLong.of(3)));
        assertThatIllegalArgumentException().isThrownBy(() -> adapted.withRestore(values, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> adapted.withRestore(List.of(), 2));
    }

    @Test
    void movesFunctionNamesWithTheirFunctions() throws InvalidModuleException {
        byte[] binary = new ModuleBuilder()
                .type(NONE, NONE)
                .importFunction("m", "i", 0)
                .function(0)
                .custom("name", 1, 7, 2, 0, 1, 'i', 1, 1, 'f', 3, 1, 0)
                .custom("other", 9)
                .build();
        byte[] adapted = adapt(binary, true).binary();
        String text = new String(adapted, java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(text)
                .contains("\u0004name\u0001\u0007\u0002\u0000\u0001i\u0002\u0001f\u0000")
                .contains("\u0005other\t");
    }
}
