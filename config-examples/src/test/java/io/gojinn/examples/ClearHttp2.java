package io.gojinn.examples;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import java.net.InetAddress;
import java.net.http.HttpHeaders;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A client that speaks HTTP/2 in clear text by prior knowledge (RFC 9113, 3.3): one connection for as long as the server keeps
 * it, a stream for each request.
 */
final class ClearHttp2 implements AutoCloseable {
    private static final int MOST_BODY_BYTES = 64 << 20;
    private static final int MOST_FIELD_BYTES = 1 << 20;

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final int port;
    private Channel connection;

    ClearHttp2(int port) {
        this.port = port;
        this.connection = connect();
    }

    private Channel connect() {
        return new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        Http2Settings settings = Http2Settings.defaultSettings().maxHeaderListSize(MOST_FIELD_BYTES);
                        channel.pipeline()
                                .addLast(Http2FrameCodecBuilder.forClient()
                                        .initialSettings(settings)
                                        .build())
                                .addLast(new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                    }
                })
                .connect(InetAddress.getLoopbackAddress(), port)
                .syncUninterruptibly()
                .channel();
    }

    /** The connection, or another one when the server has closed it, for it was idle. */
    private synchronized Channel connection() {
        if (!connection.isActive()) {
            connection = connect();
        }
        return connection;
    }

    CompletableFuture<Answer> send(String path, byte @Nullable [] body, String... fields) {
        FullHttpRequest request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                body == null ? HttpMethod.GET : HttpMethod.POST,
                path,
                body == null ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
        request.headers().set(HttpHeaderNames.HOST, "127.0.0.1:" + port);
        for (int i = 0; i < fields.length; i += 2) {
            request.headers().add(fields[i], fields[i + 1]);
        }
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        new Http2StreamChannelBootstrap(connection())
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel stream) {
                        stream.pipeline()
                                .addLast(new Http2StreamFrameToHttpObjectCodec(false))
                                .addLast(new HttpObjectAggregator(MOST_BODY_BYTES))
                                .addLast(new Receiver(answer));
                        stream.writeAndFlush(request).addListener(sent -> {
                            if (!sent.isSuccess()) {
                                answer.completeExceptionally(sent.cause());
                            }
                        });
                    }
                })
                .open()
                .addListener(opened -> {
                    if (!opened.isSuccess()) {
                        answer.completeExceptionally(opened.cause());
                    }
                });
        return answer;
    }

    /** Takes the answer of one stream. */
    private static final class Receiver extends SimpleChannelInboundHandler<FullHttpResponse> {
        private final CompletableFuture<Answer> answer;

        Receiver(CompletableFuture<Answer> answer) {
            this.answer = answer;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
            Map<String, List<String>> fields = new TreeMap<>();
            response.headers()
                    .forEach(field -> fields.computeIfAbsent(field.getKey(), name -> new ArrayList<>())
                            .add(field.getValue()));
            answer.complete(new Answer(
                    response.status().code(),
                    HttpHeaders.of(fields, (name, value) -> true),
                    ByteBufUtil.getBytes(response.content())));
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            answer.completeExceptionally(new ClosedChannelException());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            answer.completeExceptionally(cause);
        }
    }

    /** A whole answer. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Answer(int statusCode, HttpHeaders headers, byte[] body) {}

    @Override
    public void close() {
        group.shutdownGracefully().syncUninterruptibly();
    }
}
