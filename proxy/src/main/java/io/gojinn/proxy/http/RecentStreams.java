package io.gojinn.proxy.http;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** How the last streams of a connection came to their end. Confined to its event loop. */
final class RecentStreams {
    // More than a client can have on the way at once: the default limit of streams, with room.
    private static final int SIZE = 128;

    private final int[] ids = new int[SIZE];
    private final Fate[] fates = new Fate[SIZE];
    private int next;

    /** How a stream ended. */
    enum Fate {
        /** The client sent END_STREAM. */
        ENDED,
        /** The client sent RST_STREAM. */
        RESET_BY_CLIENT,
        /** RST_STREAM was sent to the client, which may not know it yet. */
        RESET_HERE
    }

    RecentStreams() {
        Arrays.fill(fates, Fate.ENDED);
    }

    void add(int streamId, Fate fate) {
        ids[next] = streamId;
        fates[next] = fate;
        next = (next + 1) % SIZE;
    }

    /** How a stream ended, null when it never was or was long ago. */
    @Nullable
    Fate fate(int streamId) {
        for (int i = 0; i < SIZE; i++) {
            if (ids[i] == streamId) {
                return fates[i];
            }
        }
        return null;
    }
}
