package io.gojinn.proxy.listen;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The transfer codings of one request as a tolerant listener takes them, from all lines of the field. Chunked frames the body; the
 * others are the same codings by which content is encoded (RFC 9112, 7.2), and can be told as such. Parameters, which none of them has, are
 * left out.
 */
final class TransferCodings {
    static final String CHUNKED = "chunked";
    private static final String IDENTITY = "identity";
    private static final Set<String> OF_CONTENT = Set.of("gzip", "x-gzip", "deflate", "compress", "x-compress");

    private final List<String> lines = new ArrayList<>();
    private final List<String> ofContent = new ArrayList<>();
    private boolean chunked;
    // A coding is unknown, or follows chunked.
    private boolean unclear;

    /** Takes the value of another line. */
    void add(CharSequence line) {
        String text = line.toString();
        lines.add(text);
        for (String coding : text.split(",", -1)) {
            int semicolon = coding.indexOf(';');
            String name = OptionalWhitespace.strip(semicolon < 0 ? coding : coding.substring(0, semicolon))
                    .toLowerCase(Locale.ROOT);
            unclear |= chunked;
            if (name.equals(CHUNKED)) {
                chunked = true;
            } else if (OF_CONTENT.contains(name)) {
                ofContent.add(name);
            } else {
                unclear |= !name.equals(IDENTITY);
            }
        }
    }

    /** The values as they came. */
    List<String> lines() {
        return lines;
    }

    /** Whether all are known and chunked is the last one, and none before it, so that the end of the body is certain. */
    boolean areFramed() {
        return chunked && !unclear;
    }

    /** What the content is encoded with, in the order in which that was done. */
    List<String> ofContent() {
        return ofContent;
    }
}
