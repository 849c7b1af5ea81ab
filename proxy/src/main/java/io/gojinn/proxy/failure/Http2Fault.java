package io.gojinn.proxy.failure;

/** What a client did wrong with an HTTP/2 connection, beyond a single request. */
public enum Http2Fault {
    /** A violation of the protocol; the connection ends with the error that RFC 9113 asks for. */
    PROTOCOL("protocol"),
    /** More streams at once than announced; the stream is refused. */
    STREAMS("streams"),
    /** Streams opened to be reset (CVE-2023-44487), or to make this side reset them (CVE-2025-8671). */
    RESETS("resets"),
    /** A header block of too many frames or bytes. */
    CONTINUATIONS("continuations"),
    PINGS("pings"),
    SETTINGS("settings"),
    PRIORITIES("priorities"),
    WINDOW_UPDATES("window_updates"),
    EMPTY_DATA("empty_data"),
    /** Frames of other types, unknown ones among them. */
    OTHER_FRAMES("other_frames"),
    /** The preface, a header block or a frame without a body took longer than the header timeout. */
    SLOW("slow");

    private final String label;

    Http2Fault(String label) {
        this.label = label;
    }

    /** The stable name in logs and metrics. */
    public String label() {
        return label;
    }
}
