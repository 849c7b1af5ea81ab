package io.gojinn.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.TestInvocation;
import io.gojinn.runtime.TestModules;
import io.gojinn.runtime.module.InvalidModuleException;
import io.gojinn.runtime.module.WasmModule;
import io.gojinn.runtime.sandbox.RestorePolicy.Mode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Instances of real modules, restored by every means. */
class SandboxTemplateTest {
    private static final FunctionLimits LIMITS =
            new FunctionLimits(Duration.ofSeconds(20), 10_000_000_000L, 16 << 20, 5 << 20, 1 << 20, 8, 64);

    private static SandboxTemplate prepare(SandboxEngine engine, Path module) throws FunctionRejectedException {
        try {
            return SandboxTemplate.prepare(engine, definition(module), WasmModule.parse(FunctionRuntime.read(module)));
        } catch (InvalidModuleException e) {
            throw new AssertionError(e);
        }
    }

    private static FunctionDefinition definition(Path module) {
        return new FunctionDefinition("f", module, LIMITS, Map.of(), InstancePolicy.defaults());
    }

    private static Sandbox open(SandboxTemplate template) {
        return template.open(definition(Path.of("f.wasm")));
    }

    private static RunEnd serve(SandboxTemplate template, Sandbox sandbox) {
        RunTerms terms = new RunTerms(new TestInvocation("a body"), System.nanoTime() + 20_000_000_000L, () -> false);
        return template.serve(sandbox, terms, LIMITS.fuel()).run();
    }

    /** The globals that are captured, by their getters. */
    private static List<Long> globals(Sandbox sandbox) {
        List<Long> globals = new ArrayList<>();
        Value getter;
        while ((getter = sandbox.export("gojinn:get:" + globals.size())) != null) {
            globals.add(getter.execute().asLong());
        }
        return globals;
    }

