package io.gojinn.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.gojinn.runtime.Registry;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.prometheus.client.CollectorRegistry;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class Http2TargetConnectionTest {
    private static final String EMPTY_SETTINGS = "000000040000000000";

    /**
     * TLS counts what waits to be encrypted at once, but Netty tells of it later. A channel that is full in between, and has room
     * again by then, was never full for its flow control; a stream that has asked meanwhile waits for what nobody tells it.
     */
    @Test
    void aStreamThatFoundTheChannelFullIsToldThatItIsNot() {
        EmbeddedChannel channel = new EmbeddedChannel();
        List<Http2TargetConnection> ready = new ArrayList<>();
        try (Registry.Lease<UpstreamMetrics> metrics = new Metrics(new CollectorRegistry()).upstream("app")) {
            channel.pipeline()
                    .addLast(Http2TargetConnection.of(
                            channel,
                            new Http2TargetConnection.Setup(
                                    WireConfig.Http2.defaults(),
                                    "https",
                                    TimeUnit.SECONDS.toNanos(1),
                                    pool(channel, metrics.value()),
                                    metrics.value(),
                                    ready::add)));
            channel.writeInbound(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(EMPTY_SETTINGS)));
            assertThat(ready).hasSize(1);
            TargetStream stream = ready.getFirst().stream();
            Told told = new Told();
            stream.begin(request(), -1, told);
            stream.write(new DefaultHttpContent(Unpooled.copiedBuffer("some", StandardCharsets.US_ASCII)));
            stream.flush();
            channel.runPendingTasks();
            int before = told.writable;

            ChannelOutboundBuffer outbound =
                    Objects.requireNonNull(channel.unsafe().outboundBuffer());
            outbound.setUserDefinedWritability(1, false);
            assertThat(stream.isWritable()).isFalse();
            outbound.setUserDefinedWritability(1, true);
            assertThat(told.writable).isEqualTo(before);
            channel.runPendingTasks();

            assertThat(stream.isWritable()).isTrue();
            assertThat(told.writable).isGreaterThan(before);
        }
        channel.finishAndReleaseAll();
    }

    private static TargetPool pool(EmbeddedChannel channel, UpstreamMetrics metrics) {
        UpstreamConfig.Target config = new UpstreamConfig.Target("a", 443, false, 1);
        InetSocketAddress address = InetSocketAddress.createUnresolved("a", 443);
        UpstreamConfig upstream = new UpstreamConfig(
                "app", List.of(config), Duration.ofSeconds(1), Duration.ofSeconds(1), 4, WireConfig.defaults());
        TargetConnector connector = new TargetConnector(new Bootstrap(), address, config, upstream, null);
        Target target = new Target(config, "a:443", address, "", Duration.ZERO);
        return new TargetPool(channel.eventLoop(), connector, target, 4, metrics);
    }

    private static HttpRequest request() {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/");
        request.headers().set(HttpHeaderNames.HOST, "a");
        return request;
    }

    private static final class Told implements TargetStream.Listener {
        int writable;

        @Override
        public void targetWritabilityChanged() {
            writable++;
        }

        @Override
        public void responded(HttpResponse response) {}

        @Override
        public void contentReceived(ByteBuf piece) {
            piece.release();
        }

        @Override
        public void ended(LastHttpContent last) {
            last.release();
        }

        @Override
        public void readComplete() {}

        @Override
        public void failed(UpstreamFault fault, String detail, TargetStream.Delivery delivery) {}
    }
}
