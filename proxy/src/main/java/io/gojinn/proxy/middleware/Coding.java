package io.gojinn.proxy.middleware;

/** A content coding (RFC 9110, 8.4.1): gzip of RFC 1952, Brotli of RFC 7932, Zstandard of RFC 8878. */
public enum Coding {
    ZSTD("zstd", ".zst"),
    BR("br", ".br"),
    GZIP("gzip", ".gz");

    private final String token;
    private final String suffix;

    Coding(String token, String suffix) {
        this.token = token;
        this.suffix = suffix;
    }

    /** As it is written in fields. */
    public String token() {
        return token;
    }

    /** What the names of files end with that are encoded so. */
    public String suffix() {
        return suffix;
    }
}