    @ParameterizedTest
    @CsvSource({
        "AUTO, counter", "COPY, counter", "KERNEL, counter",
        "AUTO, tax", "COPY, tax", "KERNEL, tax",
        "AUTO, greet", "COPY, greet", "KERNEL, greet"
    })
    void restoredInstancesEqualFreshOnes(Mode mode, String module) throws FunctionRejectedException {
        try (SandboxEngine engine = SandboxEngine.create(RestorePolicy.detect(mode));
                SandboxTemplate template = prepare(engine, TestModules.example(module));
                Sandbox fresh = open(template);
                Sandbox used = open(template)) {
            assertThat(engine.restoresByKernel()).isEqualTo(mode != Mode.COPY);
            List<Long> globals = globals(fresh);
            assertThat(globals).isNotEmpty();
            for (int request = 0; request < 20; request++) {
                serve(template, used);
                assertThat(used.memorySegment().mismatch(fresh.memorySegment())).isNotEqualTo(-1);
                assertThat(template.restore(used)).isTrue();
                assertThat(used.memorySegment().mismatch(fresh.memorySegment())).isEqualTo(-1);
                assertThat(globals(used)).isEqualTo(globals);
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void closedInstancesTakeNoMemoryBeforeTheCollectorFindsThem() throws Exception {
        LinuxKernel kernel = new LinuxKernel();
        try (SandboxEngine engine = SandboxEngine.create();
                SandboxTemplate template = prepare(engine, TestModules.module("memory-polite"))) {
            Sandbox sandbox = open(template);
            MemorySegment before = sandbox.memorySegment();
            serve(template, sandbox);
            MemorySegment grown = sandbox.memorySegment();
            assertThat(grown.address()).isNotEqualTo(before.address());
            assertThat(written(kernel, before))
                    .as("where it was before it grew")
                    .isZero();
            assertThat(written(kernel, grown)).isPositive();
            sandbox.close();
            assertThat(written(kernel, before)).isZero();
            assertThat(written(kernel, grown)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void growingLosesNothing(Mode mode) throws FunctionRejectedException {
        try (SandboxEngine engine = SandboxEngine.create(RestorePolicy.detect(mode));
                SandboxTemplate template = prepare(engine, TestModules.module("grow-often"));
                Sandbox sandbox = open(template)) {
            assertThat(serve(template, sandbox)).isEqualTo(RunEnd.OK);
            assertThat(sandbox.memoryBytes()).isEqualTo(41 * FunctionLimits.PAGE_BYTES);
        }
    }

    private static int written(LinuxKernel kernel, MemorySegment memory) throws IOException {
        return kernel.writtenPages(memory.address(), memory.byteSize()).cardinality();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void grownInstancesAreRetiredAndLeaveOrdinaryMemoryBehind() throws FunctionRejectedException, IOException {
        try (SandboxEngine engine = SandboxEngine.create(RestorePolicy.detect(Mode.KERNEL));
                SandboxTemplate template = prepare(engine, TestModules.module("memory-polite"))) {
            for (int i = 0; i < 20; i++) {
                try (Sandbox sandbox = open(template)) {
                    MemorySegment before = sandbox.memorySegment();
                    assertThat(ProcessMaps.imagesIn(before)).isEqualTo(1);
                    assertThat(serve(template, sandbox).failure()).isNull();
                    assertThat(sandbox.memoryBytes()).isEqualTo(16 << 20);
                    assertThat(sandbox.memorySegment().address()).isNotEqualTo(before.address());
                    assertThat(template.restore(sandbox)).isFalse();
                    assertThat(ProcessMaps.imagesIn(before)).isEqualTo(1);
                }
                assertThat(engine.mappedInstances()).isZero();
            }
            assertThat(ProcessMaps.images()).as("the view of the template").isEqualTo(1);
        }
        assertThat(ProcessMaps.images()).isZero();
        assertThat(ProcessMaps.files()).isZero();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void killedInstancesLeaveOrdinaryMemoryBehind()
            throws FunctionRejectedException, InterruptedException, IOException {
        try (SandboxEngine engine = SandboxEngine.create(RestorePolicy.detect(Mode.KERNEL));
                SandboxTemplate template = prepare(engine, TestModules.example("counter"))) {
            for (int i = 0; i < 5; i++) {
                Sandbox sandbox = open(template);
                Thread killer = Thread.ofPlatform().start(sandbox::kill);
                try {
                    serve(template, sandbox);
                } catch (PolyglotException e) {
                    assertThat(e.isCancelled()).as("killed before it began").isTrue();
                }
                sandbox.close();
                killer.join();
            }
            assertThat(engine.mappedInstances()).isZero();
            assertThat(ProcessMaps.images()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    @EnabledOnOs(OS.LINUX)
    void manyLeasesLeaveNoMappingsAndNoFiles(Mode mode) throws FunctionRejectedException, IOException {
        try (SandboxEngine engine = SandboxEngine.create(RestorePolicy.detect(mode));
                SandboxTemplate template = prepare(engine, TestModules.module("ok"))) {
            lease(template, 1_000);
            int maps = ProcessMaps.count();
            lease(template, 10_000);
            // Other threads of the process come and go, each with a stack of its own.
            assertThat(ProcessMaps.count()).isLessThan(maps + 50);
            assertThat(engine.mappedInstances()).isZero();
        }
        assertThat(ProcessMaps.images()).isZero();
        assertThat(ProcessMaps.files()).isZero();
    }

    /** Leases an instance again and again; every twentieth is given up. */
    private static void lease(SandboxTemplate template, int leases) {
        Sandbox sandbox = open(template);
        for (int i = 0; i < leases; i++) {
            assertThat(serve(template, sandbox).failure()).isNull();
            if (i % 20 == 0 || !template.restore(sandbox)) {
                sandbox.close();
                sandbox = open(template);
            }
        }
        sandbox.close();
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void opensAndRestoresNothingOnceClosed(Mode mode) throws FunctionRejectedException {
        try (SandboxEngine engine = SandboxEngine.create(RestorePolicy.detect(mode))) {
            SandboxTemplate template = prepare(engine, TestModules.module("ok-reactor"));
            try (Sandbox sandbox = open(template)) {
                template.close();
                template.close();
                assertThat(serve(template, sandbox).failure())
                        .as("what runs goes on")
                        .isNull();
                assertThat(template.restore(sandbox)).isFalse();
                assertThatIllegalStateException().isThrownBy(() -> open(template));
            }
        }
    }
}
