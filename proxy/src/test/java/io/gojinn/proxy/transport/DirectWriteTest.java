package io.gojinn.proxy.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DirectWriteTest {
    private final Transport transport = Transport.select();
    private final EventLoopGroup loops = transport.newLoops(1, "test");

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Test
    void whatTheKernelDoesNotTakeFollowsInOrder() throws Exception {
        try (ServerSocket server = listen()) {
            Channel channel = connect(server, new Encoder());
            try (Socket peer = server.accept()) {
                Random random = new Random(1);
                ByteArrayOutputStream expected = new ByteArrayOutputStream();
                List<Future<?>> written = new ArrayList<>();
                // Far beyond what the sockets hold, while nobody reads.
                while (written.size() < 1000 || channel.isWritable()) {
                    byte[] head = bytes(random, 1 + random.nextInt(300));
                    byte[] content = bytes(random, random.nextInt(6) == 0 ? random.nextInt(20_000) : random.nextInt(9));
                    expected.writeBytes(head);
                    expected.writeBytes(content);
                    written.add(channel.writeAndFlush(new Message(head, content)));
                    // In turn with the loop, so that it is asked to write again and again.
                    loops.submit(() -> {}).get();
                }
                assertThat(written.getFirst().isSuccess()).isTrue();
                assertThat(written.getLast().isDone()).isFalse();
                assertThat(peer.getInputStream().readNBytes(expected.size())).isEqualTo(expected.toByteArray());
                await().untilAsserted(() -> assertThat(written).allMatch(Future::isSuccess));
                // With an empty queue it goes the short way again.
                channel.writeAndFlush(new Message(new byte[] {1}, new byte[] {2}))
                        .sync();
                assertThat(peer.getInputStream().readNBytes(2)).containsExactly(1, 2);
            }
        }
    }

    @Test
    void goesThroughAHandlerInFront() throws Exception {
        AtomicInteger seen = new AtomicInteger();
        ChannelHandler inFront = new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
                ByteBuf bytes = (ByteBuf) message;
                for (int i = 0; i < bytes.readableBytes(); i++) {
                    bytes.setByte(i, bytes.getByte(i) ^ 0x55);
                }
                seen.incrementAndGet();
                super.write(ctx, message, promise);
            }
        };
        try (ServerSocket server = listen()) {
            Channel channel = connect(server, inFront, new Encoder());
            try (Socket peer = server.accept();
                    InputStream in = peer.getInputStream()) {
                channel.writeAndFlush(new Message(new byte[] {1, 2}, new byte[] {3}))
                        .sync();
                assertThat(in.readNBytes(3)).containsExactly(1 ^ 0x55, 2 ^ 0x55, 3 ^ 0x55);
                assertThat(seen).hasValue(1);
            }
        }
    }

    @Test
    void aPeerThatIsGoneFailsTheWriteAndClosesTheChannel() throws Exception {
        try (ServerSocket server = listen()) {
            Channel channel = connect(server, new Encoder());
            try (Socket peer = server.accept()) {
                peer.setSoLinger(true, 0);
            }
            // The first may be sent before the reset is known.
            await().until(() -> !channel.writeAndFlush(new Message(new byte[] {1}, new byte[0]))
                    .await()
                    .isSuccess());
            await().until(() -> !channel.isOpen());
            assertThat(channel.writeAndFlush(new Message(new byte[] {1}, new byte[0]))
                            .await()
                            .isSuccess())
                    .isFalse();
        }
    }

    private static ServerSocket listen() throws Exception {
        ServerSocket server = new ServerSocket();
        server.setReceiveBufferSize(8 << 10);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return server;
    }

    private Channel connect(ServerSocket server, ChannelHandler... handlers) throws InterruptedException {
        return new Bootstrap()
                .group(loops)
                .channel(transport.socketChannel())
                .option(ChannelOption.SO_SNDBUF, 8 << 10)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(handlers);
                    }
                })
                .connect(server.getLocalSocketAddress())
                .sync()
                .channel();
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static final class Message {
        final byte[] head;
        final byte[] content;

        Message(byte[] head, byte[] content) {
            this.head = head;
            this.content = content;
        }
    }

    private static final class Encoder extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            Message parts = (Message) message;
            // Longer than what counts of it.
            byte[] head = Arrays.copyOf(parts.head, parts.head.length + 7);
            DirectWrite.write(ctx, head, parts.head.length, Unpooled.wrappedBuffer(parts.content), promise);
        }
    }
}
