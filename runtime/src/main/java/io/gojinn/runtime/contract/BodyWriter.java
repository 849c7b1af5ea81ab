package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Writes a request body as a JSON string.
 *
 * <p>It first takes the body for text, checking while copying, and starts again in base64 at the first byte that is not
 * UTF-8: most bodies are text, and are copied once. Chunks are read absolutely; a sequence may span any number of them.
 */
final class BodyWriter {
    private static final int LONGEST_SEQUENCE = 4;
    // Those are not looked through for what has to be escaped.
    private static final int SHORT_BYTES = 128;
    private static final int ROOM = PlainText.WORD_BYTES + JsonWriter.LONGEST_ESCAPE;
    private static final byte[] BASE64 =
            Ascii.bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    private final JsonWriter writer;
    private final List<ByteBuffer> chunks;

    /** The start of a sequence whose rest is in a later chunk. */
    private final ByteBuffer carried = ByteBuffer.allocate(4);

    private final long textBytes;

    BodyWriter(JsonWriter writer, List<ByteBuffer> chunks) {
        this.writer = writer;
        this.chunks = chunks;
        this.textBytes = textBytes(chunks);
    }

    /** How many bytes the body takes as text, or a few more; if it is text. */
    long textBytes() {
        return textBytes;
    }

    private static long textBytes(List<ByteBuffer> chunks) {
        long bytes = 2L + ROOM;
        for (int i = 0; i < chunks.size(); i++) {
            ByteBuffer chunk = chunks.get(i);
            int length = chunk.remaining();
            bytes += length <= SHORT_BYTES ? (long) JsonWriter.LONGEST_ESCAPE * length : length + escapeBytes(chunk);
        }
        return bytes;
    }

    private static long escapeBytes(ByteBuffer chunk) {
        long bytes = 0;
        int index = chunk.position();
        int end = chunk.limit();
        for (; index <= end - PlainText.WORD_BYTES; index += PlainText.WORD_BYTES) {
            bytes += PlainText.escapeBytes(PlainText.word(chunk, index));
        }
        return bytes + (long) (JsonWriter.LONGEST_ESCAPE - 1) * (end - index);
    }

    /** How many bytes the body takes in base64. */
    long base64Bytes() {
        long total = 0;
        for (int i = 0; i < chunks.size(); i++) {
            total += chunks.get(i).remaining();
        }
        return 2 + (total + 2) / 3 * 4;
    }

    /** Writes the body as text. Returns false, having written nothing, when it is not UTF-8. */
    boolean text() {
        int start = writer.buffer().position();
        writer.raw('"');
        carried.clear();
        for (int i = 0; i < chunks.size(); i++) {
            if (!text(chunks.get(i))) {
                writer.buffer().position(start);
                return false;
            }
        }
        if (carried.position() > 0) {
            writer.buffer().position(start);
            return false;
        }
        writer.raw('"');
        return true;
    }

    private boolean text(ByteBuffer chunk) {
        int index = finishCarried(chunk);
        if (index < 0) {
            return false;
        }
        int end = chunk.limit();
        ByteBuffer out = writer.reserve(Math.min(end - index, Integer.MAX_VALUE - ROOM) + ROOM);
        while (index < end) {
            if (out.remaining() < ROOM) {
                out = writer.reserve(Math.min(end - index, Integer.MAX_VALUE - ROOM) + ROOM);
            }
            index = plain(chunk, index, end, out);
            if (index == end || out.remaining() < ROOM) {
                continue;
            }
            int octet = chunk.get(index);
            if (octet >= 0) {
                JsonWriter.ascii(out, octet);
                index++;
                continue;
            }
            index = sequences(chunk, index, end, out);
            if (index == end || chunk.get(index) >= 0 || out.remaining() < LONGEST_SEQUENCE) {
                continue;
            }
            if (Utf8.sequenceLength(chunk, index, end) == Utf8.MALFORMED) {
                return false;
            }
            carried.put(0, chunk, index, end - index).position(end - index);
            return true;
        }
        return true;
    }

