package io.gojinn.proxy.limit;

import java.security.SecureRandom;

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) with a secret: who does not know it finds no two texts of one hash, and nobody
 * finds the text of a hash. Immutable.
 */
final class KeyHash {
    private final long secret0;
    private final long secret1;

    KeyHash(long secret0, long secret1) {
        this.secret0 = secret0;
        this.secret1 = secret1;
    }

    /** A hash of its own. */
    static KeyHash random() {
        SecureRandom random = new SecureRandom();
        return new KeyHash(random.nextLong(), random.nextLong());
    }

    /** The hash of a text of which every character is an octet. */
    long of(CharSequence text) {
        long v0 = secret0 ^ 0x736f6d6570736575L;
        long v1 = secret1 ^ 0x646f72616e646f6dL;
        long v2 = secret0 ^ 0x6c7967656e657261L;
        long v3 = secret1 ^ 0x7465646279746573L;
        int length = text.length();
        // One word more than there are whole ones: it holds the rest and the length. Then four rounds finish, as two
        // more.
        int words = length / 8 + 1;
        for (int i = 0; i < words + 2; i++) {
            long word = i < words ? word(text, i * 8, i == words - 1 ? (long) length << 56 : 0) : 0;
            if (i == words) {
                v2 ^= 0xff;
            }
            v3 ^= word;
            for (int round = 0; round < 2; round++) {
                v0 += v1;
                v2 += v3;
                v1 = Long.rotateLeft(v1, 13) ^ v0;
                v3 = Long.rotateLeft(v3, 16) ^ v2;
                v0 = Long.rotateLeft(v0, 32);
                v2 += v1;
                v0 += v3;
                v1 = Long.rotateLeft(v1, 17) ^ v2;
                v3 = Long.rotateLeft(v3, 21) ^ v0;
                v2 = Long.rotateLeft(v2, 32);
            }
            v0 ^= word;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static long word(CharSequence text, int from, long last) {
        long word = last;
        int end = Math.min(8, text.length() - from);
        for (int i = 0; i < end; i++) {
            word |= (text.charAt(from + i) & 0xffL) << (8 * i);
        }
        return word;
    }
}
