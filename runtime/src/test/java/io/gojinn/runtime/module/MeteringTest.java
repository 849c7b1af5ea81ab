package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MeteringTest {
    private static final int[] NONE = {};
    private static final int I32 = 0x7F;

    private final Context context = Context.newBuilder("wasm").build();
    private final List<Long> needs = new ArrayList<>();
    private final List<Long> readings = new ArrayList<>();

    /** What the host grants; negative for giving up. */
    private long grant = -1;

    @AfterEach
    void close() {
        context.close();
    }

    private static final class GivenUp extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private GraalInstance instance(ModuleBuilder builder, Prices prices) throws InvalidModuleException {
        AdaptedModule adapted =
                ModuleAdapter.adapt(WasmModule.parse(builder.build()), new AdaptOptions(8, 100, Optional.of(prices)));
        GraalInstance[] instance = new GraalInstance[1];
        ProxyExecutable refuel = needed -> {
            needs.add(needed[0].asLong());
            readings.add(instance[0].get(Metering.FUEL_GET));
            if (grant < 0) {
                throw new GivenUp();
            }
            return Math.max(grant, 0);
        };
        ProxyExecutable read = nothing -> {
            readings.add(instance[0].get(Metering.FUEL_GET));
            return 0;
        };
        instance[0] = new GraalInstance(
                context,
                adapted.binary(),
                Map.of(
                        Metering.IMPORT_MODULE,
                        GraalInstance.meter(refuel),
                        "host",
                        ProxyObject.fromMap(Map.of("read", read))));
        instance[0].set(Metering.FUEL_SET, Long.MAX_VALUE);
        instance[0].set(Metering.DEPTH_SET, Integer.MAX_VALUE);
        return instance[0];
    }

    /** Counts a local down from 100 to 0: 100 turns of 5 instructions, and 2 before. */
    private static ModuleBuilder countdown() {
        return new ModuleBuilder()
                .type(NONE, NONE)
                .functionWithLocals(
                        0,
                        new int[] {1, 1, I32},
                        ModuleBuilder.concat(
                                new int[] {Opcode.I32_CONST, 0xE4, 0, Opcode.LOCAL_SET, 0, Opcode.LOOP, 0x40},
                                new int[] {Opcode.LOCAL_GET, 0, Opcode.I32_CONST, 1, Opcode.I32_SUB},
                                new int[] {Opcode.LOCAL_TEE, 0, Opcode.BR_IF, 0, Opcode.END}))
                .export("run", 0, 0);
    }

    @Test
    void chargesEachTurnOfALoop() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.UNIT);
        instance.set(Metering.FUEL_SET, 502L);
        instance.run("run");
        assertThat(instance.get(Metering.FUEL_GET)).isZero();
        assertThat(needs).isEmpty();
    }

    @Test
    void asksForFuelWhenTheCounterDoesNotCoverTheNextCharge() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.UNIT);
        for (int run = 0; run < 3; run++) {
            instance.set(Metering.FUEL_SET, 501L);
            assertThatExceptionOfType(PolyglotException.class)
                    .isThrownBy(() -> instance.run("run"))
                    .matches(e -> e.isHostException() && e.asHostException() instanceof GivenUp);
            assertThat(instance.get(Metering.FUEL_GET)).isEqualTo(4);
        }
        assertThat(needs).containsExactly(5L, 5L, 5L);
        assertThat(readings).containsExactly(4L, 4L, 4L);
    }

    @Test
    void goesOnWithWhatIsGranted() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.UNIT);
        instance.set(Metering.FUEL_SET, 2L);
        grant = 50;
        instance.run("run");
        assertThat(needs).hasSize(10).containsOnly(5L);
        assertThat(readings).containsOnly(0L);
        assertThat(instance.get(Metering.FUEL_GET)).isZero();
    }

    @Test
    void trapsWhenTheGrantIsTooSmall() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.UNIT);
        instance.set(Metering.FUEL_SET, 0L);
        grant = 1;
        assertThatExceptionOfType(PolyglotException.class).isThrownBy(() -> instance.run("run"));
    }

    @Test
    void showsHostFunctionsTheExactCounter() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .importFunction("host", "read", 0)
                .function(
                        0,
                        ModuleBuilder.concat(
                                new int[] {Opcode.NOP, Opcode.BLOCK, 0x40, Opcode.NOP, Opcode.CALL, 0},
                                new int[] {Opcode.NOP, Opcode.NOP, Opcode.END, Opcode.CALL, 0, Opcode.NOP}))
                .export("run", 0, 1);
        GraalInstance instance = instance(builder, Prices.UNIT);
        instance.set(Metering.FUEL_SET, 100L);
        instance.run("run");
        assertThat(readings).containsExactly(97L, 94L);
        assertThat(instance.get(Metering.FUEL_GET)).isEqualTo(93);
    }

    private static ModuleBuilder withMemory(int... code) {
        return new ModuleBuilder()
                .type(NONE, NONE)
                .add(Section.MEMORY, 0, 2)
                .function(0, code)
                .export("run", 0, 0);
    }

    private long fuelOf(ModuleBuilder builder) throws InvalidModuleException {
        GraalInstance instance = instance(builder, Prices.VERSION_1);
        instance.run("run");
        return Long.MAX_VALUE - instance.get(Metering.FUEL_GET);
    }

    @Test
    void pricesGrowthByTheNewTotalUnlessItMustFail() throws InvalidModuleException {
        assertThat(fuelOf(withMemory(Opcode.I32_CONST, 3, Opcode.MEMORY_GROW, 0, Opcode.DROP)))
                .isEqualTo(3 + 5 * Prices.VERSION_1.page());
        assertThat(fuelOf(withMemory(Opcode.I32_CONST, 7, Opcode.MEMORY_GROW, 0, Opcode.DROP)))
                .isEqualTo(3);
        assertThat(fuelOf(withMemory(Opcode.I32_CONST, 0x7F, Opcode.MEMORY_GROW, 0, Opcode.DROP)))
                .isEqualTo(3);
    }

    @Test
    void pricesBulkInstructionsByTheirLength() throws InvalidModuleException {
        int[] fill = {Opcode.I32_CONST, 0, Opcode.I32_CONST, 0, Opcode.I32_CONST, 0x80, 8, 0xFC, 11, 0};
        assertThat(fuelOf(withMemory(fill))).isEqualTo(4 + 1024 / 64 * Prices.VERSION_1.bulk());
    }

    @Test
    void takesLengthsAsUnsigned() throws InvalidModuleException {
        int[] fill = {Opcode.I32_CONST, 0, Opcode.I32_CONST, 0, Opcode.I32_CONST, 0x7F, 0xFC, 11, 0};
        GraalInstance instance = instance(withMemory(fill), Prices.VERSION_1);
        instance.set(Metering.FUEL_SET, 1_000_000L);
        assertThatExceptionOfType(PolyglotException.class).isThrownBy(() -> instance.run("run"));
        assertThat(needs).containsExactly(0xFFFF_FFFFL / 64 * Prices.VERSION_1.bulk());
    }

    /** Counts its own calls in a global. */
    private static ModuleBuilder recursion() {
        return new ModuleBuilder()
                .type(NONE, NONE)
                .add(Section.GLOBAL, I32, 1, Opcode.I32_CONST, 0, Opcode.END)
                .function(
                        0,
                        ModuleBuilder.concat(
                                new int[] {Opcode.GLOBAL_GET, 0, Opcode.I32_CONST, 1, Opcode.I32_ADD},
                                new int[] {Opcode.GLOBAL_SET, 0, Opcode.CALL, 0}))
                .export("run", 0, 0);
    }

    @Test
    void trapsAtTheSameDepthEachTime() throws InvalidModuleException {
        GraalInstance instance = instance(recursion(), Prices.UNIT);
        int frame = Metering.FRAME_SLOTS + 2;
        for (int run = 1; run <= 3; run++) {
            instance.set(Metering.DEPTH_SET, 1000);
            assertThatExceptionOfType(PolyglotException.class)
                    .isThrownBy(() -> instance.run("run"))
                    .matches(PolyglotException::isGuestException);
            assertThat(instance.get(Metering.DEPTH_GET)).isEqualTo(Metering.OVERFLOWN);
            assertThat(instance.get("gojinn:get:0")).isEqualTo(run * (long) (1000 / frame));
        }
    }

    @Test
    void checksLargeFramesWithoutCalls() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .functionWithLocals(0, new int[] {1, 0xE8, 7, I32})
                .export("run", 0, 0);
        GraalInstance instance = instance(builder, Prices.UNIT);
        instance.set(Metering.DEPTH_SET, 1000 + Metering.FRAME_SLOTS);
        instance.run("run");
        instance.set(Metering.DEPTH_SET, 999 + Metering.FRAME_SLOTS);
        assertThatExceptionOfType(PolyglotException.class).isThrownBy(() -> instance.run("run"));
        assertThat(instance.get(Metering.DEPTH_GET)).isEqualTo(Metering.OVERFLOWN);
    }
}
