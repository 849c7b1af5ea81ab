package io.gojinn.proxy.upstream;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.upstream.BalancePolicy.HashSource;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Iterator;

/** The part of a request that leads it to the same target as others. */
final class HashKey {
    private HashKey() {}

    /** Its hash; {@link Balance#NO_HASH} when the policy looks at none or the request has none. */
    static long of(BalancePolicy policy, Exchange exchange) {
        if (!(policy instanceof BalancePolicy.Hash(HashSource source))) {
            return Balance.NO_HASH;
        }
        return switch (source) {
            case HashSource.Header(String name) -> {
                String value = exchange.request().headers().get(name);
                yield value == null ? Balance.NO_HASH : some(Hashing.of(value));
            }
            case HashSource.Cookie(String name) -> cookie(exchange.request().headers(), name);
            case HashSource.Client client -> some(Hashing.of(exchange.clientAddress()));
        };
    }

    // RFC 6265, 4.2.1; HTTP/2 may send several fields (RFC 9113, 8.2.3).
    static long cookie(HttpHeaders headers, String name) {
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
                    return some(Hashing.of(field, equals + 1, end));
                }
                start = end + 1;
            }
        }
        return Balance.NO_HASH;
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

    private static long some(long hash) {
        return hash == Balance.NO_HASH ? 1 : hash;
    }
}
