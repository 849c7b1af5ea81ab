package io.gojinn.proxy.listen;

import io.gojinn.proxy.failure.UnknownNameException;
import io.gojinn.proxy.http.Authority;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Reads the ClientHello and puts in its own place the TLS of the identity that its name asks for (RFC 6066, 3). Confined to its
 * event loop.
 */
final class SniChoice extends AbstractSniHandler<Identity> {
    // Above what an honest ClientHello needs, post-quantum key shares included.
    private static final int MAX_CLIENT_HELLO_BYTES = 32 << 10;
    // A fatal alert, unrecognized_name (RFC 8446, 6).
    private static final byte[] UNRECOGNIZED_NAME = {21, 3, 3, 0, 2, 2, 112};

    private final TlsContexts contexts;
    private final long timeoutMillis;

    SniChoice(TlsContexts contexts, long timeoutMillis) {
        super(MAX_CLIENT_HELLO_BYTES, timeoutMillis);
        this.contexts = contexts;
        this.timeoutMillis = timeoutMillis;
    }

    @Override
    protected Future<Identity> lookup(ChannelHandlerContext ctx, @Nullable String name) {
        Identity shown = contexts.shownTo(name);
        return shown == null
                ? ctx.executor().newFailedFuture(new UnknownNameException())
                : ctx.executor().newSucceededFuture(shown);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    protected void onLookupComplete(ChannelHandlerContext ctx, @Nullable String name, Future<Identity> shown) {
        if (!shown.isSuccess()) {
            ctx.fireUserEventTriggered(new SslHandshakeCompletionEvent(shown.cause()));
            ctx.writeAndFlush(Unpooled.wrappedBuffer(UNRECOGNIZED_NAME)).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        Identity identity = shown.getNow();
        Authority authority = contexts.authority(identity);
        if (authority != null) {
            ctx.channel().attr(Authority.OF_CHANNEL).set(authority);
        }
        SslHandler tls = identity.context().newHandler(ctx.alloc());
        tls.setHandshakeTimeoutMillis(timeoutMillis);
        ctx.pipeline().replace(this, SslHandler.class.getName(), tls);
    }
}
