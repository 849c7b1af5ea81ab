package io.gojinn.proxy.upstream;

import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;

/**
 * What has come of a request's body, kept for another attempt as long as it is small. Confined to the event loop of its
 * exchange. Every attempt gets duplicates: what one has read does not count for the next.
 */
final class HeldBody {
    // A piece may pin a whole read, however little it holds of it.
    private static final int MAX_PIECES = 64;

    private final int maxBytes;
    private List<HttpContent> pieces = List.of();
    private long bytes;
    private boolean whole = true;

    HeldBody(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether nothing is missing of what has come. */
    boolean isWhole() {
        return whole;
    }

    /** Keeps a duplicate of a piece that is about to be sent, unless that would be too much: then nothing is kept. */
    void keep(HttpContent piece) {
        if (!whole || isNothing(piece)) {
            return;
        }
        if (bytes + piece.content().readableBytes() > maxBytes || pieces.size() == MAX_PIECES) {
            release();
        } else {
            add(piece.retainedDuplicate());
        }
    }

    /** Keeps a piece that comes while there is nobody to send it to. Owns it; what comes then is bounded by one read. */
    void await(HttpContent piece) {
        if (isNothing(piece)) {
            piece.release();
        } else {
            add(piece);
        }
    }

    private void add(HttpContent piece) {
        if (pieces.isEmpty()) {
            pieces = new ArrayList<>();
        }
        bytes += piece.content().readableBytes();
        pieces.add(piece);
    }

    private static boolean isNothing(HttpContent piece) {
        return !piece.content().isReadable()
                && (!(piece instanceof LastHttpContent last)
                        || last.trailingHeaders().isEmpty());
    }

    /**
     * Sends what is kept.
     *
     * @param ends whether nothing follows
     * @return whether anything of a body was sent
     */
    boolean send(TargetStream to, boolean ends) {
        boolean ended = false;
        for (HttpContent piece : pieces) {
            to.write(piece.retainedDuplicate());
            ended = piece instanceof LastHttpContent;
        }
        if (ends && !ended) {
            to.write(LastHttpContent.EMPTY_LAST_CONTENT);
        }
        boolean any = !pieces.isEmpty();
        if (bytes > maxBytes) {
            release();
        }
        return any;
    }

    /** Keeps nothing any more. */
    void release() {
        whole = false;
        if (!pieces.isEmpty()) {
            pieces.forEach(ReferenceCountUtil::release);
            pieces = List.of();
        }
    }
}
