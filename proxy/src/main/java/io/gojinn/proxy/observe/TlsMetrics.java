package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.HandshakeFault;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** The metric children of TLS of one listener. Thread-safe. */
public final class TlsMetrics {
    private final String listener;
    private final Families families;
    private final Counter.Child completed;
    private final Map<HandshakeFault, Counter.Child> failed = new EnumMap<>(HandshakeFault.class);

    /** The families of all listeners. */
    record Families(Counter completed, Counter resumed, Counter failed, Gauge expiry) {
        static Families register(CollectorRegistry registry) {
            return new Families(
                    Counter.build("gojinn_tls_handshakes_total", "Handshakes that were completed, resumed ones too.")
                            .labelNames("listener")
                            .register(registry),
                    Counter.build("gojinn_tls_resumptions_total", "Sessions that a ticket resumed.")
                            .labelNames("listener")
                            .register(registry),
                    Counter.build("gojinn_tls_failures_total", "Handshakes that failed.")
                            .labelNames("listener", "reason")
                            .register(registry),
                    Gauge.build("gojinn_tls_certificate_expiry_seconds", "When a certificate expires, Unix time.")
                            .labelNames("listener", "certificate")
                            .register(registry));
        }
    }

    TlsMetrics(String listener, Families families) {
        this.listener = listener;
        this.families = families;
        this.completed = families.completed().labels(listener);
        for (HandshakeFault fault : HandshakeFault.values()) {
            failed.put(fault, families.failed().labels(listener, fault.label()));
        }
    }

    /** A handshake was completed. */
    public void completed() {
        completed.inc();
    }

    /** A handshake failed. */
    public void failed(HandshakeFault fault) {
        Counter.Child child = failed.get(fault);
        if (child != null) {
            child.inc();
        }
    }

    /** Where the number of resumed sessions is read; it must not fall. */
    public void resumptions(LongSupplier number) {
        families.resumed()
                .setChild(
                        new Counter.Child() {
                            @Override
                            public double get() {
                                return (double) number.getAsLong();
                            }
                        },
                        listener);
    }

    /** When a certificate expires, Unix time. */
    public void expiry(String certificate, long epochSeconds) {
        families.expiry().labels(listener, certificate).set((double) epochSeconds);
    }
}
