package io.gojinn.proxy.observe;

import io.gojinn.proxy.middleware.Coding;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import java.util.EnumMap;
import java.util.Map;

/** What compression has done, by coding. Thread-safe. */
public final class CompressionMetrics {
    private final Map<Coding, OfCoding> byCoding = new EnumMap<>(Coding.class);
    private final Counter busy;

    /** The metric children of one coding. */
    public static final class OfCoding {
        private final Counter.Child responses;
        private final Counter.Child bytesIn;
        private final Counter.Child bytesOut;

        private OfCoding(Counter.Child responses, Counter.Child bytesIn, Counter.Child bytesOut) {
            this.responses = responses;
            this.bytesIn = bytesIn;
            this.bytesOut = bytesOut;
        }

        /** A response was compressed, or its exchange has ended meanwhile. */
        public void compressed(long in, long out) {
            responses.inc();
            bytesIn.inc((double) in);
            bytesOut.inc((double) out);
        }
    }

    CompressionMetrics(CollectorRegistry registry) {
        Counter responses = counter(registry, "gojinn_compressed_responses_total", "Responses compressed.");
        Counter bytesIn = counter(registry, "gojinn_compression_in_bytes_total", "Body bytes before compression.");
        Counter bytesOut = counter(registry, "gojinn_compression_out_bytes_total", "Body bytes after compression.");
        for (Coding coding : Coding.values()) {
            String label = coding.token();
            byCoding.put(coding, new OfCoding(responses.labels(label), bytesIn.labels(label), bytesOut.labels(label)));
        }
        busy = Counter.build(
                        "gojinn_compression_busy_total",
                        "Responses not compressed because as many were at once as may be.")
                .register(registry);
    }

    private static Counter counter(CollectorRegistry registry, String name, String help) {
        return Counter.build(name, help).labelNames("coding").register(registry);
    }

    /** The children of a coding. */
    public OfCoding of(Coding coding) {
        OfCoding children = byCoding.get(coding);
        if (children == null) {
            throw new IllegalStateException("no metrics of " + coding);
        }
        return children;
    }

    /** A response was not compressed because as many are as may be. */
    public void busy() {
        busy.inc();
    }
}
