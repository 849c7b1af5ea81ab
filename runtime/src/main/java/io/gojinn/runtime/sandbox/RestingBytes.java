package io.gojinn.runtime.sandbox;

import java.util.Arrays;
import java.util.Objects;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.graalvm.polyglot.io.ByteSequence;
import org.jspecify.annotations.Nullable;

/** Bytes that take less room while nobody needs them. Thread-safe: whoever got them may go on using them. */
final class RestingBytes implements ByteSequence {
    private final int length;

    // Either may be null, never both. Written under the lock; reading the first publishes the array.
    private volatile byte @Nullable [] whole;
    private byte @Nullable [] packed;

    /** Awake at first; the array is kept and must not be changed. */
    RestingBytes(byte[] bytes) {
        this.length = bytes.length;
        this.whole = bytes;
    }

    @Override
    public int length() {
        return length;
    }

    /** The bytes, not to be changed; awake from now on. */
    byte[] awake() {
        byte[] bytes = whole;
        return bytes != null ? bytes : unpack();
    }

    private synchronized byte[] unpack() {
        byte[] bytes = whole;
        if (bytes == null) {
            bytes = inflated();
            whole = bytes;
        }
        return bytes;
    }

    @Override
    public byte byteAt(int index) {
        return awake()[index];
    }

    /** A part of the bytes, which do not rest any more. */
    @Override
    public ByteSequence subSequence(int start, int end) {
        return ByteSequence.create(Arrays.copyOfRange(awake(), start, end));
    }

    /** The bytes, not to be changed; they rest on if they did. */
    @Override
    public byte[] toByteArray() {
        byte[] bytes = whole;
        return bytes != null ? bytes : inflated();
    }

    /** Takes as little room as may be until {@link #awake}. */
    synchronized void rest() {
        byte[] bytes = whole;
        if (bytes == null) {
            return;
        }
        if (packed == null) {
            packed = deflated(bytes);
        }
        whole = null;
    }

    private static byte[] deflated(byte[] bytes) {
        // A better compression would save a twentieth and take twice the time.
        try (Deflater deflater = new Deflater(Deflater.BEST_SPEED, true)) {
            deflater.setInput(bytes);
            deflater.finish();
            byte[] out = new byte[bytes.length / 2 + 64];
            int size = 0;
            while (true) {
                size += deflater.deflate(out, size, out.length - size);
                if (deflater.finished()) {
                    return Arrays.copyOf(out, size);
                }
                out = Arrays.copyOf(out, 2 * out.length);
            }
        }
    }

    private synchronized byte[] inflated() {
        byte[] bytes = new byte[length];
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(Objects.requireNonNull(packed));
            int size = 0;
            while (size < length) {
                int read = inflater.inflate(bytes, size, length - size);
                if (read == 0) {
                    throw new IllegalStateException("found " + size + " bytes, expected " + length);
                }
                size += read;
            }
            return bytes;
        } catch (DataFormatException e) {
            throw new IllegalStateException("bytes of our own cannot be read", e);
        }
    }
}
