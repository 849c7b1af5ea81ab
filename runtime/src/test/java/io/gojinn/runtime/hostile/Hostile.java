package io.gojinn.runtime.hostile;

/**
 * A module made to do harm.
 *
 * @param ending how it must end, a regular expression over {@code refused: <why>}, a failure's label, or {@code 200 ok}
 * @param endless whether nothing but its deadline ends it, so that it is given a short one
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Hostile(String name, byte[] binary, String ending, boolean endless) {
    /** One that must not be prepared, for a reason in which these words occur in this order. */
    static Hostile refused(String name, String reason, byte[]... sections) {
        return new Hostile(name, Bytes.module(sections), "refused: .*(" + reason + ").*", false);
    }

    static Hostile refused(String name, String reason, Guest guest) {
        return refused(name, reason, guest.build());
    }

    static Hostile refused(String name, String reason, byte[] binary) {
        return new Hostile(name, binary, "refused: .*(" + reason + ").*", false);
    }

    /** One that runs and ends by itself. */
    static Hostile ends(String name, String ending, byte[] binary) {
        return new Hostile(name, binary, ending, false);
    }

    /** One that would run for ever. */
    static Hostile endless(String name, byte[] binary) {
        return new Hostile(name, binary, "deadline", true);
    }

    @Override
    public String toString() {
        return name;
    }
}
