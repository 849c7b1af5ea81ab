package io.gojinn.proxy.http;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** Transforms one behind the other, the last one's pieces going to a sink. Confined to its exchange's event loop. */
final class BodyPipeline {
    private final List<BodyTransform> transforms;
    // What comes behind each transform.
    private final List<Consumer<ByteBuf>> outs;
    private final Consumer<ByteBuf> in;
    private boolean running;
    private boolean closed;

    /**
     * A pipeline.
     *
     * @param transforms owned, the first to see a piece first
     */
    BodyPipeline(List<BodyTransform> transforms, Consumer<ByteBuf> sink) {
        this.transforms = List.copyOf(transforms);
        this.outs = new ArrayList<>(transforms.size());
        Consumer<ByteBuf> behind = sink;
        for (int i = transforms.size() - 1; i >= 0; i--) {
            Consumer<ByteBuf> out = behind;
            BodyTransform transform = transforms.get(i);
            outs.add(out);
            behind = piece -> transform.piece(piece, out);
        }
        Collections.reverse(outs);
        this.in = behind;
    }

    /** Takes a piece. Owns it. */
    void piece(ByteBuf piece) {
        if (closed || !piece.isReadable()) {
            piece.release();
        } else {
            run(() -> in.accept(piece));
        }
    }

    void flush() {
        run(() -> {
            for (int i = 0; i < transforms.size(); i++) {
                transforms.get(i).flush(outs.get(i));
            }
        });
    }

    void end() {
        run(() -> {
            for (int i = 0; i < transforms.size(); i++) {
                transforms.get(i).end(outs.get(i));
            }
        });
    }

    // What a transform gives may end the exchange, and with it the transform: not while it is at work.
    private void run(Runnable step) {
        if (closed) {
            return;
        }
        running = true;
        try {
            step.run();
        } finally {
            running = false;
            if (closed) {
                transforms.forEach(BodyTransform::close);
            }
        }
    }

    /** Gives back what the transforms hold. Called once. */
    void close() {
        closed = true;
        if (!running) {
            transforms.forEach(BodyTransform::close);
        }
    }
}
