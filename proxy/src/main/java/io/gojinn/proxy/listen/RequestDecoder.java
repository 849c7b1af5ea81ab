package io.gojinn.proxy.listen;

import io.gojinn.proxy.address.OriginFields;
import io.gojinn.proxy.head.HeadReader;
import io.gojinn.proxy.head.PlainBody;
import io.gojinn.proxy.http.Http1Connection;
import io.gojinn.proxy.http.Http2Message;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMessageDecoderResult;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Netty's request decoder without what it forgives: folded lines, which RFC 9112, 5.2 lets a server reject, and separators in
 * the request line other than one space (RFC 9112, 3). It also bounds the number of fields, tells the connection when a
 * header section has begun but is not whole, and keeps what comes behind a request for an upgrade until that is decided. What
 * is plain it reads itself, without it: see {@link HeadReader}.
 *
 * <p>Two things that are malformed but have one harmless meaning are taken for it. A request of HTTP/0.9 is a GET with a path and
 * nothing else (RFC 1945, 4.1): fields that follow it are left out, and its connection is closed. A field that is an
 * extension, with control characters in its name, is left out.
 *
 * <p>A tolerant one does the same with four things that RFC 9112 would have refused: an extension with whitespace behind its name is left
 * out, a fragment is cut off, an empty target is {@code /}, and the codings of content among the transfer codings are told as
 * Content-Encoding.
 */
final class RequestDecoder extends HttpRequestDecoder {
    private static final byte LF = '\n';
    private static final Pattern CONTROLS = Pattern.compile("[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]");
    private static final Pattern EXTENSION = Pattern.compile("x-[a-z0-9-]+");

    private final int headerBytes;
    // Told of each request that was taken although it was malformed; null where those are refused.
    private final @Nullable Runnable tolerated;
    private final HeadReader heads;
    private final PlainBody body = new PlainBody();
    // Netty's decoder has begun with a message.
    private boolean decoding;
    private boolean inBody;
    private boolean lineSeen;
    private boolean crBefore;
    private boolean simple;
    private boolean targetFilled;
    private int spacesInLine = 2;
    private boolean announced;
    private boolean discarding;
    private boolean upgrading;
    private boolean holding;
    private @Nullable ChannelHandlerContext context;
    private @Nullable String violation;

