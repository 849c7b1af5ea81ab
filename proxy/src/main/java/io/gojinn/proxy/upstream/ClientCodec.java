package io.gojinn.proxy.upstream;

import io.gojinn.proxy.head.HeadReader;
import io.gojinn.proxy.head.HeadWriter;
import io.gojinn.proxy.head.PlainBody;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * HTTP/1.1 as a client speaks it, one request at a time. Netty's own codec decodes whatever comes; this one decodes one
 * response a request. What comes beyond that is passed on as plain bytes, so that it can never become the answer to a later
 * request.
 */
final class ClientCodec extends CombinedChannelDuplexHandler<ClientCodec.Decoder, ClientCodec.Encoder> {
    private static final int MAX_HEADER_BYTES = 64 << 10;
    private static final int MAX_PIECE_BYTES = 64 << 10;
    // One with more is left for Netty's decoder, which counts their bytes alone.
    private static final int MAX_FIELDS = 100;

    private final Decoder decoder = new Decoder();

    ClientCodec() {
        init(decoder, new Encoder(decoder));
    }

    /** Whether more came than was asked for. Known before the end of the response is passed on. */
    boolean hasExcess() {
        return decoder.excess;
    }

    /**
     * Whether the latest read took less than it could have, so that nothing was left in the socket. Otherwise there may be
     * more, which the next request would be too late to tell from its answer.
     */
    boolean isDrained() {
        return !decoder.filled;
    }

    /** Encodes requests, and tells the decoder what they ask for. */
    static final class Encoder extends HttpRequestEncoder {
        private final Decoder decoder;

        Encoder(Decoder decoder) {
            this.decoder = decoder;
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
            if (message instanceof HttpRequest request) {
                decoder.owed = true;
                decoder.head = request.method().equals(HttpMethod.HEAD);
            }
            if (message instanceof FullHttpRequest request
                    && !request.content().isReadable()
                    && HeadWriter.write(ctx, request, promise)) {
                request.release();
            } else {
                super.write(ctx, message, promise);
            }
        }

        @Override
        protected void encodeHeaders(HttpHeaders headers, ByteBuf buffer) {
            HeadWriter.fields(headers, buffer);
        }
    }

    /** Decodes the response that is owed. */
    static final class Decoder extends HttpResponseDecoder {
        private final HeadReader heads = new HeadReader(MAX_HEADER_BYTES, MAX_FIELDS);
        private final PlainBody body = new PlainBody();
        // Netty's decoder has begun with a response.
        private boolean decoding;
        private boolean owed;
        private boolean head;
        private boolean interim;
        private boolean excess;
        private boolean filled;

        Decoder() {
            super(new HttpDecoderConfig()
                    .setMaxInitialLineLength(8 << 10)
                    .setMaxHeaderSize(MAX_HEADER_BYTES)
                    .setMaxChunkSize(MAX_PIECE_BYTES)
                    .setInitialBufferSize(512)
                    .setStrictLineParsing(true)
                    .setUseRfc9112TransferEncoding(true));
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            filled = message instanceof ByteBuf bytes && !bytes.isWritable();
            boolean busy = decoding || !owed || actualReadableBytes() > 0;
            if (!busy && message instanceof ByteBuf bytes) {
                readPlain(ctx, bytes);
            } else {
                super.channelRead(ctx, message);
            }
        }

        // A plain response and its body; one that is not plain, and what comes behind the response, is left to
        // decode().
        private void readPlain(ChannelHandlerContext ctx, ByteBuf bytes) throws Exception {
            if (body.isComplete()) {
                HttpResponse response = head ? null : heads.response(bytes);
                if (response == null) {
                    super.channelRead(ctx, bytes);
                    return;
                }
                body.begin(heads.contentLength());
                ctx.fireChannelRead(response);
            }
            boolean all = body.isAll(bytes);
            HttpContent piece = all ? body.take(bytes) : body.takeFrom(bytes);
            owed = !body.isComplete();
            excess |= !all;
            if (piece != null) {
                ctx.fireChannelRead(piece);
            }
            if (!all) {
                super.channelRead(ctx, bytes);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            // Netty would ask for more itself after a read that was decoded to nothing: that is the connection's to do.
            discardSomeReadBytes();
            ctx.fireChannelReadComplete();
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf buffer, List<Object> out) throws Exception {
            if (!owed) {
                // Netty would skip line ends and keep the part of a line to itself: both would go unnoticed.
                excess = true;
                out.add(buffer.readRetainedSlice(buffer.readableBytes()));
                return;
            }
            int firstOut = out.size();
            decoding = true;
            super.decode(ctx, buffer, out);
            for (int i = firstOut; i < out.size(); i++) {
                if (out.get(i) instanceof HttpResponse response) {
                    interim = isInterim(response);
                }
                if (out.get(i) instanceof LastHttpContent) {
                    owed = interim;
                    interim = false;
                    decoding = false;
                    excess |= !owed && buffer.isReadable();
                }
            }
        }

        @Override
        protected boolean isContentAlwaysEmpty(HttpMessage message) {
            if (message instanceof HttpResponse response
                    && response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
                // RFC 9112, 6.1: it has none. Netty takes the field out of what has no body, so it is seen here alone.
                if (response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)) {
                    response.setDecoderResult(
                            DecoderResult.failure(new IllegalArgumentException("101 with Transfer-Encoding")));
                }
                return true;
            }
            return head || super.isContentAlwaysEmpty(message);
        }
    }

    /** Whether another response follows this one (RFC 9110, 15.2). */
    static boolean isInterim(HttpResponse response) {
        return response.status().code() < 200 && !response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
    }
}
