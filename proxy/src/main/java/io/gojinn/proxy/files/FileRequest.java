package io.gojinn.proxy.files;

import io.gojinn.proxy.http.Exchange;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;

/** What a request says about the file it asks for, taken out of it so that other threads may read it. */
record FileRequest(
        boolean isHead,
        String path,
        String query,
        Validators.Conditions conditions,
        List<String> range,
        List<String> acceptEncoding) {
    static FileRequest of(Exchange exchange) {
        HttpHeaders headers = exchange.request().headers();
        return new FileRequest(
                exchange.request().method().equals(HttpMethod.HEAD),
                exchange.path(),
                exchange.query(),
                new Validators.Conditions(
                        headers.getAll(HttpHeaderNames.IF_MATCH),
                        headers.getAll(HttpHeaderNames.IF_NONE_MATCH),
                        headers.get(HttpHeaderNames.IF_MODIFIED_SINCE),
                        headers.get(HttpHeaderNames.IF_UNMODIFIED_SINCE),
                        headers.get(HttpHeaderNames.IF_RANGE)),
                headers.getAll(HttpHeaderNames.RANGE),
                headers.getAll(HttpHeaderNames.ACCEPT_ENCODING));
    }
}
