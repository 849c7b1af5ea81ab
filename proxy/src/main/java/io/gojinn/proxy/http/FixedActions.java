package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.route.RouteAction;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Actions whose answer the config holds. */
public final class FixedActions {
    private FixedActions() {}

    /** Answers with fixed content. */
    public static Action respond(RouteAction.Respond config) {
        byte[] content = config.body().getBytes(StandardCharsets.UTF_8);
        HttpHeaders headers = Exchange.newHeaders();
        config.headers().forEach(headers::add);
        // Framing is this proxy's.
        headers.remove(HttpHeaderNames.TRANSFER_ENCODING).remove(HttpHeaderNames.CONNECTION);
        if (content.length > 0 && !headers.contains(HttpHeaderNames.CONTENT_TYPE)) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
        }
        ByteBuf body =
                Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(content).asReadOnly());
        return exchange -> new Fixed(exchange, config.status(), headers, body);
    }

    /** Sends the client elsewhere. */
    public static Action redirect(RouteAction.Redirect config) {
        return respond(new RouteAction.Respond(config.status(), Map.of("Location", config.location()), ""));
    }

    /** Answers with a failure. */
    static Action fail(Failure failure) {
        return exchange -> new Failed(exchange, failure);
    }

    private record Failed(Exchange exchange, Failure failure) implements Activity {
        @Override
        public void start() {
            exchange.fail(failure);
        }

        @Override
        public void bodyReceived(HttpContent content) {
            content.release();
        }

        @Override
        public void writabilityChanged() {
            // The whole answer is one write.
        }

        @Override
        public void cancelled() {
            // Nothing is held.
        }
    }

    private record Fixed(Exchange exchange, int status, HttpHeaders headers, ByteBuf body) implements Activity {
        @Override
        public void start() {
            exchange.reply(status, headers.copy(), body.duplicate());
        }

        @Override
        public void bodyReceived(HttpContent content) {
            content.release();
        }

        @Override
        public void writabilityChanged() {
            // The whole answer is one write.
        }

        @Override
        public void cancelled() {
            // Nothing is held.
        }
    }
}
