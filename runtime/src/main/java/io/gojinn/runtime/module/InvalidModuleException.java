package io.gojinn.runtime.module;

/** Says why a binary cannot be run: malformed, invalid, over a limit, or in need of a proposal that is not supported. */
public final class InvalidModuleException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String section;
    private final int offset;
    private final String reason;

    InvalidModuleException(String section, int offset, String reason) {
        super("%s section at byte %d: %s".formatted(section, offset, reason));
        this.section = section;
        this.offset = offset;
        this.reason = reason;
    }

    /** The section's name in the specification ("type", "code"), or "module" outside of any. */
    public String section() {
        return section;
    }

    /** Where in the binary the offending item starts. */
    public int offset() {
        return offset;
    }

    /** What was found and what was expected. */
    public String reason() {
        return reason;
    }
}
