package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.listen.TlsConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A gRPC client and a gRPC server with the proxy between them. */
class GrpcTest {
    private static final MethodDescriptor<byte[], byte[]> UNARY = method("unary", MethodDescriptor.MethodType.UNARY);
    private static final MethodDescriptor<byte[], byte[]> UP =
            method("up", MethodDescriptor.MethodType.CLIENT_STREAMING);
    private static final MethodDescriptor<byte[], byte[]> DOWN =
            method("down", MethodDescriptor.MethodType.SERVER_STREAMING);
    private static final MethodDescriptor<byte[], byte[]> BOTH =
            method("both", MethodDescriptor.MethodType.BIDI_STREAMING);
    private static final Metadata.Key<String> REASON = Metadata.Key.of("x-reason", Metadata.ASCII_STRING_MARSHALLER);
    private static final int LARGE = 20 << 20;

    @TempDir
    private Path folder;

    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final CountDownLatch called = new CountDownLatch(1);
    private final List<AutoCloseable> open = new ArrayList<>();

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(type)
                .setFullMethodName(MethodDescriptor.generateFullMethodName("test.Echo", name))
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private ServerServiceDefinition service() {
        return ServerServiceDefinition.builder("test.Echo")
                .addMethod(UNARY, ServerCalls.asyncUnaryCall(this::unary))
                .addMethod(UP, ServerCalls.asyncClientStreamingCall(GrpcTest::up))
                .addMethod(DOWN, ServerCalls.asyncServerStreamingCall(GrpcTest::down))
                .addMethod(BOTH, ServerCalls.asyncBidiStreamingCall(this::both))
                .build();
    }

    private void unary(byte[] request, StreamObserver<byte[]> answer) {
        String text = new String(request, 0, Math.min(10, request.length), StandardCharsets.UTF_8);
        if (text.equals("fail")) {
            Metadata trailers = new Metadata();
            trailers.put(REASON, "told to");
            answer.onError(Status.FAILED_PRECONDITION.withDescription("no: ä").asRuntimeException(trailers));
        } else if (text.equals("never")) {
            ((ServerCallStreamObserver<byte[]>) answer).setOnCancelHandler(cancelled::countDown);
            called.countDown();
        } else {
            answer.onNext(request);
            answer.onCompleted();
        }
    }

    private static StreamObserver<byte[]> up(StreamObserver<byte[]> answer) {
        return new StreamObserver<>() {
            private int bytes;

            @Override
            public void onNext(byte[] message) {
                bytes += message.length;
            }

            @Override
            public void onError(Throwable failure) {
                answer.onError(failure);
            }

            @Override
            public void onCompleted() {
                answer.onNext(Integer.toString(bytes).getBytes(StandardCharsets.UTF_8));
                answer.onCompleted();
            }
        };
    }

    private static void down(byte[] request, StreamObserver<byte[]> answer) {
        for (byte b : request) {
            answer.onNext(new byte[] {b});
        }
        answer.onCompleted();
    }

