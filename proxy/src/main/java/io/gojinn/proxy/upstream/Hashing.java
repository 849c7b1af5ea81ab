package io.gojinn.proxy.upstream;

/** Hashes that are the same in every process and version. */
final class Hashing {
    private Hashing() {}

    /** The hash of a text. */
    static long of(CharSequence text) {
        return of(text, 0, text.length());
    }

    /** The hash of a part of a text: FNV-1a over its characters, then mixed. */
    static long of(CharSequence text, int start, int end) {
        long hash = 0xcbf29ce484222325L;
        for (int i = start; i < end; i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return mix(hash);
    }

    /** Spreads every bit over all (the finalizer of SplitMix64). */
    static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /**
     * What one of several gets for a hash, the highest being chosen (rendezvous hashing). An exponential race: the chance to win is
     * as the weights are, and when one leaves or weighs otherwise no hash moves between the others.
     */
    static double score(long hash, long identity, int weight) {
        double uniform = ((mix(hash ^ identity) >>> 11) + 0.5) * 0x1p-53;
        return -weight / Math.log(uniform);
    }
}
