package io.gojinn.proxy.function;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.runtime.contract.RequestEnvelope;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CallMemoryTest {
    private static final int KIBIBYTE = 1 << 10;

    private final CallMemory memory = new CallMemory(ByteBufAllocator.DEFAULT);

    @AfterEach
    void release() {
        memory.release();
        memory.release();
    }

    @Test
    void takesOneBufferForAnEnvelope() {
        String body = "{\"id\":\"1\",\"value\":100}".repeat(10_000);
        ByteBuffer envelope = memory.encode(envelope(body));
        assertThat(StandardCharsets.UTF_8.decode(envelope).toString()).contains("{\\\"id\\\":\\\"1\\\"");
        assertThat(memory.movedBytes()).isZero();
    }

    @Test
    void takesOneBufferForOutputOfTheUsualSize() {
        for (int i = 0; i < 100; i++) {
            memory.write(ByteBuffer.wrap(new byte[KIBIBYTE]), 100 * KIBIBYTE);
        }
        assertThat(memory.output().remaining()).isEqualTo(100 * KIBIBYTE);
        assertThat(memory.movedBytes()).isZero();
    }

    @Test
    void countsWhatItMovesWhenThereIsMore() {
        for (int i = 0; i < 5; i++) {
            memory.write(ByteBuffer.wrap(new byte[KIBIBYTE]), 0);
        }
        assertThat(memory.output().remaining()).isEqualTo(5 * KIBIBYTE);
        assertThat(memory.movedBytes()).isEqualTo(4 * KIBIBYTE);
    }

    @Test
    void partsOfTheOutputOutliveIt() {
        memory.write(StandardCharsets.US_ASCII.encode("<answer>"), 0);
        ByteBuf part = memory.outputSlice(1, 6);
        memory.release();
        assertThat(part.toString(StandardCharsets.US_ASCII)).isEqualTo("answer");
        part.release();
        assertThat(memory.output().hasRemaining()).isFalse();
    }

    private static RequestEnvelope envelope(String body) {
        return new RequestEnvelope(
                "POST",
                "/",
                "/",
                "",
                "http",
                "localhost",
                List.of(Map.entry("accept", "*/*")),
                List.of(StandardCharsets.UTF_8.encode(body)),
                "t",
                Map.of(),
                "127.0.0.1",
                "route",
                null);
    }
}