    private StreamObserver<byte[]> both(StreamObserver<byte[]> answer) {
        ((ServerCallStreamObserver<byte[]>) answer).setOnCancelHandler(cancelled::countDown);
        return new StreamObserver<>() {
            @Override
            public void onNext(byte[] message) {
                if (Arrays.equals(message, utf8("abort"))) {
                    answer.onError(Status.ABORTED.withDescription("asked for").asRuntimeException());
                } else {
                    answer.onNext(message);
                }
            }

            @Override
            public void onError(Throwable failure) {
                cancelled.countDown();
            }

            @Override
            public void onCompleted() {
                answer.onCompleted();
            }
        };
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A client of a proxy in front of a server, all in TLS or in clear text. */
    private ManagedChannel channel(boolean tls) throws Exception {
        TlsConfig.Certificate certificate = TestCertificate.named(folder, "localhost");
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(LARGE + 1)
                .addService(service());
        if (tls) {
            builder.useTransportSecurity(
                    certificate.certificate().toFile(), certificate.key().toFile());
        }
        Server server = builder.build().start();
        open.add(server::shutdownNow);
        TestProxy.Builder config = TestProxy.with()
                .loops(1)
                .upstream(new UpstreamConfig(
                        "app",
                        List.of(new UpstreamConfig.Target("localhost", server.getPort(), tls)),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(20),
                        4,
                        new WireConfig(
                                tls ? WireConfig.Protocol.AUTO : WireConfig.Protocol.H2,
                                new WireConfig.Tls(
                                        List.of(certificate.certificate()), Optional.empty(), Optional.empty(), false),
                                WireConfig.Http2.defaults())));
        if (tls) {
            config.tls(new TlsConfig(List.of(certificate)));
        }
        TestProxy proxy = config.start();
        NettyChannelBuilder client =
                NettyChannelBuilder.forAddress(proxy.server().address("web")).maxInboundMessageSize(LARGE + 1);
        ManagedChannel channel = tls
                ? client.sslContext(GrpcSslContexts.forClient()
                                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                                .build())
                        .overrideAuthority("localhost")
                        .build()
                : client.usePlaintext().build();
        open.add(channel::shutdownNow);
        open.add(proxy);
        return channel;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void carriesUnaryCallsAndStreamsEitherWay(boolean tls) throws Exception {
        ManagedChannel channel = channel(tls);
        assertThat(ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, utf8("hello")))
                .isEqualTo(utf8("hello"));
        Iterator<byte[]> down =
                ClientCalls.blockingServerStreamingCall(channel, DOWN, CallOptions.DEFAULT, utf8("stream"));
        StringBuilder received = new StringBuilder();
        down.forEachRemaining(message -> received.append(new String(message, StandardCharsets.UTF_8)));
        assertThat(received.toString()).isEqualTo("stream");
        Answers answers = new Answers();
        StreamObserver<byte[]> up =
                ClientCalls.asyncClientStreamingCall(channel.newCall(UP, CallOptions.DEFAULT), answers);
        for (int i = 0; i < 100; i++) {
            up.onNext(new byte[1_000]);
        }
        up.onCompleted();
        assertThat(answers.next()).isEqualTo("100000");
        assertThat(answers.next()).isEqualTo("OK");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void interleavesBothDirections(boolean tls) throws Exception {
        ManagedChannel channel = channel(tls);
        Answers answers = new Answers();
        StreamObserver<byte[]> both =
                ClientCalls.asyncBidiStreamingCall(channel.newCall(BOTH, CallOptions.DEFAULT), answers);
        for (int i = 0; i < 50; i++) {
            both.onNext(utf8("message " + i));
            assertThat(answers.next()).isEqualTo("message " + i);
        }
        both.onCompleted();
        assertThat(answers.next()).isEqualTo("OK");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void passesOnErrorsThatAreTrailersOnly(boolean tls) throws Exception {
        ManagedChannel channel = channel(tls);
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, utf8("fail")))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
                    assertThat(failure.getStatus().getDescription()).isEqualTo("no: ä");
                    assertThat(Objects.requireNonNull(failure.getTrailers()).get(REASON))
                            .isEqualTo("told to");
                });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void letsTheServerEndAStreamWhileTheClientStillSends(boolean tls) throws Exception {
        ManagedChannel channel = channel(tls);
        Answers answers = new Answers();
        StreamObserver<byte[]> both =
                ClientCalls.asyncBidiStreamingCall(channel.newCall(BOTH, CallOptions.DEFAULT), answers);
        both.onNext(utf8("one"));
        assertThat(answers.next()).isEqualTo("one");
        both.onNext(utf8("abort"));
        assertThat(answers.next()).isEqualTo("ABORTED: asked for");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void passesOnDeadlinesAndCancellation(boolean tls) throws Exception {
        ManagedChannel channel = channel(tls);
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(
                        channel,
                        UNARY,
                        CallOptions.DEFAULT.withDeadlineAfter(500, TimeUnit.MILLISECONDS),
                        utf8("never")))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
        await().until(() -> called.getCount() == 0 && cancelled.getCount() == 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tellsTheServerThatTheClientCancelled(boolean tls) throws Exception {
        ManagedChannel channel = channel(tls);
        Answers answers = new Answers();
        ClientCall<byte[], byte[]> call = channel.newCall(BOTH, CallOptions.DEFAULT);
        StreamObserver<byte[]> both = ClientCalls.asyncBidiStreamingCall(call, answers);
        both.onNext(utf8("one"));
        assertThat(answers.next()).isEqualTo("one");
        call.cancel("enough", new CancellationException("enough"));
        await().until(() -> cancelled.getCount() == 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void carriesMessagesLargerThanEveryWindow(boolean tls) throws Exception {
        ManagedChannel channel = channel(tls);
        byte[] large = new byte[LARGE];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31 + (i >> 12));
        }
        byte[] back = ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, large);
        assertThat(Arrays.equals(back, large)).isTrue();
    }

    /** What comes back, one by one, then the status. */
    private static final class Answers implements StreamObserver<byte[]> {
        private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

        @Override
        public void onNext(byte[] message) {
            received.add(new String(message, StandardCharsets.UTF_8));
        }

        @Override
        public void onError(Throwable failure) {
            Status status = Status.fromThrowable(failure);
            received.add(status.getCode() + ": " + status.getDescription());
        }

        @Override
        public void onCompleted() {
            received.add("OK");
        }

        String next() throws InterruptedException {
            return String.valueOf(received.poll(20, TimeUnit.SECONDS));
        }
    }
}
