package io.gojinn.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadTest {
    @ParameterizedTest
    @ValueSource(strings = {"a.test", "A.test:8080", "b.test.", "[::1]:80", "a.test:80a", "a/b", "", "a b", "[::1"})
    void aHostSaysTheSameBehindWhateverHost(String host) {
        RequestHead.Checked alone = RequestHead.check(request(HttpVersion.HTTP_1_1, host), null);
        for (String before : new String[] {"a.test", "A.test:8080", "b.test.", "[::1]:80", "other"}) {
            RequestHead.Host last = hostOf(RequestHead.check(request(HttpVersion.HTTP_1_1, before), null));
            assertThat(RequestHead.check(request(HttpVersion.HTTP_1_1, host), last))
                    .isEqualTo(alone);
        }
    }

    @Test
    void anEmptyHostIsNotThatOfARequestWithoutOne() {
        RequestHead.Host without = hostOf(RequestHead.check(request(HttpVersion.HTTP_1_0, null), null));
        assertThat(without.authority()).isEmpty();
        assertThat(RequestHead.check(request(HttpVersion.HTTP_1_0, ""), without))
                .isInstanceOf(RequestHead.Refused.class);
    }

    private static RequestHead.Host hostOf(RequestHead.Checked checked) {
        assertThat(checked).isInstanceOf(RequestHead.Accepted.class);
        RequestHead head = ((RequestHead.Accepted) checked).head();
        return new RequestHead.Host(head.authority(), head.host());
    }

    private static HttpRequest request(HttpVersion version, @Nullable String host) {
        HttpRequest request = new DefaultHttpRequest(version, HttpMethod.GET, "/");
        if (host != null) {
            request.headers().set(HttpHeaderNames.HOST, host);
        }
        return request;
    }
}
