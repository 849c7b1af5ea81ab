package io.gojinn.proxy.upstream;

import io.gojinn.proxy.address.OriginFields;
import io.gojinn.proxy.head.HeadFields;
import io.gojinn.proxy.http.Exchange;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;

/** What an intermediary changes in the fields of a message that passes through it. */
final class ForwardedFields {
    private static final AsciiString KEEP_ALIVE = AsciiString.cached("keep-alive");
    private static final AsciiString PROXY_CONNECTION = AsciiString.cached("proxy-connection");
    private static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");
    private static final AsciiString TRACESTATE = AsciiString.cached("tracestate");
    private static final String VIA_2 = "2.0 gojinn";
    private static final String VIA_11 = "1.1 gojinn";
    private static final String VIA_10 = "1.0 gojinn";

    private ForwardedFields() {}

    /** Turns the fields of a request as they were received, or a copy of them, into those that are sent on. */
    static void toUpstream(HttpHeaders headers, Exchange exchange) {
        // This proxy passes trailers on, so it can promise that for a client that takes them (RFC 9110, 10.1.4).
        boolean trailers = headers.contains(HttpHeaderNames.TE)
                && headers.containsValue(HttpHeaderNames.TE, HttpHeaderValues.TRAILERS, true);
        stripHopByHop(headers);
        if (trailers) {
            headers.set(HttpHeaderNames.TE, HttpHeaderValues.TRAILERS);
        }
        // This proxy has said 100 itself (RFC 9110, 10.1.1).
        headers.remove(HttpHeaderNames.EXPECT);
        exchange.tellOrigin(headers);
        HeadFields.setChecked(headers, TRACEPARENT, exchange.trace().traceparent());
        if (!exchange.trace().continued()) {
            headers.remove(TRACESTATE);
        }
        addVia(headers, exchange.request().protocolVersion());
    }

    /** Turns a response as it was received into the one that is sent on; framing is the caller's. */
    static void toClient(HttpResponse response) {
        HttpHeaders headers = response.headers();
        stripHopByHop(headers);
        addVia(headers, response.protocolVersion());
    }

    /**
     * Takes from trailers what must not come this late: fields that frame or address a message (RFC 9110, 6.5.1), which a
     * recipient that merges them would take for its own.
     */
    static void trailers(HttpHeaders trailers) {
        if (!trailers.isEmpty()) {
            stripHopByHop(trailers);
            trailers.remove(HttpHeaderNames.HOST);
            trailers.remove(HttpHeaderNames.CONTENT_LENGTH);
        }
    }

    // RFC 9110, 7.6.1
    private static void stripHopByHop(HttpHeaders headers) {
        if (headers.contains(HttpHeaderNames.CONNECTION)) {
            for (String options : headers.getAll(HttpHeaderNames.CONNECTION)) {
                // What nearly all messages say names no other field.
                if (!HttpHeaderValues.KEEP_ALIVE.contentEqualsIgnoreCase(options)) {
                    removeNamed(headers, options);
                }
            }
            headers.remove(HttpHeaderNames.CONNECTION);
        }
        headers.remove(KEEP_ALIVE);
        headers.remove(PROXY_CONNECTION);
        headers.remove(HttpHeaderNames.TE);
        headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
        headers.remove(HttpHeaderNames.UPGRADE);
        headers.remove(HttpHeaderNames.PROXY_AUTHENTICATE);
        headers.remove(HttpHeaderNames.PROXY_AUTHORIZATION);
    }

    private static void removeNamed(HttpHeaders headers, String options) {
        for (int start = 0; start < options.length(); ) {
            int comma = options.indexOf(',', start);
            int end = comma < 0 ? options.length() : comma;
            String name = options.substring(start, end).strip();
            // Nobody may take away what frames and addresses a message, or tells where it comes from.
            if (!name.isEmpty()
                    && !OriginFields.is(name)
                    && !HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)
                    && !HttpHeaderNames.HOST.contentEqualsIgnoreCase(name)) {
                headers.remove(name);
            }
            start = end + 1;
        }
    }

    // RFC 9110, 7.6.3; several lines are one list
    private static void addVia(HttpHeaders headers, HttpVersion received) {
        String via = switch (received.majorVersion()) {
            case 2 -> VIA_2;
            default -> received.minorVersion() == 0 ? VIA_10 : VIA_11;
        };
        if (headers.contains(HttpHeaderNames.VIA)) {
            headers.set(HttpHeaderNames.VIA, String.join(", ", headers.getAll(HttpHeaderNames.VIA)) + ", " + via);
        } else {
            HeadFields.setChecked(headers, HttpHeaderNames.VIA, via);
        }
    }
}
