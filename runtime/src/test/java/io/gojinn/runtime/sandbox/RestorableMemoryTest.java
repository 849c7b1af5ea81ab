package io.gojinn.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.gojinn.runtime.sandbox.RestorePolicy.Mode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Memory without a guest: whatever was written to it, it equals its image again. */
class RestorableMemoryTest {
    private static final int WASM_PAGE_BYTES = 65_536;

    private static MemorySegment memory(int pages) {
        return MemorySegment.ofBuffer(ByteBuffer.allocateDirect(pages * WASM_PAGE_BYTES));
    }

    /** Zeros, with some runs of data. */
    private static void fill(MemorySegment memory, Random random) {
        for (int run = random.nextInt(5); run > 0; run--) {
            long start = random.nextLong(memory.byteSize());
            long end = Math.min(memory.byteSize(), start + random.nextLong(memory.byteSize() / 2));
            for (long i = start; i < end; i += 1 + random.nextInt(64)) {
                memory.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
            }
        }
    }

    private static void dirty(MemorySegment memory, Random random) {
        long size = memory.byteSize();
        switch (random.nextInt(6)) {
            case 0 -> memory.set(ValueLayout.JAVA_BYTE, random.nextLong(size), (byte) random.nextInt());
            case 1 ->
                memory.asSlice(random.nextLong(size / 4_096) * 4_096, 4_096).fill((byte) random.nextInt());
            case 2 -> memory.asSlice(0, 1 + random.nextLong(5_000)).fill((byte) 7);
            case 3 -> memory.asSlice(size - 1 - random.nextLong(5_000)).fill((byte) 8);
            case 4 -> memory.fill((byte) random.nextInt());
            default -> {
                // What most requests do: the same few pages each time, and a few others.
                for (int i = 0; i < 5; i++) {
                    memory.set(ValueLayout.JAVA_BYTE, i * (size / 5), (byte) 9);
                    memory.set(ValueLayout.JAVA_BYTE, random.nextLong(size), (byte) 10);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void equalsItsImageWhateverWasWritten(Mode mode) {
        RestorePolicy policy = RestorePolicy.detect(mode);
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            MemorySegment original = memory(1 + random.nextInt(40));
            fill(original, random);
            try (MemoryImage image = new MemoryImage(original, policy)) {
                MemorySegment memory = memory((int) (original.byteSize() / WASM_PAGE_BYTES));
                dirty(memory, random);
                try (RestorableMemory restorable = new RestorableMemory(image, memory)) {
                    for (int request = 0; request < 40; request++) {
                        assertThat(memory.mismatch(original))
                                .as("seed %d, request %d", seed, request)
                                .isEqualTo(-1);
                        dirty(memory, random);
                        restorable.restore();
                    }
                }
            }
        }
        assertThat(policy.usesKernel()).isEqualTo(mode != Mode.COPY);
        assertThat(policy.mappings()).isZero();
    }

    @Test
    void copiesWhereMemoryIsNotAligned() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment original = memory(4);
            fill(original, new Random(1));
            MemorySegment memory =
                    arena.allocate(original.byteSize() + 16, 4_096).asSlice(16);
            RestorePolicy policy = RestorePolicy.detect(Mode.KERNEL);
            try (MemoryImage image = new MemoryImage(original, policy);
                    RestorableMemory restorable = new RestorableMemory(image, memory)) {
                dirty(memory, new Random(2));
                restorable.restore();
                assertThat(memory.mismatch(original)).isEqualTo(-1);
                assertThat(policy.mappings()).isZero();
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void leavesOrdinaryMemoryBehind() throws IOException {
        MemorySegment memory = memory(16);
        memory.fill((byte) 1);
        RestorePolicy policy = RestorePolicy.detect(Mode.KERNEL);
        try (MemoryImage image = new MemoryImage(memory, policy)) {
            assertThat(ProcessMaps.files()).isEqualTo(1);
            try (RestorableMemory restorable = new RestorableMemory(image, memory)) {
                assertThat(ProcessMaps.imagesIn(memory)).isEqualTo(1);
                assertThat(policy.mappings()).isEqualTo(1);
                restorable.restore();
            }
            assertThat(ProcessMaps.imagesIn(memory)).isZero();
            assertThat(memory.mismatch(memory(16)))
                    .as("nothing of a guest is left")
                    .isEqualTo(-1);
        }
        assertThat(ProcessMaps.images()).isZero();
        assertThat(ProcessMaps.files()).isZero();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void leavesOrdinaryMemoryBehindWhenForgotten() throws IOException {
        MemorySegment memory = memory(16);
        memory.fill((byte) 1);
        RestorePolicy policy = RestorePolicy.detect(Mode.KERNEL);
        try (MemoryImage image = new MemoryImage(memory, policy)) {
            forget(image, memory);
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                System.gc();
                return policy.mappings() == 0;
            });
            await().until(() -> ProcessMaps.imagesIn(memory) == 0);
        }
    }

    @SuppressWarnings("resource") // the point of it
    private static void forget(MemoryImage image, MemorySegment memory) throws IOException {
        RestorableMemory restorable = new RestorableMemory(image, memory);
        restorable.restore();
        assertThat(ProcessMaps.imagesIn(memory)).isEqualTo(1);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void keepsHolesInTheFileSparse() throws IOException, InterruptedException {
        MemorySegment memory = memory(64);
        memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        memory.set(ValueLayout.JAVA_BYTE, memory.byteSize() / 2 - 1, (byte) 1);
        try (MemoryImage image = new MemoryImage(memory, RestorePolicy.detect(Mode.KERNEL))) {
            assertThat(image.dataBytes()).as("zeros at the end are left off").isEqualTo(memory.byteSize() / 2);
            assertThat(ProcessMaps.fileBytes(
                            Objects.requireNonNull(image.file()).descriptor()))
                    .isEqualTo(2 * 4_096);
        }
    }

    @Test
    void closesAnImageOnce() {
        RestorePolicy policy = RestorePolicy.detect(Mode.KERNEL);
        MemorySegment memory = memory(1);
        memory.fill((byte) 1);
        MemoryImage image = new MemoryImage(memory, policy);
        image.close();
        image.close();
        assertThat(image.isClosed()).isTrue();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void copiesBeyondTheBounds() {
        MemorySegment original = memory(8);
        original.fill((byte) 3);
        RestorePolicy policy = new RestorePolicy(Mode.KERNEL, new LinuxKernel(), 1, 1);
        MemorySegment first = memory(8);
        MemorySegment second = memory(8);
        try (MemoryImage image = new MemoryImage(original, policy);
                MemoryImage withoutFile = new MemoryImage(original, policy);
                RestorableMemory mapped = new RestorableMemory(image, first);
                RestorableMemory copied = new RestorableMemory(image, second)) {
            assertThat(withoutFile.file()).isNull();
            assertThat(policy.mappings()).isEqualTo(1);
            first.fill((byte) 4);
            second.fill((byte) 4);
            mapped.restore();
            copied.restore();
            assertThat(first.mismatch(original)).isEqualTo(-1);
            assertThat(second.mismatch(original)).isEqualTo(-1);
        }
        assertThat(policy.usesKernel()).isTrue();
        assertThat(policy.mappings()).isZero();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void boundsMappingsByWhatTheSystemAllows() throws Exception {
        Process sysctl = new ProcessBuilder("cat", "/proc/sys/vm/max_map_count").start();
        String allowed = new String(sysctl.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        assertThat(RestorePolicy.detect().maxMappings()).isEqualTo(Integer.parseInt(allowed) / 4);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void copiesInSmallMemoriesWhatOneRequestWroteTo() {
        MemorySegment original = memory(2);
        original.set(ValueLayout.JAVA_BYTE, 8 * 4_096, (byte) 1);
        RestorePolicy policy = RestorePolicy.detect();
        MemorySegment memory = memory(2);
        try (MemoryImage image = new MemoryImage(original, policy);
                RestorableMemory restorable = new RestorableMemory(image, memory)) {
            assertThat(image.plan().bounds()).as("data alone").containsExactly(8 * 4_096, 9 * 4_096);
            memory.set(ValueLayout.JAVA_BYTE, 20 * 4_096, (byte) 1);
            restorable.restore();
            assertThat(image.plan().bounds()).containsExactly(8 * 4_096, 9 * 4_096, 20 * 4_096, 21 * 4_096);
            memory.fill((byte) 2);
            restorable.restore();
            assertThat(memory.mismatch(original)).isEqualTo(-1);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void dropsZerosBetweenData() {
        MemorySegment original = memory(2);
        original.set(ValueLayout.JAVA_BYTE, 8 * 4_096, (byte) 1);
        original.set(ValueLayout.JAVA_BYTE, 31 * 4_096, (byte) 1);
        MemorySegment memory = memory(2);
        try (MemoryImage image = new MemoryImage(original, RestorePolicy.detect());
                RestorableMemory restorable = new RestorableMemory(image, memory)) {
            assertThat(image.plan().bounds()).containsExactly(8 * 4_096, 9 * 4_096, 31 * 4_096, 32 * 4_096);
            memory.fill((byte) 2);
            restorable.restore();
            assertThat(memory.mismatch(original)).isEqualTo(-1);
        }
    }

    @Test
    void writesSmallGapsInsteadOfDroppingThem() {
        assertThat(RestorePlan.of(new BitSet(), 1).bounds()).isEmpty();
        assertThat(RestorePlan.of(pages(4, 9), 1).bounds()).containsExactly(4, 5, 9, 10);
        assertThat(RestorePlan.of(pages(3, 7, 12), 1).bounds())
                .as("before the first, and between those two")
                .containsExactly(0, 8, 12, 13);
    }

    private static BitSet pages(int... pages) {
        return IntStream.of(pages).collect(BitSet::new, BitSet::set, BitSet::or);
    }

    /** The calls of Linux, one of them refused. */
    record Refusing(Kernel kernel, Call refused) implements Kernel {
        enum Call {
            CREATE_FILE,
            VIEW,
            MAP,
            DROP,
            WRITTEN_PAGES,
            UNMAP
        }

        private void check(Call call) throws KernelException {
            if (call == refused) {
                throw new KernelException(call + " was refused by a test");
            }
        }

        @Override
        public int pageBytes() {
            return kernel.pageBytes();
        }

        @Override
        public int createFile(MemorySegment bytes) throws KernelException {
            check(Call.CREATE_FILE);
            return kernel.createFile(bytes);
        }

        @Override
        public void close(int file) {
            kernel.close(file);
        }

        @Override
        public MemorySegment view(int file, long length, Arena arena) throws KernelException {
            check(Call.VIEW);
            return kernel.view(file, length, arena);
        }

        @Override
        public void map(int file, long address, long length) throws KernelException {
            check(Call.MAP);
            kernel.map(file, address, length);
        }

        @Override
        public void unmap(long address, long length) throws KernelException {
            check(Call.UNMAP);
            kernel.unmap(address, length);
        }

        @Override
        public void drop(long address, long length) throws KernelException {
            check(Call.DROP);
            kernel.drop(address, length);
        }

        @Override
        public BitSet writtenPages(long address, long length) throws IOException {
            if (refused == Call.WRITTEN_PAGES) {
                throw new IOException("no page map in a test");
            }
            return kernel.writtenPages(address, length);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Refusing.Call.class, mode = EnumSource.Mode.EXCLUDE, names = "UNMAP")
    @EnabledOnOs(OS.LINUX)
    void copiesWhenTheKernelRefuses(Refusing.Call call) throws IOException {
        RestorePolicy policy = new RestorePolicy(Mode.KERNEL, new Refusing(new LinuxKernel(), call), 10, 10);
        MemorySegment original = memory(20);
        fill(original, new Random(5));
        MemorySegment memory = memory(20);
        try (MemoryImage image = new MemoryImage(original, policy);
                RestorableMemory restorable = new RestorableMemory(image, memory)) {
            for (int request = 0; request < 10; request++) {
                dirty(memory, new Random(request));
                restorable.restore();
                assertThat(memory.mismatch(original)).isEqualTo(-1);
            }
        }
        assertThat(policy.usesKernel()).isEqualTo(call == Refusing.Call.WRITTEN_PAGES);
        assertThat(policy.learns()).isEqualTo(call != Refusing.Call.WRITTEN_PAGES);
        assertThat(policy.mappings()).isZero();
        assertThat(ProcessMaps.files()).isZero();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void keepsMemoryForEverWhenItsMappingCannotBeUndone() throws Kernel.KernelException {
        Kernel linux = new LinuxKernel();
        RestorePolicy policy = new RestorePolicy(Mode.KERNEL, new Refusing(linux, Refusing.Call.UNMAP), 10, 10);
        MemorySegment memory = memory(4);
        memory.fill((byte) 1);
        try (MemoryImage image = new MemoryImage(memory, policy)) {
            new RestorableMemory(image, memory).close();
        }
        assertThat(policy.pinned()).containsExactly(memory);
        assertThat(policy.usesKernel()).isFalse();
        linux.unmap(memory.address(), memory.byteSize());
    }

    @Test
    void refusesToRestoreFromAClosedImage() {
        RestorePolicy policy = RestorePolicy.detect(Mode.COPY);
        MemorySegment memory = memory(1);
        memory.fill((byte) 1);
        MemoryImage image = new MemoryImage(memory, policy);
        try (RestorableMemory restorable = new RestorableMemory(image, memory)) {
            image.close();
            assertThatIllegalStateException().isThrownBy(restorable::restore);
        }
    }
}
