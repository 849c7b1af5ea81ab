package io.gojinn.runtime.module;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing binary (5.2). */
final class ByteWriter {
    private byte[] bytes;
    private int size;

    ByteWriter(int capacity) {
        bytes = new byte[Math.max(16, capacity)];
    }

    int size() {
        return size;
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    ByteWriter u8(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
        return this;
    }

    ByteWriter bytes(byte[] source, int from, int to) {
        reserve(to - from);
        System.arraycopy(source, from, bytes, size, to - from);
        size += to - from;
        return this;
    }

    ByteWriter bytes(ByteWriter other) {
        return bytes(other.bytes, 0, other.size);
    }

    ByteWriter u32(long value) {
        long rest = value;
        while (rest > 0x7F) {
            u8((int) (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        return u8((int) rest);
    }

    ByteWriter signed(long value) {
        long rest = value;
        while (rest < -0x40 || rest > 0x3F) {
            u8((int) (rest & 0x7F) | 0x80);
            rest >>= 7;
        }
        return u8((int) (rest & 0x7F));
    }

    ByteWriter littleEndian(long value, int count) {
        for (int i = 0; i < count; i++) {
            u8((int) (value >>> (8 * i)));
        }
        return this;
    }

    ByteWriter name(String name) {
        byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
        return u32(encoded.length).bytes(encoded, 0, encoded.length);
    }

    private void reserve(int more) {
        if (more > bytes.length - size) {
            // Twice the size, but an array has at most about 2^31 elements.
            long wanted = Math.max((long) size + more, Math.min(2L * bytes.length, Integer.MAX_VALUE - 8));
            bytes = Arrays.copyOf(bytes, Math.toIntExact(wanted));
        }
    }
}
