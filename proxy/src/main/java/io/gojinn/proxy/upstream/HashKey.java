package io.gojinn.proxy.upstream;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.sticky.Cookies;
import io.gojinn.proxy.upstream.BalancePolicy.HashSource;
import org.jspecify.annotations.Nullable;

/** The part of a request that leads it to the same target as others. */
final class HashKey {
    private HashKey() {}

    /** Its hash; {@link Balance#NO_HASH} when the policy looks at none or the request has none. */
    static long of(BalancePolicy policy, Exchange exchange) {
        if (!(policy instanceof BalancePolicy.Hash(HashSource source))) {
            return Balance.NO_HASH;
        }
        return of(source, exchange);
    }

    /** The hash of what a request has of this; {@link Balance#NO_HASH} when it has none. */
    static long of(HashSource source, Exchange exchange) {
        return switch (source) {
            case HashSource.Header(String name) ->
                of(exchange.request().headers().get(name));
            case HashSource.Cookie(String name) ->
                of(Cookies.value(exchange.request().headers(), name));
            case HashSource.Client client -> of(exchange.clientAddress());
        };
    }

    private static long of(@Nullable CharSequence value) {
        return value == null ? Balance.NO_HASH : some(Hashing.of(value));
    }

    private static long some(long hash) {
        return hash == Balance.NO_HASH ? 1 : hash;
    }
}
