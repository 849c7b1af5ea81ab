package io.gojinn.proxy.admin;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What operators can look at, and do. Thread-safe; making a page may block.
 *
 * @param metricsPath where Prometheus finds the metrics now
 * @param draining whether the server takes no more work
 * @param status a JSON document
 * @param reload replaces the config
 */
public record AdminPages(
        Supplier<String> metricsPath,
        CollectorRegistry registry,
        BooleanSupplier draining,
        Supplier<String> status,
        Supplier<Operations.Reloaded> reload) {
    private static final String JSON = "application/json";
    private static final String RELOAD = "/reload";

    /** A page, or why there is none. */
    record Page(int status, String contentType, String body) {}

    /** Whether there is a page at this path. */
    boolean has(String path) {
        return path.equals("/health")
                || path.equals("/status")
                || path.equals(RELOAD)
                || path.equals(metricsPath.get());
    }

    /** Whether making the page does something: it is asked for with POST. */
    boolean acts(String path) {
        return path.equals(RELOAD);
    }

    /** Makes the page at a path that {@link #has} one. */
    Page page(String path, @Nullable String accept) {
        if (path.equals("/health")) {
            return draining.getAsBoolean()
                    ? new Page(503, JSON, "{\"status\":\"draining\"}")
                    : new Page(200, JSON, "{\"status\":\"up\"}");
        }
        if (path.equals("/status")) {
            return new Page(200, JSON, status.get());
        }
        if (path.equals(RELOAD)) {
            Operations.Reloaded reloaded = reload.get();
            return new Page(reloaded.status(), JSON, reloaded.body());
        }
        String contentType = TextFormat.chooseContentType(accept);
        StringWriter text = new StringWriter();
        try {
            TextFormat.writeFormat(contentType, text, registry.metricFamilySamples());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return new Page(200, contentType, text.toString());
    }
}