    /**
     * For one connection.
     *
     * @param tolerated told of each request that was taken although it was malformed; null to refuse those
     */
    RequestDecoder(int headerBytes, int headerCount, @Nullable Runnable tolerated) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(headerBytes)
                .setMaxHeaderSize(headerBytes)
                // One read is at most one piece: no piece is cut for its own sake.
                .setMaxChunkSize(64 << 10)
                .setInitialBufferSize(512)
                .setStrictLineParsing(true)
                .setUseRfc9112TransferEncoding(true)
                .setAllowDuplicateContentLengths(false)
                .setHeadersFactory(new BoundedHeaders(headerCount, tolerated != null))
                .setTrailersFactory(new BoundedHeaders(headerCount, false)));
        this.headerBytes = headerBytes;
        this.tolerated = tolerated;
        this.heads = new HeadReader(headerBytes, headerCount);
    }

    @Override
    protected HttpMessage createMessage(String[] line) throws Exception {
        // Its place is between two spaces, which are looked for below.
        targetFilled = tolerated != null && line[2].isEmpty() && line[1].equals("HTTP/1.1");
        if (targetFilled) {
            line[1] = "/";
            line[2] = "HTTP/1.1";
        }
        String version = line[2];
        simple = line[0].equals("GET") && (version.isEmpty() || version.equals("HTTP/0.9"));
        spacesInLine = simple && version.isEmpty() ? 1 : 2;
        if (simple) {
            // Not kept open unless it asks for that, which needs a field.
            line[2] = "HTTP/1.0";
            return super.createMessage(line);
        }
        // Case counts (RFC 9112, 2.3).
        if (!version.startsWith("HTTP/")) {
            throw new IllegalArgumentException("version is \"" + version + "\", expected HTTP/1.1");
        }
        if (version.length() == "HTTP/1.x".length()
                && version.startsWith("HTTP/1.")
                && version.charAt(7) > '1'
                && version.charAt(7) <= '9') {
            // RFC 9110, 2.5: processed as if it were of the highest minor version that is understood.
            line[2] = "HTTP/1.1";
        }
        return super.createMessage(line);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf buffer, List<Object> out) throws Exception {
        if (discarding) {
            buffer.skipBytes(buffer.readableBytes());
            return;
        }
        if (holding) {
            announce(ctx);
            return;
        }
        decoding = true;
        int firstOut = out.size();
        int from = buffer.readerIndex();
        boolean wasInBody = inBody;
        super.decode(ctx, buffer, out);
        if (!wasInBody && violation == null) {
            violation = inspect(buffer, from, buffer.readerIndex());
        }
        for (int i = firstOut; i < out.size(); i++) {
            if (out.get(i) instanceof HttpRequest request) {
                inBody = true;
                lineSeen = false;
                announced = false;
                upgrading = request.headers().contains(HttpHeaderNames.UPGRADE);
                if (request.decoderResult().isSuccess()) {
                    if (simple) {
                        simplify(request.headers());
                    }
                    refuse(request);
                    tolerate(request);
                }
            }
            if (out.get(i) instanceof LastHttpContent) {
                inBody = false;
                decoding = false;
                holding = upgrading;
            }
        }
        if (!inBody && out.size() == firstOut) {
            announce(ctx);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        boolean busy = decoding || discarding || holding || actualReadableBytes() > 0;
        if (!busy && message instanceof ByteBuf bytes) {
            readPlain(ctx, bytes);
        } else {
            super.channelRead(ctx, message);
        }
    }

    // Plain requests and their bodies; from the first that is not plain on, the bytes are Netty's.
    private void readPlain(ChannelHandlerContext ctx, ByteBuf bytes) throws Exception {
        while (true) {
            if (body.isComplete()) {
                HttpRequest request = heads.request(bytes);
                if (request == null) {
                    super.channelRead(ctx, bytes);
                    return;
                }
                announced = false;
                body.begin(heads.contentLength());
                tolerate(request);
                ctx.fireChannelRead(request);
            }
            boolean all = body.isAll(bytes);
            HttpContent piece = all ? body.take(bytes) : body.takeFrom(bytes);
            if (piece != null) {
                ctx.fireChannelRead(piece);
            }
            if (all) {
                return;
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Netty would ask for more itself after a read that was decoded to nothing: that is the connection's to do.
        discardSomeReadBytes();
        ctx.fireChannelReadComplete();
    }

    private void announce(ChannelHandlerContext ctx) {
        if (!announced) {
            announced = true;
            ctx.fireUserEventTriggered(Http1Connection.HEAD_STARTED);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    /** Decodes what came behind a request for an upgrade. */
    void refuseUpgrade() {
        upgrading = false;
        if (!holding) {
            return;
        }
        holding = false;
        announced = false;
        ChannelHandlerContext ctx = context;
        if (ctx != null && actualReadableBytes() > 0) {
            // Later: this may be called while a message is on its way from here.
            ctx.executor().execute(() -> {
                if (!ctx.isRemoved()) {
                    goOn(ctx);
                }
            });
        }
    }

    private void goOn(ChannelHandlerContext ctx) {
        try {
            channelRead(ctx, Unpooled.EMPTY_BUFFER);
            channelReadComplete(ctx);
        } catch (Exception defect) {
            ctx.fireExceptionCaught(defect);
        }
    }

    // Whoever knows of fields in it may see a body; whoever does not, another request.
    private void simplify(HttpHeaders headers) {
        if (headers.contains(HttpHeaderNames.CONTENT_LENGTH) || headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            violation = violation == null ? "HTTP/0.9 with a body" : violation;
        }
        headers.clear();
        upgrading = false;
    }

    private void refuse(HttpRequest request) {
        if (violation != null) {
            request.setDecoderResult(DecoderResult.failure(new IllegalArgumentException(violation)));
            discarding = true;
        } else if (request.decoderResult() instanceof HttpMessageDecoderResult size && size.totalSize() > headerBytes) {
            // Netty bounds the line and the fields each, not together.
            request.setDecoderResult(DecoderResult.failure(
                    new TooLongHttpHeaderException("a header section of " + size.totalSize() + " bytes")));
            discarding = true;
        }
    }

    private void tolerate(HttpRequest request) {
        Runnable told = tolerated;
        if (told == null || request.decoderResult().isFailure()) {
            return;
        }
        boolean repaired = targetFilled;
        targetFilled = false;
        int fragment = request.uri().indexOf('#');
        if (fragment >= 0) {
            request.setUri(request.uri().substring(0, fragment));
            repaired = true;
        }
        if (request.headers() instanceof Bounded fields) {
            repaired |= fields.tellCodings();
        }
        if (repaired) {
            told.run();
        }
    }

    // The lines of the header section that the decoder has just taken, each whole.
    private @Nullable String inspect(ByteBuf buffer, int from, int to) {
        int line = from;
        while (line < to) {
            int lf = buffer.indexOf(line, to, LF);
            int end = lf < 0 ? to : lf;
            byte first = buffer.getByte(line);
            if (lineSeen) {
                if (first == ' ' || first == '\t') {
                    return "a folded line";
                }
            } else if (first == '\r' && !crBefore) {
                // Lines without anything may come before (RFC 9112, 2.2); what ends one may not have come yet.
                crBefore = true;
                line++;
                continue;
            } else if (crBefore && first != LF) {
                return "a carriage return before the request line";
            } else if (first == LF) {
                crBefore = false;
            } else {
                lineSeen = lf >= 0;
                int spaces = 0;
                boolean adjacent = false;
                for (int i = line; i < end; i++) {
                    int c = buffer.getByte(i);
                    if (c == ' ') {
                        spaces++;
                        adjacent |= i > line && buffer.getByte(i - 1) == ' ';
                    } else if (((c >= 0 && c < ' ') || c == 0x7f) && !(c == '\r' && i == end - 1)) {
                        return "a control character in the request line";
                    }
                }
                if (spaces != spacesInLine || (targetFilled && !adjacent)) {
                    return "a request line of other than three words";
                }
            }
            line = end + 1;
        }
        return null;
    }

    /** Fields that refuse to become more than a number. */
    private record BoundedHeaders(int limit, boolean tolerant) implements HttpHeadersFactory {
        @Override
        public HttpHeaders newHeaders() {
            return new Bounded(limit, tolerant);
        }

        @Override
        public HttpHeaders newEmptyHeaders() {
            return newHeaders();
        }
    }

    private static final class Bounded extends DefaultHttpHeaders {
        private final int limit;
        private final boolean tolerant;
        private @Nullable TransferCodings codings;
        private boolean leftOut;
        private int received;

        Bounded(int limit, boolean tolerant) {
            super();
            this.limit = limit;
            this.tolerant = tolerant;
        }

        // Only the decoder adds by this signature and before the request is seen; fields of our own are set.
        @Override
        public HttpHeaders add(CharSequence name, Object value) {
            if (++received > limit) {
                throw new TooLongHttpHeaderException("more than " + limit + " fields");
            }
            try {
                super.add(name, value);
            } catch (IllegalArgumentException malformed) {
                String known = tolerant ? OptionalWhitespace.stripTrailing(name.toString()) : name.toString();
                if (isBrokenExtension(known) && value instanceof CharSequence text && Http2Message.isValue(text)) {
                    leftOut |= known.length() < name.length();
                    return this;
                }
                throw malformed;
            }
            if (tolerant
                    && HttpHeaderNames.TRANSFER_ENCODING.contentEqualsIgnoreCase(name)
                    && value instanceof CharSequence text) {
                addCodings(text);
            }
            return this;
        }

        // What Netty's decoder looks at in the end is one line that says chunked, or all of them as they came.
        private void addCodings(CharSequence line) {
            if (codings == null) {
                codings = new TransferCodings();
            }
            boolean replaced = codings.areFramed();
            codings.add(line);
            if (codings.areFramed()) {
                set(HttpHeaderNames.TRANSFER_ENCODING, TransferCodings.CHUNKED);
            } else if (replaced) {
                set(HttpHeaderNames.TRANSFER_ENCODING, codings.lines());
            }
        }

        /** Tells the codings of the content as such; whether that, or anything before, has changed what was sent. */
        boolean tellCodings() {
            if (codings == null || !codings.areFramed()) {
                return leftOut;
            }
            for (String coding : codings.ofContent()) {
                super.add(HttpHeaderNames.CONTENT_ENCODING, coding);
            }
            return leftOut
                    || !TransferCodings.CHUNKED.equalsIgnoreCase(codings.lines().getFirst());
        }

        // Whether it is, without its control characters, the name of an extension that says nothing of the message or
        // of who sent it. NUL, and what ends lines, is in no name.
        private static boolean isBrokenExtension(String name) {
            String rest = CONTROLS.matcher(name).replaceAll("").toLowerCase(Locale.ROOT);
            return EXTENSION.matcher(rest).matches() && !OriginFields.is(rest) && !rest.startsWith("x-client-");
        }

        @Override
        public boolean equals(Object other) {
            return super.equals(other);
        }

        @Override
        public int hashCode() {
            return super.hashCode();
        }
    }
}
