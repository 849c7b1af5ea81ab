package io.gojinn.proxy.admin;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What operators can look at. Thread-safe; making a page may block. */
record AdminPages(String metricsPath, CollectorRegistry registry, BooleanSupplier draining, Supplier<String> status) {
    private static final String JSON = "application/json";

    /** A page, or why there is none. */
    record Page(int status, String contentType, String body) {}

    /** Whether there is a page at this path. */
    boolean has(String path) {
        return path.equals("/health") || path.equals("/status") || path.equals(metricsPath);
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