    /**
     * Copies well-formed sequences until there is something else, the chunk ends or room gets short.
     *
     * @return where it stopped in the chunk
     */
    private static int sequences(ByteBuffer chunk, int from, int end, ByteBuffer out) {
        int index = from;
        int position = out.position();
        int lastPosition = out.limit() - LONGEST_SEQUENCE;
        while (index < end && position <= lastPosition && chunk.get(index) < 0) {
            int length = Utf8.sequenceLength(chunk, index, end);
            if (length <= 0) {
                break;
            }
            for (int i = 0; i < length; i++) {
                out.put(position + i, chunk.get(index + i));
            }
            index += length;
            position += length;
        }
        out.position(position);
        return index;
    }

    /**
     * Copies plain bytes until one is not plain, the chunk ends or room gets short. Whole words are stored before the
     * bytes in them are judged; what was stored too much is overwritten.
     *
     * @return where it stopped in the chunk
     */
    private static int plain(ByteBuffer chunk, int from, int end, ByteBuffer out) {
        int index = from;
        int position = out.position();
        int lastWord = index + Math.min(end - index, out.limit() - position) - PlainText.WORD_BYTES;
        int shift = position - index;
        while (index <= lastWord) {
            long word = PlainText.word(chunk, index);
            PlainText.putWord(out, index + shift, word);
            long marks = PlainText.marks(word);
            if (marks != 0) {
                index += PlainText.plainBytes(marks);
                out.position(index + shift);
                return index;
            }
            index += PlainText.WORD_BYTES;
        }
        int last = index + Math.min(end - index, out.limit() - (index + shift));
        while (index < last) {
            int octet = chunk.get(index);
            if (octet < 0x20 || octet == '"' || octet == '\\') {
                break;
            }
            out.put(index + shift, (byte) octet);
            index++;
        }
        out.position(index + shift);
        return index;
    }

    /** Completes a sequence that earlier chunks started. Returns where the chunk goes on, -1 when it is not UTF-8. */
    private int finishCarried(ByteBuffer chunk) {
        int index = chunk.position();
        while (carried.position() > 0 && index < chunk.limit()) {
            carried.put(chunk.get(index++));
            int length = Utf8.sequenceLength(carried, 0, carried.position());
            if (length == Utf8.MALFORMED) {
                return -1;
            }
            if (length != Utf8.TRUNCATED) {
                writer.reserve(length).put(carried.flip());
                carried.clear();
            }
        }
        return index;
    }

    /** Writes the body as padded base64 of the standard alphabet (RFC 4648, section 4). */
    void base64() {
        ByteBuffer out = writer.reserve(Math.toIntExact(base64Bytes()));
        out.put((byte) '"');
        int bits = 0;
        int held = 0;
        for (int i = 0; i < chunks.size(); i++) {
            ByteBuffer chunk = chunks.get(i);
            int index = chunk.position();
            int end = chunk.limit();
            while (index < end) {
                if (held == 0 && end - index >= 3) {
                    int high = octet(chunk, index) << 16;
                    int middle = octet(chunk, index + 1) << 8;
                    putGroup(out, high | middle | octet(chunk, index + 2));
                    index += 3;
                    continue;
                }
                bits = (bits << 8) | octet(chunk, index);
                index++;
                if (++held == 3) {
                    putGroup(out, bits);
                    bits = 0;
                    held = 0;
                }
            }
        }
        if (held > 0) {
            putGroup(out, bits << (8 * (3 - held)));
            for (int padding = 1; padding <= 3 - held; padding++) {
                out.put(out.position() - padding, (byte) '=');
            }
        }
        out.put((byte) '"');
    }

    private static int octet(ByteBuffer chunk, int index) {
        return chunk.get(index) & 0xff;
    }

    private static void putGroup(ByteBuffer out, int bits) {
        int position = out.position();
        out.put(position, BASE64[bits >> 18 & 0x3f]);
        out.put(position + 1, BASE64[bits >> 12 & 0x3f]);
        out.put(position + 2, BASE64[bits >> 6 & 0x3f]);
        out.put(position + 3, BASE64[bits & 0x3f]);
        out.position(position + 4);
    }
}
