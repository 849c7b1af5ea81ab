package io.gojinn.runtime.hostile;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Pieces of a binary; nothing is checked, so that it can be as wrong as a test wants. */
public final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** These bytes. */
    public static byte[] raw(int... bytes) {
        Bytes result = new Bytes();
        for (int b : bytes) {
            result.out.write(b);
        }
        return result.toArray();
    }

    /** One after the other. */
    public static byte[] join(byte[]... parts) {
        Bytes result = new Bytes();
        for (byte[] part : parts) {
            result.add(part);
        }
        return result.toArray();
    }

    /** The same bytes many times. */
    public static byte[] repeat(byte[] part, int times) {
        Bytes result = new Bytes();
        for (int i = 0; i < times; i++) {
            result.add(part);
        }
        return result.toArray();
    }

    /** An unsigned LEB128 number. */
    public static byte[] unsigned(long value) {
        Bytes result = new Bytes();
        long rest = value;
        for (; rest > 0x7F; rest >>>= 7) {
            result.out.write((int) (rest & 0x7F) | 0x80);
        }
        result.out.write((int) rest);
        return result.toArray();
    }

    /** A signed LEB128 number. */
    public static byte[] signed(long value) {
        Bytes result = new Bytes();
        long rest = value;
        for (; rest < -0x40 || rest > 0x3F; rest >>= 7) {
            result.out.write((int) (rest & 0x7F) | 0x80);
        }
        result.out.write((int) (rest & 0x7F));
        return result.toArray();
    }

    /** A name with its length. */
    public static byte[] name(String name) {
        return sized(name.getBytes(StandardCharsets.UTF_8));
    }

    /** Contents with their size before them. */
    public static byte[] sized(byte[]... contents) {
        byte[] joined = join(contents);
        return join(unsigned(joined.length), joined);
    }

    /** A section. */
    public static byte[] section(int id, byte[]... contents) {
        return join(raw(id), sized(contents));
    }

    /** A module: the header, then sections. */
    public static byte[] module(byte[]... sections) {
        return join(raw(0, 'a', 's', 'm', 1, 0, 0, 0), join(sections));
    }

    private void add(byte[] part) {
        out.writeBytes(part);
    }

    private byte[] toArray() {
        return out.toByteArray();
    }
}
