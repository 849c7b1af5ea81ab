package io.gojinn.proxy.files;

import io.netty.handler.codec.DateFormatter;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What tells one state of a file from another, and what clients ask about it (RFC 9110, 13).
 *
 * @param tag the entity tag as it is sent
 * @param modifiedSeconds since 1970
 * @param strong whether no other content can have had the same: a file that was written just now may be written again within
 *     what its clock tells apart (8.8.1)
 */
record Validators(String tag, long modifiedSeconds, boolean strong) {
    private static final String WEAK = "W/";
    private static final long RECENT_SECONDS = 2;

    /**
     * The validators of a file.
     *
     * @param variant what else makes it another representation, empty for the file itself
     */
    static Validators of(long modifiedNanos, long size, String variant, long nowSeconds) {
        long seconds = Math.floorDiv(modifiedNanos, 1_000_000_000L);
        boolean strong = seconds < nowSeconds - RECENT_SECONDS;
        String tag = '"'
                + Long.toHexString(modifiedNanos)
                + '-'
                + Long.toHexString(size)
                + (variant.isEmpty() ? "" : "-" + variant)
                + '"';
        // 8.8.2.1: not later than now.
        return new Validators(strong ? tag : WEAK + tag, Math.min(seconds, nowSeconds), strong);
    }

    /** How the conditions of a request turn out. */
    enum Verdict {
        GO_ON,
        NOT_MODIFIED,
        FAILED
    }

    /** Conditions of a request as they were sent. */
    record Conditions(
            List<String> ifMatch,
            List<String> ifNoneMatch,
            @Nullable String ifModifiedSince,
            @Nullable String ifUnmodifiedSince,
            @Nullable String ifRange) {}

    /** Evaluates the conditions of a GET or HEAD, in the order of 13.2.2. */
    Verdict verdict(Conditions conditions) {
        if (!conditions.ifMatch.isEmpty()) {
            if (!names(conditions.ifMatch, true)) {
                return Verdict.FAILED;
            }
        } else {
            long since = seconds(conditions.ifUnmodifiedSince);
            if (since >= 0 && modifiedSeconds > since) {
                return Verdict.FAILED;
            }
        }
        if (!conditions.ifNoneMatch.isEmpty()) {
            return names(conditions.ifNoneMatch, false) ? Verdict.NOT_MODIFIED : Verdict.GO_ON;
        }
        long since = seconds(conditions.ifModifiedSince);
        return since >= 0 && modifiedSeconds <= since ? Verdict.NOT_MODIFIED : Verdict.GO_ON;
    }

    /** Whether a range of what the client has a part of is a range of this (13.1.5). */
    boolean allowsRange(Conditions conditions) {
        String ifRange = conditions.ifRange;
        if (ifRange == null) {
            return true;
        }
        String validator = ifRange.strip();
        if (validator.startsWith("\"") || validator.startsWith(WEAK)) {
            return strong && validator.equals(tag);
        }
        return strong && seconds(validator) == modifiedSeconds;
    }

    // Whether one of a list of tags is this one; 8.8.3.2 has the two ways to compare.
    private boolean names(List<String> fields, boolean strongly) {
        String opaque = tag.startsWith(WEAK) ? tag.substring(2) : tag;
        for (String field : fields) {
            if (field.strip().equals("*")) {
                return true;
            }
            int at = 0;
            while (at < field.length()) {
                char c = field.charAt(at);
                if (c == ',' || c == ' ' || c == '\t') {
                    at++;
                    continue;
                }
                boolean weak = field.startsWith(WEAK, at);
                int open = weak ? at + 2 : at;
                int close = open < field.length() && field.charAt(open) == '"' ? field.indexOf('"', open + 1) : -1;
                if (close < 0) {
                    break;
                }
                boolean same =
                        field.regionMatches(open, opaque, 0, opaque.length()) && close - open + 1 == opaque.length();
                if (same && (!strongly || (strong && !weak))) {
                    return true;
                }
                at = close + 1;
            }
        }
        return false;
    }

    // -1 for what is no date, which is as if it had not been sent.
    private static long seconds(@Nullable String date) {
        Date parsed = date == null ? null : DateFormatter.parseHttpDate(date);
        return parsed == null ? -1 : Math.max(-1, parsed.toInstant().getEpochSecond());
    }
}
