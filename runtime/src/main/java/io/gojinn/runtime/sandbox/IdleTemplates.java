package io.gojinn.runtime.sandbox;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * The templates without an instance that still keep what makes their next one quick: the engine's code and the image of
 * memory. Bounded: beyond it the least recently used rest, and the next instance of such a one costs what parsing its
 * binary does. Thread-safe.
 */
final class IdleTemplates {
    private final long maxBytes;

    // Guarded by this; the least recently used first.
    private final LinkedHashSet<SandboxTemplate> awake = new LinkedHashSet<>();
    private long bytes;

    /**
     * Templates that keep so much.
     *
     * @param maxBytes of the heap, by {@link SandboxTemplate#awakeBytes}
     */
    IdleTemplates(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether one more would not make another rest. */
    synchronized boolean hasRoom(SandboxTemplate template) {
        return bytes + template.awakeBytes() <= maxBytes;
    }

    /** A template has lost its last instance. Compresses what others keep, which may take some milliseconds. */
    void add(SandboxTemplate template) {
        List<SandboxTemplate> tired = new ArrayList<>();
        synchronized (this) {
            remove(template);
            awake.add(template);
            bytes += template.awakeBytes();
            Iterator<SandboxTemplate> eldest = awake.iterator();
            while (bytes > maxBytes) {
                SandboxTemplate other = eldest.next();
                eldest.remove();
                bytes -= other.awakeBytes();
                tired.add(other);
            }
        }
        tired.forEach(SandboxTemplate::rest);
    }

    /** A template gets its first instance, or is closed. */
    synchronized void remove(SandboxTemplate template) {
        if (awake.remove(template)) {
            bytes -= template.awakeBytes();
        }
    }
}
