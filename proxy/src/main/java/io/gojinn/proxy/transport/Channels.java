package io.gojinn.proxy.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundInvoker;

/** Operations whose outcome arrives as an event of the channel, so that nobody has to look at their future. */
public final class Channels {
    private Channels() {}

    /** Closes; {@code channelInactive} follows. */
    @SuppressWarnings("FutureReturnValueIgnored")
    public static void close(ChannelOutboundInvoker channel) {
        channel.close();
    }

    /** Writes without flushing, from the end of the pipeline; a failure closes the channel. Owns the message. */
    @SuppressWarnings("FutureReturnValueIgnored")
    public static void write(Channel channel, Object message) {
        channel.write(message, channel.voidPromise());
    }
}
