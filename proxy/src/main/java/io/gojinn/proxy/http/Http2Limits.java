package io.gojinn.proxy.http;

/**
 * What a peer may make an HTTP/2 connection hold and do, beyond what every connection of a listener may.
 *
 * @param streams open at once (RFC 9113, 5.1.2); a further one is refused
 * @param connectionWindow bytes of bodies that a connection holds before anybody wants them (RFC 9113, 6.9), 65,535 or more
 * @param resets streams that end in RST_STREAM for the client's part, in ten seconds
 * @param controlFrames frames that carry no request, in ten seconds, counted for each kind
 * @param collectedBytes of bodies that streams collect side by side to have them whole; a single body may be larger
 */
public record Http2Limits(int streams, int connectionWindow, int resets, int controlFrames, int collectedBytes) {
    private static final int DEFAULT_COLLECTED_BYTES = 16 << 20;

    /** What every stream and connection starts with (RFC 9113, 6.9.2): the window of a stream stays at it. */
    public static final int STREAM_WINDOW = 65_535;

    public Http2Limits {
        if (connectionWindow < STREAM_WINDOW) {
            throw new IllegalArgumentException(
                    "connectionWindow is " + connectionWindow + ", expected at least " + STREAM_WINDOW);
        }
    }

    /** Limits for a peer whose bodies nobody collects, or as by default. */
    public Http2Limits(int streams, int connectionWindow, int resets, int controlFrames) {
        this(streams, connectionWindow, resets, controlFrames, DEFAULT_COLLECTED_BYTES);
    }

    /** What a listener gets whose config names no limit. */
    public static Http2Limits defaults() {
        return new Http2Limits(100, 1 << 20, 200, 1_000);
    }
}
