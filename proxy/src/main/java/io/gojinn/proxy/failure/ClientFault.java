package io.gojinn.proxy.failure;

/** What a client did wrong. */
public enum ClientFault {
    /** Framing or syntax that is malformed or ambiguous (RFC 9112, 2.2, 3, 6.3; RFC 9110, 7.2). */
    MALFORMED("malformed", 400),
    /** A request target that could mean two things to two parties. */
    TARGET("target", 400),
    /** A major version other than 1. */
    VERSION("version", 505),
    /** CONNECT: this is no tunnel. */
    CONNECT("connect", 501),
    /** A transfer coding other than chunked (RFC 9112, 6.1). */
    CODING("coding", 501),
    LINE_TOO_LONG("line_too_long", 414),
    HEADERS_TOO_LARGE("headers_too_large", 431),
    /** The header section took longer than its limit. */
    HEADER_TIMEOUT("header_timeout", 408),
    /** The body made no progress for the idle limit. */
    BODY_TIMEOUT("body_timeout", 408),
    /** The body came, but too slowly. */
    BODY_SLOW("body_slow", 408),
    /** A host that another certificate speaks for than that of the connection (RFC 9110, 15.5.20). */
    MISDIRECTED("misdirected", 421),
    /** The body is larger than the function takes. */
    BODY_LIMIT("body_limit", 413),
    /** The bodies that the streams of one connection collect are larger together than they may be. */
    COLLECTED_LIMIT("collected_limit", 413),
    /** An expectation other than {@code 100-continue} (RFC 9110, 10.1.1). */
    EXPECTATION("expectation", 417),
    /** The client closed before it had its answer; the status is for the log alone. */
    ABORTED("aborted", 499),
    /** The client did not read its answer for the idle limit; the status is for the log alone. */
    STALLED("stalled", 499),
    /** Nothing came through a tunnel for its idle limit; the status is for the log alone. */
    TUNNEL_IDLE("tunnel_idle", 499);

    private final String label;
    private final int status;

    ClientFault(String label, int status) {
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
