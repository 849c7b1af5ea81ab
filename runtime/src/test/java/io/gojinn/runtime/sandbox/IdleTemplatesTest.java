package io.gojinn.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.TestInvocation;
import io.gojinn.runtime.TestModules;
import io.gojinn.runtime.module.InvalidModuleException;
import io.gojinn.runtime.module.WasmModule;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import org.graalvm.polyglot.io.ByteSequence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What rests takes little room, and nobody who uses it can tell that it did. */
class IdleTemplatesTest {
    private static final FunctionLimits LIMITS = FunctionLimits.defaults();

    private static SandboxTemplate prepare(SandboxEngine engine, String example)
            throws FunctionRejectedException, InvalidModuleException {
        Path file = TestModules.example(example);
        return SandboxTemplate.prepare(engine, definition(file), WasmModule.parse(FunctionRuntime.read(file)));
    }

    private static FunctionDefinition definition(Path file) {
        return new FunctionDefinition("f", file, LIMITS, Map.of(), InstancePolicy.defaults());
    }

    private static void serve(SandboxTemplate template, Sandbox sandbox) {
        RunTerms terms = new RunTerms(new TestInvocation("a body"), System.nanoTime() + 20_000_000_000L, () -> false);
        assertThat(template.serve(sandbox, terms, LIMITS.fuel()).run().failure())
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4_096, 300_000})
    void bytesAreTheSameAfterTheyRested(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        RestingBytes resting = new RestingBytes(bytes.clone());
        for (int i = 0; i < 3; i++) {
            resting.rest();
            resting.rest();
            assertThat(resting.length()).isEqualTo(length);
            assertThat(resting.toByteArray()).isEqualTo(bytes);
            assertThat(resting.awake()).isEqualTo(bytes).isSameAs(resting.awake());
        }
    }

    @Test
    void aTemplateServesAfterItRested() throws FunctionRejectedException, InvalidModuleException {
        try (SandboxEngine engine = SandboxEngine.create();
                SandboxTemplate template = prepare(engine, "greet")) {
            try (Sandbox fresh = template.open(definition(Path.of("f")))) {
                for (int i = 0; i < 3; i++) {
                    template.rest();
                    try (Sandbox sandbox = template.open(definition(Path.of("f")))) {
                        serve(template, sandbox);
                        template.rest();
                        assertThat(template.restore(sandbox)).isTrue();
                        assertThat(sandbox.memorySegment().mismatch(fresh.memorySegment()))
                                .isEqualTo(-1);
                        serve(template, sandbox);
                    }
                }
            }
        }
    }

    @Test
    void theLeastRecentlyUsedRest() throws FunctionRejectedException, InvalidModuleException {
        try (SandboxEngine engine = SandboxEngine.create();
                SandboxTemplate one = prepare(engine, "greet");
                SandboxTemplate two = prepare(engine, "tax");
                SandboxTemplate three = prepare(engine, "echo")) {
            IdleTemplates idle = new IdleTemplates(one.awakeBytes() + two.awakeBytes());
            idle.add(one);
            idle.add(two);
            idle.add(one);
            assertThat(idle.hasRoom(three)).isFalse();
            idle.add(three);
            assertThat(two.rests()).isTrue();
            assertThat(one.rests() || three.rests()).isFalse();
            idle.remove(one);
            assertThat(idle.hasRoom(two)).as("echo is smaller than greet").isTrue();
        }
    }

    @Test
    void aClosedTemplateOpensNothing() throws FunctionRejectedException, InvalidModuleException {
        try (SandboxEngine engine = SandboxEngine.create()) {
            SandboxTemplate template = prepare(engine, "greet");
            template.close();
            assertThatIllegalStateException().isThrownBy(() -> template.open(definition(Path.of("f"))));
        }
    }

    /** Of modules that are not served any more nothing stays, however long the engine lives. */
    @Test
    void theEngineForgetsAClosedTemplate() throws Exception {
        try (SandboxEngine engine = SandboxEngine.create()) {
            // Compilations of earlier tests may still be under way, and hold what they compile.
            AtomicLong counted = new AtomicLong(-1);
            await().pollInterval(Duration.ofMillis(300)).until(() -> {
                SandboxEngine.source(ByteSequence.create(new byte[1]), "any");
                long now = modulesOfTheEngine();
                return counted.getAndSet(now) == now;
            });
            long before = counted.get();
            long binariesBefore = instancesOf(RestingBytes.class);
            for (String name : List.of("greet", "tax", "echo")) {
                try (SandboxTemplate template = prepare(engine, name);
                        Sandbox sandbox = template.open(definition(Path.of("f")))) {
                    serve(template, sandbox);
                    assertThat(template.restore(sandbox)).isTrue();
                    assertThat(modulesOfTheEngine()).isPositive();
                }
            }
            // What is being compiled is held until that is done.
            await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> {
                engine.forgetCollected();
                assertThat(modulesOfTheEngine()).as("modules").isLessThanOrEqualTo(before);
                assertThat(instancesOf(RestingBytes.class)).as("binaries").isLessThanOrEqualTo(binariesBefore);
            });
        }
    }

    private static long modulesOfTheEngine() throws Exception {
        return instancesOf(org.graalvm.wasm.WasmModule.class);
    }

    /** How many are in memory. */
    private static long instancesOf(Class<?> type) throws Exception {
        String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        return histogram
                .lines()
                .filter(line -> line.strip().matches("\\d+: .* " + Pattern.quote(type.getName()) + "( .*)?"))
                .mapToLong(line -> Long.parseLong(line.strip().split(" +", -1)[1]))
                .sum();
    }
}
