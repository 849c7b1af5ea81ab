package io.gojinn.proxy.policy.jwt;

import io.gojinn.proxy.middleware.JwtRules.Keys;
import io.gojinn.proxy.observe.KeyFetchMetrics;
import io.gojinn.proxy.upstream.Upstream;
import io.netty.channel.EventLoop;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Where keys come from. Thread-safe. */
public interface KeySource {
    /** The keys as they are known now; null when none are, or they are too old. Never waits. */
    @Nullable
    KeySet current();

    /**
     * Looks for other keys than those seen, if that is of use now.
     *
     * @param seen what {@link #current} gave and did not suffice
     * @param then is called when there are any, or none will come; on this loop, never before this returns
     */
    void renew(@Nullable KeySet seen, EventLoop loop, Runnable then);

    /** Those of the config. */
    static KeySource given(Keys.Given keys) {
        return fixed(KeySet.parse(keys.json().text().getBytes(StandardCharsets.UTF_8)));
    }

    /** A secret of the config. */
    static KeySource shared(Keys.Shared keys) {
        return fixed(KeySet.shared(keys.secret().text()));
    }

    /**
     * Those that an upstream gives, asked for at once.
     *
     * @param middleware for logs
     * @param loop one of the upstream's, which makes the fetches
     */
    static KeySource fetched(
            String middleware, Keys.Fetched keys, Upstream upstream, EventLoop loop, KeyFetchMetrics metrics) {
        return new FetchedKeys(middleware, keys, upstream, loop, metrics);
    }

    private static KeySource fixed(KeySet keys) {
        return new KeySource() {
            @Override
            public KeySet current() {
                return keys;
            }

            @Override
            public void renew(@Nullable KeySet seen, EventLoop loop, Runnable then) {
                loop.execute(then);
            }
        };
    }
}
