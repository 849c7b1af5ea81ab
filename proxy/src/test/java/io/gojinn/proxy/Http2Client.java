package io.gojinn.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A peer that sends exactly the HTTP/2 frames it is told to, and reads frames one by one. */
final class Http2Client implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;
    static final int PADDED = 8;

    static final int NO_ERROR = 0;
    static final int PROTOCOL_ERROR = 1;
    static final int INTERNAL_ERROR = 2;
    static final int FLOW_CONTROL_ERROR = 3;
    static final int STREAM_CLOSED = 5;
    static final int REFUSED_STREAM = 7;
    static final int CANCEL = 8;
    static final int ENHANCE_YOUR_CALM = 11;

    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int TIMEOUT_MILLIS = 10_000;

    final Socket socket;
    private final DataInputStream in;
    private final DefaultHttp2HeadersDecoder headersDecoder = new DefaultHttp2HeadersDecoder(false);
    private final Deque<Frame> unread = new ArrayDeque<>();

    /**
     * A frame that came.
     *
     * @param headers of HEADERS, decoded in the order they came
     */
    record Frame(int type, int flags, int stream, ByteBuffer payload, Map<String, String> headers) {
        boolean endsStream() {
            return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        }

        /** The code of RST_STREAM or GOAWAY. */
        int error() {
            return payload.getInt(type == GOAWAY ? 4 : 0);
        }

        byte[] bytes() {
            byte[] bytes = new byte[payload.remaining()];
            payload.get(0, bytes);
            return bytes;
        }

        /** The last stream of GOAWAY. */
        int lastStream() {
            return payload.getInt(0);
        }
    }

    /**
     * A response.
     *
     * @param reset the code of RST_STREAM when that ended the stream before it was whole, -1 otherwise
     */
    record Response(
            int status,
            Map<String, String> headers,
            String body,
            Map<String, String> trailers,
            int frames,
            int reset) {}

    /** A header section as it is sent, field by field, without any compression. */
    static final class Head {
        private final ByteArrayOutputStream block = new ByteArrayOutputStream();

        static Head get(String path) {
            return request("GET", path);
        }

        static Head request(String method, String path) {
            return new Head()
                    .with(":method", method)
                    .with(":scheme", "http")
                    .with(":path", path)
                    .with(":authority", "test");
        }

        Head with(String name, String value) {
            block.write(0);
            literal(name);
            literal(value);
            return this;
        }

        private void literal(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            int length = bytes.length;
            if (length < 127) {
                block.write(length);
            } else {
                block.write(127);
                for (length -= 127; length >= 128; length >>>= 7) {
                    block.write(length & 127 | 128);
                }
                block.write(length);
            }
            block.writeBytes(bytes);
        }

        byte[] bytes() {
            return block.toByteArray();
        }
    }

    private Http2Client(Socket socket) {
        try {
            this.socket = socket;
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.setTcpNoDelay(true);
            in = new DataInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A connection that has sent nothing yet. */
    static Http2Client silent(TestProxy proxy) {
        return new Http2Client(RawClient.connect(proxy.server().address("web")).socket);
    }

    /** A connection with prior knowledge, whose settings are default. */
    static Http2Client connect(TestProxy proxy) {
        return silent(proxy).preface();
    }

    /** A connection that TLS has chosen the protocol of. */
    static Http2Client connect(Socket socket) {
        return new Http2Client(socket).preface();
    }

    /** The side of the server, whose client has sent its preface; its settings are still to be sent. */
    static Http2Client accepted(Socket socket) throws IOException {
        Http2Client peer = new Http2Client(socket);
        byte[] preface = peer.in.readNBytes(PREFACE.length());
        if (!PREFACE.equals(new String(preface, StandardCharsets.ISO_8859_1))) {
            throw new IOException("no preface");
        }
        return peer;
    }

    Http2Client preface() {
        return send(PREFACE.getBytes(StandardCharsets.ISO_8859_1)).frame(SETTINGS, 0, 0);
    }

    Http2Client send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] frameBytes(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    Http2Client frame(int type, int flags, int stream, byte... payload) {
        return send(frameBytes(type, flags, stream, payload));
    }

    /** A request without a body. */
    Http2Client request(int stream, Head head) {
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, head.bytes());
    }

    /** The header section of a request with a body. */
    Http2Client open(int stream, Head head) {
        return frame(HEADERS, END_HEADERS, stream, head.bytes());
    }

    Http2Client data(int stream, String text, boolean end) {
        return frame(DATA, end ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    Http2Client reset(int stream, int error) {
        return frame(RST_STREAM, 0, stream, integer(error));
    }

    Http2Client windowUpdate(int stream, int bytes) {
        return frame(WINDOW_UPDATE, 0, stream, integer(bytes));
    }

    static byte[] integer(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    /** The next frame, null at the end of the connection. */
    @Nullable
    Frame read() {
        Frame waiting = unread.poll();
        return waiting != null ? waiting : receive();
    }

    private @Nullable Frame receive() {
        try {
            int lengthAndType = in.readInt();
            int flags = in.readUnsignedByte();
            int stream = in.readInt();
            int type = lengthAndType & 0xff;
            byte[] payload = in.readNBytes(lengthAndType >>> 8);
            return new Frame(
                    type,
                    flags,
                    stream,
                    ByteBuffer.wrap(payload),
                    type == HEADERS ? headers(stream, payload) : Map.of());
        } catch (EOFException | SocketException ended) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next frame of this kind; those before it stay unread. */
    Frame await(Predicate<Frame> wanted) {
        for (Frame frame : unread) {
            if (wanted.test(frame)) {
                unread.remove(frame);
                return frame;
            }
        }
        while (true) {
            Frame frame = receive();
            if (frame == null) {
                throw new AssertionError("the connection was closed; unread: " + unread);
            }
            if (wanted.test(frame)) {
                return frame;
            }
            unread.add(frame);
        }
    }

    Frame await(int type, int stream) {
        return await(frame -> frame.type() == type && frame.stream() == stream);
    }

    Frame goAway() {
        return await(GOAWAY, 0);
    }

    /** Whether the peer ends the connection, after whatever it still sends. */
    boolean isClosedByPeer() {
        while (read() != null) {
            // what comes is of no interest
        }
        return true;
    }

    /** Reads a response whole, giving back the window of what it takes. */
    Response response(int stream) {
        Frame head = await(HEADERS, stream);
        Map<String, String> headers = head.headers();
        int status = Integer.parseInt(String.valueOf(headers.get(":status")));
        int frames = 1;
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        Map<String, String> trailers = Map.of();
        boolean ended = head.endsStream() || status < 200;
        while (!ended) {
            Frame frame = await(next -> next.stream() == stream && next.type() != WINDOW_UPDATE);
            frames++;
            if (frame.type() == RST_STREAM) {
                return new Response(
                        status, headers, body.toString(StandardCharsets.ISO_8859_1), trailers, frames, frame.error());
            }
            if (frame.type() == HEADERS) {
                trailers = frame.headers();
            } else {
                body.writeBytes(frame.bytes());
                if (frame.bytes().length > 0 && !frame.endsStream()) {
                    windowUpdate(0, frame.bytes().length).windowUpdate(stream, frame.bytes().length);
                }
            }
            ended = frame.endsStream();
        }
        return new Response(status, headers, body.toString(StandardCharsets.ISO_8859_1), trailers, frames, -1);
    }

    private Map<String, String> headers(int stream, byte[] payload) {
        ByteBuf block = Unpooled.wrappedBuffer(payload);
        try {
            Http2Headers decoded = headersDecoder.decodeHeaders(stream, block);
            Map<String, String> headers = new LinkedHashMap<>();
            decoded.forEach(field ->
                    headers.merge(field.getKey().toString(), field.getValue().toString(), (a, b) -> a + "|" + b));
            return headers;
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
