package io.gojinn.proxy.listen;

import io.gojinn.proxy.head.HeadWriter;
import io.gojinn.proxy.http.ClientResponse;
import io.gojinn.proxy.http.UpgradeGate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 as a server speaks it. Netty's own codec matches answers to requests by a queue of methods; here the answer says
 * itself whether it has a body, because exchanges are answered one at a time.
 */
final class ServerCodec extends CombinedChannelDuplexHandler<RequestDecoder, HttpResponseEncoder>
        implements UpgradeGate {
    /**
     * For one connection.
     *
     * @param tolerated see {@link RequestDecoder}
     */
    ServerCodec(ListenerLimits limits, @Nullable Runnable tolerated) {
        super(new RequestDecoder(limits.headerBytes(), limits.headerCount(), tolerated), new ResponseEncoder());
    }

    @Override
    public void refuseUpgrade() {
        inboundHandler().refuseUpgrade();
    }

    private static final class ResponseEncoder extends HttpResponseEncoder {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
            if (message instanceof FullHttpResponse response
                    && HeadWriter.write(ctx, response, contentOf(response), promise)) {
                response.release();
            } else {
                super.write(ctx, message, promise);
            }
        }

        private ByteBuf contentOf(FullHttpResponse response) {
            return isContentAlwaysEmpty(response) ? Unpooled.EMPTY_BUFFER : response.content();
        }

        @Override
        protected void encodeHeaders(HttpHeaders headers, ByteBuf buffer) {
            HeadWriter.fields(headers, buffer);
        }

        @Override
        protected boolean isContentAlwaysEmpty(HttpResponse message) {
            return (message instanceof ClientResponse response && response.bodiless())
                    || super.isContentAlwaysEmpty(message);
        }
    }
}
