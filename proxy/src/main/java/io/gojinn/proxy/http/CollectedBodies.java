package io.gojinn.proxy.http;

/**
 * The bodies that the exchanges of one connection keep, because they are wanted whole. Confined to its event loop.
 *
 * <p>Each has a limit of its own; this one is for all that an HTTP/2 connection carries side by side, so it never stands against
 * a body that is alone.
 */
final class CollectedBodies {
    private final long limitBytes;
    private long bytes;

    CollectedBodies(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /**
     * Counts more of a body.
     *
     * @param ofBody what is kept of it, with these
     * @return false when there is too much of it beside others
     */
    boolean add(int more, long ofBody) {
        bytes += more;
        return bytes <= limitBytes || bytes == ofBody;
    }

    /** A body is kept no more. */
    void remove(long ofBody) {
        bytes -= ofBody;
    }
}
