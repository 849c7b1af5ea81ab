package io.gojinn.proxy.observe;

import java.util.Locale;

/** What became of a request's wish to come back to the same target. */
public enum SessionOutcome {
    /** It named the target that took it. */
    KEPT,
    /** It named none. */
    ASSIGNED,
    /** It named another one, which is gone, full or not well, or which nobody knows. */
    MOVED;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
