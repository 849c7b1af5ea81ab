package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.HandshakeFault;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** The metric children of TLS of one listener. Thread-safe. */
public final class TlsMetrics {
    private final String listener;
    private final Families families;
    private final Counter.Child completed;
    private final Map<HandshakeFault, Counter.Child> failed = new EnumMap<>(HandshakeFault.class);

    private final Children children = new Children();

    // Guarded by this.
    private final Set<String> shown = new HashSet<>();
    private LongSupplier resumptions = () -> 0;
    private long resumedBefore;

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
        this.completed = children.of(families.completed(), listener);
        for (HandshakeFault fault : HandshakeFault.values()) {
            failed.put(fault, children.of(families.failed(), listener, fault.label()));
        }
        children.set(
                families.resumed(),
                new Counter.Child() {
                    @Override
                    public double get() {
                        return (double) resumed();
                    }
                },
                listener);
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

    /**
     * Shows the certificates that are in use from now on, in place of those before.
     *
     * @param resumed where the number of resumed sessions is read; it must not fall
     * @param expiries when each certificate expires, Unix time
     */
    public synchronized void show(LongSupplier resumed, Map<String, Long> expiries) {
        if (!resumed.equals(resumptions)) {
            resumedBefore += resumptions.getAsLong();
            resumptions = resumed;
        }
        shown.forEach(certificate -> {
            if (!expiries.containsKey(certificate)) {
                families.expiry().remove(listener, certificate);
            }
        });
        shown.clear();
        expiries.forEach((certificate, seconds) -> {
            shown.add(certificate);
            families.expiry().labels(listener, certificate).set((double) seconds);
        });
    }

    private synchronized long resumed() {
        return resumedBefore + resumptions.getAsLong();
    }

    /** There is no listener of this name any more. */
    synchronized void forget() {
        children.forget();
        shown.forEach(certificate -> families.expiry().remove(listener, certificate));
    }
}
