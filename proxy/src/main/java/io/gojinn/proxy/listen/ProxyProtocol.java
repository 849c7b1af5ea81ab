package io.gojinn.proxy.listen;

import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.http.DeadlineTimer;
import io.gojinn.proxy.observe.ListenerMetrics;
import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the header of the PROXY protocol off the start of a connection, the first handler of the pipeline: before TLS, and
 * before a byte of it is read by anybody else.
 *
 * <p>The header is neither guessed nor optional: a connection without one is closed, and so is one of a peer that is not
 * trusted to send it. Confined to the event loop.
 */
final class ProxyProtocol extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ProxyProtocol.class);

    private final ListenerMetrics metrics;
    private final DeadlineTimer timer;
    private final Channel channel;
    private final Predicate<Channel> admission;
    private @Nullable ByteBuf received;
    private boolean done;

    ProxyProtocol(Channel channel, ListenerMetrics metrics, Duration timeout, Predicate<Channel> admission) {
        this.channel = channel;
        this.admission = admission;
        this.metrics = metrics;
        this.timer = new DeadlineTimer(channel.eventLoop(), () -> refuse("none in time"));
        timer.set(System.nanoTime() + timeout.toNanos());
    }

    /** Whether the peer of a connection may send a header. */
    static boolean mayComeFrom(Channel channel, ProxyTrust trust) {
        return channel.remoteAddress() instanceof InetSocketAddress peer && trust.includes(peer.getAddress());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (done || !(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
            return;
        }
        ByteBuf before = received;
        received = before == null ? bytes : joined(ctx.alloc(), before, bytes);
        switch (ProxyHeader.parse(received)) {
            case ProxyHeader.Incomplete incomplete -> {
                // The next read goes on.
            }
            case ProxyHeader.Malformed malformed -> refuse(malformed.why());
            case ProxyHeader.Complete header -> {
                header.client().note(ctx.channel());
                ByteBuf rest = received.skipBytes(header.bytes());
                received = null;
                done = true;
                if (!admission.test(channel)) {
                    rest.release();
                    return;
                }
                if (rest.isReadable()) {
                    ctx.fireChannelRead(rest);
                } else {
                    rest.release();
                }
                ctx.pipeline().remove(this);
            }
        }
    }

    // Both are short: a header that is not whole has at most its longest length.
    private static ByteBuf joined(ByteBufAllocator allocator, ByteBuf before, ByteBuf bytes) {
        ByteBuf joined = allocator.buffer(before.readableBytes() + bytes.readableBytes());
        joined.writeBytes(before).writeBytes(bytes);
        before.release();
        bytes.release();
        return joined;
    }

    private void refuse(String why) {
        done = true;
        LOG.debug("connection of {} has no PROXY header: {}", channel.remoteAddress(), why);
        metrics.rejectedByProxyHeader();
        Channels.close(channel);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Once the header is there, this handler is not.
        if (!done) {
            ctx.read();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        timer.close();
        if (received != null) {
            received.release();
            received = null;
        }
    }
}
