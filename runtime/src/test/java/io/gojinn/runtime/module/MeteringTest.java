package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeteringTest {
    private static final int[] NONE = {};
    private static final int I32 = 0x7F;

    private final Context context = Context.newBuilder("wasm").build();
    /** What was left each time the code asked, and what its counter said meanwhile. */
    private final List<Integer> asked = new ArrayList<>();

    private final List<Integer> readings = new ArrayList<>();

    /** What the host grants; negative for giving up. */
    private int grant = -1;

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
        ProxyExecutable refuel = left -> {
            asked.add(left[0].asInt());
            if (grant < 0) {
                throw new GivenUp();
            }
            return grant;
        };
        ProxyExecutable read = nothing -> {
            readings.add(fuel(instance[0]));
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
        set(instance[0], Metering.MOST_FUEL);
        return instance[0];
    }

    private static void set(GraalInstance instance, int fuel) {
        instance.set(Metering.SET, Metering.counter(fuel, Integer.MAX_VALUE));
    }

    private static int fuel(GraalInstance instance) {
        return Metering.fuel(instance.get(Metering.GET));
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
        set(instance, 502);
        instance.run("run");
        assertThat(fuel(instance)).isZero();
        assertThat(asked).isEmpty();
    }

    @Test
    void stopsAtTheSameTurnEachTimeWhenNothingIsGranted() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.UNIT);
        for (int run = 0; run < 3; run++) {
            set(instance, 250);
            assertThatExceptionOfType(PolyglotException.class)
                    .isThrownBy(() -> instance.run("run"))
                    .matches(e -> e.isHostException() && e.asHostException() instanceof GivenUp);
        }
        assertThat(asked).containsExactly(-2, -2, -2);
    }

    @Test
    void goesOnWithWhatIsGranted() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.UNIT);
        set(instance, 6);
        grant = 50;
        instance.run("run");
        assertThat(asked).hasSize(10).containsOnly(-1);
        assertThat(fuel(instance)).isEqualTo(6 + 10 * 50 - 502);
    }

    @Test
    void usesTheSameFuelWhateverIsGrantedAtATime() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.VERSION_1);
        set(instance, Metering.MOST_FUEL);
        instance.run("run");
        int used = Metering.MOST_FUEL - fuel(instance);
        for (grant = 20; grant < 600; grant += 13) {
            asked.clear();
            set(instance, 0);
            instance.run("run");
            assertThat(asked.size() * grant - fuel(instance)).isEqualTo(used);
        }
    }

    @Test
    void trapsWhenTheGrantIsTooSmall() throws InvalidModuleException {
        GraalInstance instance = instance(countdown(), Prices.UNIT);
        set(instance, -100);
        grant = 99;
        assertThatExceptionOfType(PolyglotException.class).isThrownBy(() -> instance.run("run"));
        assertThat(asked).hasSize(1);
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
        set(instance, 100);
        instance.run("run");
        assertThat(readings).containsExactly(97, 94);
        assertThat(fuel(instance)).isEqualTo(93);
    }

    private static ModuleBuilder withMemory(int... code) {
        return new ModuleBuilder()
                .type(NONE, NONE)
                .add(Section.MEMORY, 0, 2)
                .function(0, code)
                .export("run", 0, 0);
    }

    private int fuelOf(ModuleBuilder builder) throws InvalidModuleException {
        GraalInstance instance = instance(builder, Prices.VERSION_1);
        instance.run("run");
        return Metering.MOST_FUEL - fuel(instance);
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
        assertThatExceptionOfType(PolyglotException.class)
                .isThrownBy(() -> instance.run("run"))
                .withMessageContaining("out-of-bounds");
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
            instance.set(Metering.SET, Metering.counter(1_000_000, 1000));
            assertThatExceptionOfType(PolyglotException.class)
                    .isThrownBy(() -> instance.run("run"))
                    .matches(PolyglotException::isGuestException);
            assertThat(Metering.depth(instance.get(Metering.GET))).isNegative();
            assertThat(instance.get("gojinn:get:0")).isEqualTo(run * (long) (1000 / frame));
        }
    }

    @Test
    void checksLargeFramesWithoutCalls() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .functionWithLocals(0, new int[] {1, 0xD0, 0x0F, I32})
                .export("run", 0, 0);
        GraalInstance instance = instance(builder, Prices.UNIT);
        int frame = 2000 + Metering.FRAME_SLOTS;
        instance.set(Metering.SET, Metering.counter(100, frame));
        instance.run("run");
        assertThat(Metering.depth(instance.get(Metering.GET))).isEqualTo(frame);
        instance.set(Metering.SET, Metering.counter(100, frame - 1));
        assertThatExceptionOfType(PolyglotException.class).isThrownBy(() -> instance.run("run"));
        assertThat(Metering.depth(instance.get(Metering.GET))).isNegative();
    }

    @Test
    void framesThatCannotAddUpAreNotCounted() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .function(0, Opcode.CALL, 1)
                .function(0, Opcode.NOP)
                .export("run", 0, 0);
        GraalInstance instance = instance(builder, Prices.UNIT);
        instance.set(Metering.SET, Metering.counter(100, 0));
        instance.run("run");
        assertThat(Metering.depth(instance.get(Metering.GET))).isZero();
    }

    private static int[] nops(int count) {
        return Collections.nCopies(count, Opcode.NOP).stream()
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** What was left when the code asked for fuel, with little granted at a time; in all it used as much as expected. */
    private List<Integer> asks(ModuleBuilder builder, int fuel) throws InvalidModuleException {
        GraalInstance instance = instance(builder, Prices.UNIT);
        set(instance, 0);
        grant = 2_000;
        instance.run("run");
        assertThat(asked.size() * grant - fuel(instance)).isEqualTo(fuel);
        return asked;
    }

    @Test
    void callsOfSmallFunctionsDoNotAddUpUnseen() throws InvalidModuleException {
        int[] calls = IntStream.range(0, 1_000)
                .flatMap(i -> IntStream.of(Opcode.CALL, 1))
                .toArray();
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .function(0, calls)
                .function(0, nops(100))
                .export("run", 0, 0);
        assertThat(asks(builder, 101_000)).hasSizeGreaterThan(30).allMatch(left -> left > -700);
    }

    /** In each of 20 nested loops a stretch of code; only in the innermost is a function called that looks at the fuel. */
    @Test
    void loopsThatDoNotLookThemselvesDoNotAddUpUnseen() throws InvalidModuleException {
        int[] code = {Opcode.CALL, 1};
        for (int i = 0; i < 20; i++) {
            code = ModuleBuilder.concat(new int[] {Opcode.LOOP, 0x40}, nops(400), code, new int[] {Opcode.END});
        }
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .function(0, code)
                .function(0, nops(200))
                .export("run", 0, 0);
        assertThat(asks(builder, 20 * 400 + 1 + 200)).hasSizeGreaterThan(3).allMatch(left -> left > -1_000);
    }

    /** The call is met in every turn, so that the loop need not look; the turn that leaves it is no turn. */
    @Test
    void aLoopThatCallsEachTurnIsStopped() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .function(0, Opcode.LOOP, 0x40, Opcode.CALL, 1, Opcode.BR, 0, Opcode.END)
                .function(0, nops(200))
                .export("run", 0, 0);
        stopsWithin(builder, 1_000);
    }

    /** The first turn meets the call, the others do not. */
    @Test
    void aLoopThatCallsInSomeTurnsIsStopped() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .functionWithLocals(
                        0,
                        new int[] {1, 1, I32},
                        ModuleBuilder.concat(
                                new int[] {Opcode.LOOP, 0x40, Opcode.BLOCK, 0x40},
                                new int[] {Opcode.LOCAL_GET, 0, Opcode.BR_IF, 0, Opcode.CALL, 1, Opcode.END},
                                new int[] {Opcode.I32_CONST, 1, Opcode.LOCAL_SET, 0, Opcode.BR, 0, Opcode.END}))
                .function(0, nops(200))
                .export("run", 0, 0);
        stopsWithin(builder, 1_000);
    }

    /** Only the arm that is not taken meets the call. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLoopThatCallsInOneArmIsStopped(boolean hasElse) throws InvalidModuleException {
        int[] otherArm = hasElse ? new int[] {Opcode.ELSE, Opcode.NOP} : NONE;
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .function(
                        0,
                        ModuleBuilder.concat(
                                new int[] {Opcode.LOOP, 0x40, Opcode.I32_CONST, 0, Opcode.IF, 0x40, Opcode.CALL, 1},
                                otherArm,
                                new int[] {Opcode.END, Opcode.BR, 0, Opcode.END}))
                .function(0, nops(200))
                .export("run", 0, 0);
        stopsWithin(builder, 1_000);
    }

    /** The inner loop calls, but the outer one's turn branches around it. */
    @Test
    void aLoopAroundALoopThatIsNotReachedIsStopped() throws InvalidModuleException {
        ModuleBuilder builder = new ModuleBuilder()
                .type(NONE, NONE)
                .function(
                        0,
                        ModuleBuilder.concat(
                                new int[] {Opcode.LOOP, 0x40, Opcode.I32_CONST, 1, Opcode.BR_IF, 0},
                                new int[] {Opcode.LOOP, 0x40, Opcode.CALL, 1, Opcode.BR, 0, Opcode.END, Opcode.END}))
                .function(0, nops(200))
                .export("run", 0, 0);
        stopsWithin(builder, 1_000);
    }

    private void stopsWithin(ModuleBuilder builder, int late) throws InvalidModuleException {
        GraalInstance instance = instance(builder, Prices.UNIT);
        set(instance, 10_000);
        // What does not stop is cancelled, and fails.
        CompletableFuture.delayedExecutor(20, TimeUnit.SECONDS).execute(() -> context.close(true));
        assertThatExceptionOfType(PolyglotException.class)
                .isThrownBy(() -> instance.run("run"))
                .matches(e -> e.isHostException() && e.asHostException() instanceof GivenUp);
        assertThat(asked).hasSize(1).allMatch(left -> left > -late);
    }
}
