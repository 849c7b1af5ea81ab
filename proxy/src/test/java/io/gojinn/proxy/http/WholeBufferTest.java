package io.gojinn.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WholeBufferTest {
    private static final int MEBIBYTE = 1 << 20;

    private final AdaptiveByteBufAllocator pool = new AdaptiveByteBufAllocator(true);

    @Test
    void thePoolKeepsNothingOfLargeBuffers() {
        List<ByteBuf> buffers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            buffers.add(WholeBuffer.allocate(MEBIBYTE, pool));
            buffers.add(grown(new byte[MEBIBYTE], 16 << 10));
        }
        buffers.forEach(ByteBuf::release);
        assertThat(pool.metric().usedDirectMemory()).isLessThan(2 * MEBIBYTE);
    }

    @Test
    void growingKeepsWhatWasWritten() {
        byte[] bytes = new byte[300_001];
        new Random(7).nextBytes(bytes);
        for (int step : List.of(1_000, WholeBuffer.MOST_POOLED_BYTES, 200_000)) {
            ByteBuf buffer = grown(bytes, step);
            byte[] found = new byte[buffer.readableBytes()];
            buffer.readBytes(found);
            assertThat(found).isEqualTo(bytes);
            buffer.release();
        }
    }

    @Test
    void aBufferThatWasReplacedIsReleased() {
        ByteBuf small = WholeBuffer.allocate(100, pool).writeZero(100);
        ByteBuf large = WholeBuffer.ensureWritable(small, MEBIBYTE, pool);
        assertThat(small.refCnt()).isZero();
        assertThat(large.refCnt()).isOne();
        assertThat(large.readableBytes()).isEqualTo(100);
        large.release();
    }

    @Test
    void nothingGrowsBeyondItsBound() {
        ByteBuf buffer = WholeBuffer.allocate(100, 70_000, pool).writeZero(100);
        buffer = WholeBuffer.ensureWritable(buffer, 69_900, pool).writeZero(69_900);
        assertThat(buffer.capacity()).isEqualTo(70_000);
        ByteBuf full = buffer;
        assertThatThrownBy(() -> WholeBuffer.ensureWritable(full, 1, pool))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(full.refCnt()).isOne();
        full.release();
    }

    /** A buffer that these bytes were written to in steps. */
    private ByteBuf grown(byte[] bytes, int step) {
        ByteBuf buffer = WholeBuffer.allocate(16, pool);
        for (int at = 0; at < bytes.length; at += step) {
            int length = Math.min(step, bytes.length - at);
            buffer = WholeBuffer.ensureWritable(buffer, length, pool).writeBytes(bytes, at, length);
        }
        return buffer;
    }
}
