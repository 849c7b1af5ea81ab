package io.gojinn.runtime.host;

/** The arguments of one call from a guest, valid during the call. */
public interface Arguments {
    /** The argument at this index, which the signature declares as i32. */
    int i32(int index);

    /** The argument at this index, which the signature declares as i64. */
    long i64(int index);
}
