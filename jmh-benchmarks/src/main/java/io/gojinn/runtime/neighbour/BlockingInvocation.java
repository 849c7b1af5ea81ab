package io.gojinn.runtime.neighbour;

import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;

/** A call whose caller waits for its end. Only the first bytes of its answer are kept. */
final class BlockingInvocation implements Invocation {
    private final ByteBuffer output = ByteBuffer.allocate(256);
    private final CountDownLatch end = new CountDownLatch(1);

    private BlockingInvocation() {}

    static void call(FunctionInvoker function) {
        BlockingInvocation invocation = new BlockingInvocation();
        function.invoke(invocation);
        try {
            invocation.end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public ByteBuffer input() {
        return ByteBuffer.allocate(0);
    }

    @Override
    public void write(ByteBuffer source) {
        if (source.remaining() <= output.remaining()) {
            output.put(source);
        }
    }

    @Override
    public ByteBuffer output() {
        return output.duplicate().flip();
    }

    @Override
    public void log(LogLevel level, String line) {}

    @Override
    public void completed(Outcome outcome) {
        end.countDown();
    }
}
