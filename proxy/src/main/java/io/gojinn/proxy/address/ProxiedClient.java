package io.gojinn.proxy.address;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The client of a connection that a proxy has made for it, as the PROXY protocol tells.
 *
 * @param address null when the proxy does not know it, or connects for itself
 */
public record ProxiedClient(@Nullable InetAddress address) {
    private static final AttributeKey<ProxiedClient> KEY = AttributeKey.valueOf(ProxiedClient.class, "CLIENT");

    /** Notes it; before the first request is read. */
    public void note(Channel channel) {
        channel.attr(KEY).set(this);
    }

    /** What was noted, null when the connection is no proxy's. */
    public static @Nullable ProxiedClient of(Channel channel) {
        return channel.attr(KEY).get();
    }
}
