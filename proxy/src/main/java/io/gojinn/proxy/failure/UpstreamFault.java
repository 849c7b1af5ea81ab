package io.gojinn.proxy.failure;

/** What went wrong between the proxy and an upstream. */
public enum UpstreamFault {
    /** The target's name has no address. */
    RESOLVE("upstream_resolve", 502),
    /** The connection was refused or could not be made. */
    CONNECT("upstream_connect", 502),
    CONNECT_TIMEOUT("upstream_connect_timeout", 504),
    /** TLS could not be agreed on, or the target does not speak the version of HTTP that is asked for. */
    TLS("upstream_tls", 502),
    /** The target's certificate is not one for its name from a trusted authority. */
    CERTIFICATE("upstream_certificate", 502),
    RESPONSE_TIMEOUT("upstream_timeout", 504),
    /** The connection ended before a header section. */
    CLOSED("upstream_closed", 502),
    /** The target ended the stream of the request, and only that, before a header section. */
    RESET("upstream_reset", 502),
    /** What came back is no HTTP response, or one that cannot be passed on safely. */
    PROTOCOL("upstream_protocol", 502),
    /** The response ended before its length. */
    TRUNCATED("upstream_truncated", 502),
    /** The whole request, attempts and waits included, took longer than its limit. */
    REQUEST_TIMEOUT("upstream_request_timeout", 504),
    /** As many requests wait as may. */
    QUEUE_FULL("upstream_queue_full", 503),
    /** The turn did not come in time. */
    QUEUE_TIMEOUT("upstream_queue_timeout", 503),
    /** Every target has as many requests as it may. */
    BUSY("upstream_busy", 503);

    private final String label;
    private final int status;

    UpstreamFault(String label, int status) {
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
