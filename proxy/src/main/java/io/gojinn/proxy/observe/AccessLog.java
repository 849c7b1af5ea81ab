package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.Failure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** One line a request, as key-value pairs of the logger {@code gojinn.access}; the backend makes them a JSON object. */
public final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn.access");
    private static final int MAX_PATH_CHARS = 1024;

    private AccessLog() {}

    /**
     * What is told of a request.
     *
     * @param fuel what its function used; negative when none ran
     */
    public record Entry(
            String method,
            String path,
            String host,
            int status,
            long requestBytes,
            long responseBytes,
            long durationNanos,
            String route,
            String listener,
            String client,
            String traceId,
            @Nullable Failure failure,
            @Nullable String upstreamTarget,
            long fuel) {}

    /** Writes a line. */
    public static void write(Entry entry) {
        if (!LOG.isInfoEnabled()) {
            return;
        }
        String path = entry.path();
        LoggingEventBuilder line = LOG.atInfo()
                .addKeyValue("method", entry.method())
                .addKeyValue("path", path.length() > MAX_PATH_CHARS ? path.substring(0, MAX_PATH_CHARS) : path)
                .addKeyValue("host", entry.host())
                .addKeyValue("status", entry.status())
                .addKeyValue("request_bytes", entry.requestBytes())
                .addKeyValue("response_bytes", entry.responseBytes())
                .addKeyValue("duration_ms", entry.durationNanos() / 1e6)
                .addKeyValue("route", entry.route())
                .addKeyValue("listener", entry.listener())
                .addKeyValue("client", entry.client())
                .addKeyValue("trace_id", entry.traceId());
        Failure failure = entry.failure();
        if (failure != null) {
            line = line.addKeyValue("error", failure.label());
            if (!failure.detail().isEmpty()) {
                line = line.addKeyValue("detail", failure.detail());
            }
        }
        if (entry.upstreamTarget() != null) {
            line = line.addKeyValue("upstream", entry.upstreamTarget());
        }
        if (entry.fuel() >= 0) {
            line = line.addKeyValue("fuel", entry.fuel());
        }
        line.log("request");
    }
}
