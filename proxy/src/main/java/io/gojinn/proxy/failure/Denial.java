package io.gojinn.proxy.failure;

/** Why a policy does not let a request pass that is well-formed. */
public enum Denial {
    /** The client's address is not let in. */
    ADDRESS("address", 403),
    /** More requests in a time than are let through. */
    RATE_LIMIT("rate_limit", 429),
    /** More requests at once than are let through. */
    CONCURRENCY_LIMIT("concurrency_limit", 429),
    /** The client has shown no certificate, or none that is let in. */
    CERTIFICATE("certificate", 403),
    /** A page of another origin asks for what pages of it may not do. */
    ORIGIN("origin", 403),
    /** No name and password. */
    PASSWORD_MISSING("password_missing", 401),
    /** A name and a password that do not belong together. */
    PASSWORD("password", 401),
    /** No token. */
    TOKEN_MISSING("token_missing", 401),
    /** No token that can be read. */
    TOKEN_MALFORMED("token_malformed", 401),
    /** A token of an algorithm that is not taken. */
    TOKEN_ALGORITHM("token_algorithm", 401),
    /** A token of a key that is not known. */
    TOKEN_KEY("token_key", 401),
    /** A token that its key has not signed. */
    TOKEN_SIGNATURE("token_signature", 401),
    TOKEN_EXPIRED("token_expired", 401),
    /** A token that is not valid yet. */
    TOKEN_EARLY("token_early", 401),
    /** A token of another issuer, for others, or without a time at which it expires. */
    TOKEN_CLAIMS("token_claims", 401),
    /** There are no keys to check a token with. */
    TOKEN_KEYS_MISSING("token_keys_missing", 503),
    /** More credentials wait to be checked than may. */
    CREDENTIALS_BUSY("credentials_busy", 503),
    /** Who is to be asked whether the request may pass does not answer. */
    AUTHORITY_MISSING("authority_missing", 503);

    private final String label;
    private final int status;

    Denial(String label, int status) {
        this.label = label;
        this.status = status;
    }

    /** The stable name in headers, logs and metrics. */
    public String label() {
        return label;
    }

    int status() {
        return status;
    }
}
