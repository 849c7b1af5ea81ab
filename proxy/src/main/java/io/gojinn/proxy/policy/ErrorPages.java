package io.gojinn.proxy.policy;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.FailureResponse;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.ErrorPageRules;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts pages in the place of what errors are answered with. The status stays. Thread-safe. */
public final class ErrorPages implements Middleware {
    // What was said of the body that is replaced.
    private static final List<AsciiString> OF_BODY = List.of(
            HttpHeaderNames.CONTENT_ENCODING,
            HttpHeaderNames.CONTENT_LANGUAGE,
            HttpHeaderNames.CONTENT_RANGE,
            HttpHeaderNames.CONTENT_DISPOSITION,
            HttpHeaderNames.ACCEPT_RANGES,
            HttpHeaderNames.ETAG,
            HttpHeaderNames.LAST_MODIFIED);

    private final ErrorPageRules rules;
    private final List<Page> pages;

    private record Page(ErrorPageRules.Statuses statuses, ByteBuf content) {}

    /** A middleware with these pages. */
    public ErrorPages(ErrorPageRules rules) {
        this.rules = rules;
        this.pages = rules.pages().entrySet().stream()
                .sorted(Map.Entry.comparingByKey(Comparator.comparingInt(range -> range.last() - range.first())))
                .map(page -> new Page(
                        page.getKey(),
                        Unpooled.unreleasableBuffer(
                                Unpooled.wrappedBuffer(page.getValue().getBytes(StandardCharsets.UTF_8))
                                        .asReadOnly())))
                .toList();
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Passage() {
            @Override
            public void response(ResponsePhase phase) {
                ByteBuf page = rules.responses() ? page(phase.status()) : null;
                if (page == null) {
                    phase.proceed();
                    return;
                }
                describe(phase.headers());
                phase.proceed(page);
            }

            @Override
            public void failed(FailureResponse response) {
                ByteBuf page = page(response.status());
                if (page != null) {
                    describe(response.headers());
                    response.body(page);
                }
            }
        };
    }

    private void describe(HttpHeaders headers) {
        OF_BODY.forEach(headers::remove);
        headers.set(HttpHeaderNames.CONTENT_TYPE, rules.contentType());
    }

    private @Nullable ByteBuf page(int status) {
        for (Page page : pages) {
            if (page.statuses().contains(status)) {
                return page.content().duplicate();
            }
        }
        return null;
    }
}
