package io.gojinn.proxy.compress;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.middleware.CompressionRules;
import io.gojinn.proxy.observe.CompressionMetrics;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Compresses responses with the coding that the client likes best (RFC 9110, 12.5.3), where that can be worth it and does no
 * harm. Thread-safe.
 *
 * <p>A secret that is compressed beside what an attacker can put into the same response can be guessed from its length (BREACH,
 * 2013). So what is answered to a request with credentials, or sets a cookie, stays as it is unless the config says otherwise or
 * the response says that it is for everybody.
 */
public final class Compression implements Middleware {
    private static final AsciiString CLIENT_CERTIFICATE = AsciiString.cached("x-client-certificate-fingerprint");
    // What is said of the bytes of a body that is about to change (RFC 9530; RFC 3230; RFC 1864).
    private static final List<AsciiString> DIGESTS = List.of(
            AsciiString.cached("content-digest"),
            AsciiString.cached("repr-digest"),
            AsciiString.cached("digest"),
            AsciiString.cached("content-md5"));
    private static final String WEAK = "W/";

    private final CompressionRules config;
    private final TypeList types;
    private final CompressionMetrics metrics;
    private final AtomicInteger active = new AtomicInteger();

    /** A middleware that compresses nothing yet. The libraries of its codings must be loaded. */
    public Compression(CompressionRules config, CompressionMetrics metrics) {
        this.config = config;
        this.types = new TypeList(config.types());
        this.metrics = metrics;
    }

    @Override
    public Passage open(Exchange exchange) {
        return new OneResponse(exchange);
    }

    private final class OneResponse implements Passage {
        private final Exchange exchange;
        private List<Coding> accepted = List.of();
        private boolean hasCredentials;
        private boolean wantsNoTransform;
        private List<String> knownTags = List.of();

        OneResponse(Exchange exchange) {
            this.exchange = exchange;
        }

        // What the client asked for, before anybody changes it.
        @Override
        public void request(RequestPhase phase) {
            HttpHeaders headers = exchange.request().headers();
            accepted = AcceptedCodings.of(headers.getAll(HttpHeaderNames.ACCEPT_ENCODING), config.codings());
            hasCredentials = headers.contains(HttpHeaderNames.COOKIE)
                    || headers.contains(HttpHeaderNames.AUTHORIZATION)
                    || headers.contains(CLIENT_CERTIFICATE);
            wantsNoTransform = says(headers, HttpHeaderValues.NO_TRANSFORM);
            knownTags = headers.getAll(HttpHeaderNames.IF_NONE_MATCH);
            phase.proceed();
        }

        @Override
        public void response(ResponsePhase phase) {
            HttpHeaders headers = phase.headers();
            if (phase.status() == 304) {
                confirm(headers);
            } else if (mayCompress(phase.status(), headers)) {
                vary(headers);
                if (!accepted.isEmpty()) {
                    compress(phase, accepted.getFirst());
                }
            }
            phase.proceed();
        }

        private boolean mayCompress(int status, HttpHeaders headers) {
            String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
            return status >= 200
                    && status != 204
                    && status != 205
                    && status != 206
                    && type != null
                    && types.has(type)
                    && !headers.contains(HttpHeaderNames.CONTENT_RANGE)
                    && isPlain(headers.get(HttpHeaderNames.CONTENT_ENCODING))
                    && !wantsNoTransform
                    && !says(headers, HttpHeaderValues.NO_TRANSFORM)
                    && isLarge(headers.get(HttpHeaderNames.CONTENT_LENGTH))
                    && (config.credentials() || isHarmless(headers));
        }

        private boolean isHarmless(HttpHeaders headers) {
            return !headers.contains(HttpHeaderNames.SET_COOKIE)
                    && (!hasCredentials || says(headers, HttpHeaderValues.PUBLIC));
        }

        private void compress(ResponsePhase phase, Coding coding) {
            HttpHeaders headers = phase.headers();
            boolean streams = !headers.contains(HttpHeaderNames.CONTENT_LENGTH);
            if (!phase.isBodiless()) {
                if (active.incrementAndGet() > config.active()) {
                    active.decrementAndGet();
                    metrics.busy();
                    return;
                }
                phase.transform(new EncodingTransform(
                        Codecs.encoder(coding, exchange.allocator()),
                        streams,
                        metrics.of(coding),
                        active::decrementAndGet));
            }
            // The same to HEAD, for which there is nothing to transform.
            headers.set(HttpHeaderNames.CONTENT_ENCODING, coding.token());
            headers.remove(HttpHeaderNames.CONTENT_LENGTH).remove(HttpHeaderNames.ACCEPT_RANGES);
            DIGESTS.forEach(headers::remove);
            String tag = headers.get(HttpHeaderNames.ETAG);
            if (tag != null && !tag.startsWith(WEAK)) {
                // RFC 9110, 8.8.3.3: other bytes, another strong tag.
                headers.set(HttpHeaderNames.ETAG, WEAK + tag);
            }
        }

        /** Says of what the client has what was said when it got it. */
        private void confirm(HttpHeaders headers) {
            String tag = headers.get(HttpHeaderNames.ETAG);
            if (tag == null || tag.startsWith(WEAK)) {
                return;
            }
            for (String tags : knownTags) {
                if (tags.contains(WEAK + tag)) {
                    headers.set(HttpHeaderNames.ETAG, WEAK + tag);
                    vary(headers);
                    return;
                }
            }
        }
    }

    private static boolean isPlain(@Nullable String coding) {
        return coding == null || coding.equalsIgnoreCase("identity");
    }

    private boolean isLarge(@Nullable String length) {
        try {
            return length == null || Long.parseLong(length) >= config.minBytes();
        } catch (NumberFormatException defect) {
            return false;
        }
    }

    private static boolean says(HttpHeaders headers, AsciiString directive) {
        return headers.containsValue(HttpHeaderNames.CACHE_CONTROL, directive, true);
    }

    private static void vary(HttpHeaders headers) {
        if (!headers.containsValue(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING, true)
                && !headers.containsValue(HttpHeaderNames.VARY, "*", true)) {
            headers.add(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING);
        }
    }
}
