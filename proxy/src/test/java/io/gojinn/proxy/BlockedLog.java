package io.gojinn.proxy;

import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;

/** A log that takes nothing until it is closed. */
final class BlockedLog extends OutputStream {
    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public void write(int octet) {
        awaitClose();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        awaitClose();
    }

    @Override
    public void close() {
        closed.countDown();
    }

    private void awaitClose() {
        try {
            closed.await();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
