package io.gojinn.proxy.sticky;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** The cookies of a request (RFC 6265, 4.2.1). */
public final class Cookies {
    private Cookies() {}

    /**
     * The value of the first cookie of this name, as it was sent; null when there is none.
     *
     * @param name has case
     */
    public static @Nullable CharSequence value(HttpHeaders headers, String name) {
        // HTTP/2 may send several fields (RFC 9113, 8.2.3).
        Iterator<? extends CharSequence> fields = headers.valueCharSequenceIterator(HttpHeaderNames.COOKIE);
        while (fields.hasNext()) {
            CharSequence field = fields.next();
            for (int start = 0; start < field.length(); ) {
                int end = indexOf(field, ';', start);
                while (start < end && field.charAt(start) == ' ') {
                    start++;
                }
                int equals = indexOf(field, '=', start);
                if (equals < end && isName(field, start, equals, name)) {
                    return field.subSequence(equals + 1, end);
                }
                start = end + 1;
            }
        }
        return null;
    }

    private static boolean isName(CharSequence field, int start, int end, String name) {
        if (end - start != name.length()) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (field.charAt(start + i) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    // Or the end of the text.
    private static int indexOf(CharSequence text, char wanted, int start) {
        int at = start;
        while (at < text.length() && text.charAt(at) != wanted) {
            at++;
        }
        return at;
    }
}
