package io.gojinn.proxy.listen;

import io.gojinn.proxy.http.ClientResponse;
import io.gojinn.proxy.http.UpgradeGate;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/**
 * HTTP/1.1 as a server speaks it. Netty's own codec matches answers to requests by a queue of methods; here the answer says
 * itself whether it has a body, because exchanges are answered one at a time.
 */
final class ServerCodec extends CombinedChannelDuplexHandler<RequestDecoder, HttpResponseEncoder>
        implements UpgradeGate {
    ServerCodec(ListenerLimits limits) {
        super(new RequestDecoder(limits.headerBytes(), limits.headerCount()), new ResponseEncoder());
    }

    @Override
    public void refuseUpgrade() {
        inboundHandler().refuseUpgrade();
    }

    private static final class ResponseEncoder extends HttpResponseEncoder {
        @Override
        protected boolean isContentAlwaysEmpty(HttpResponse message) {
            return (message instanceof ClientResponse response && response.bodiless())
                    || super.isContentAlwaysEmpty(message);
        }
    }
}
