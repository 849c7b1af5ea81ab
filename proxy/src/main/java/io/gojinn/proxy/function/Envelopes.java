package io.gojinn.proxy.function;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.runtime.Tenant;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What functions are told of an exchange. */
final class Envelopes {
    private Envelopes() {}

    /**
     * The request as it is now.
     *
     * @param tenant null for nobody who is told apart
     * @param response null but in a response phase
     */
    static RequestEnvelope of(
            Exchange exchange,
            @Nullable Tenant tenant,
            List<ByteBuffer> body,
            RequestEnvelope.@Nullable Response response) {
        return new RequestEnvelope(
                exchange.request().method().name(),
                exchange.uri(),
                exchange.path(),
                exchange.query(),
                exchange.scheme(),
                exchange.authority(),
                fields(exchange.request().headers()),
                body,
                exchange.trace().traceparent(),
                exchange.params(),
                exchange.clientAddress(),
                exchange.route(),
                tenant == null || tenant.name().isEmpty() ? null : tenant.name(),
                response);
    }

    static Iterable<Map.Entry<CharSequence, CharSequence>> fields(HttpHeaders headers) {
        return headers::iteratorCharSequence;
    }
}
