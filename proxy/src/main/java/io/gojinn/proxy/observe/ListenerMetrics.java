package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.Http2Fault;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.EnumMap;
import java.util.Map;

/** The metric children of one listener. Thread-safe. */
public final class ListenerMetrics {
    private final Gauge.Child open;
    private final Counter.Child idleClosed;
    private final Counter.Child rejectedByLimit;
    private final Counter.Child rejectedByAddressLimit;
    private final Counter.Child rejectedByHandshakes;
    private final Counter.Child rejectedByProtocol;
    private final Counter.Child rejectedByProxyHeader;
    private final Counter.Child tolerated;
    private final TlsMetrics tls;
    private final Children children = new Children();
    private final Map<Http2Fault, Counter.Child> http2Faults = new EnumMap<>(Http2Fault.class);

    ListenerMetrics(
            String listener,
            Gauge open,
            Counter idleClosed,
            Counter rejected,
            Counter tolerated,
            Counter faults,
            TlsMetrics.Families tls) {
        this.open = children.of(open, listener);
        this.idleClosed = children.of(idleClosed, listener);
        this.rejectedByLimit = children.of(rejected, listener, "limit");
        this.rejectedByAddressLimit = children.of(rejected, listener, "address_limit");
        this.rejectedByHandshakes = children.of(rejected, listener, "handshakes");
        this.tolerated = children.of(tolerated, listener);
        this.tls = new TlsMetrics(listener, tls);
        this.rejectedByProtocol = children.of(rejected, listener, "protocol");
        this.rejectedByProxyHeader = children.of(rejected, listener, "proxy_header");
        for (Http2Fault fault : Http2Fault.values()) {
            http2Faults.put(fault, children.of(faults, listener, fault.label()));
        }
    }

    /** There is no listener of this name any more. */
    void forget() {
        tls.forget();
        children.forget();
    }

    /** A connection was accepted. */
    public void opened() {
        open.inc();
    }

    /** A connection that was accepted has closed. */
    public void closed() {
        open.dec();
    }

    /** A connection was closed at accept because of the listener's limit. */
    public void rejectedByLimit() {
        rejectedByLimit.inc();
    }

    /** A connection was closed because of the limit for its client's address. */
    public void rejectedByAddressLimit() {
        rejectedByAddressLimit.inc();
    }

    /** A connection was closed because its client kept quiet between requests. */
    public void idleClosed() {
        idleClosed.inc();
    }

    /** A request was malformed, and was taken because the listener is tolerant. */
    public void toleratedRequest() {
        tolerated.inc();
    }

    /** A connection was closed at accept because too many handshakes went on. */
    public void rejectedByHandshakes() {
        rejectedByHandshakes.inc();
    }

    /** What is counted of TLS. */
    public TlsMetrics tls() {
        return tls;
    }

    /** A connection was closed because it negotiated no protocol that is spoken here. */
    public void rejectedByProtocol() {
        rejectedByProtocol.inc();
    }

    /** A connection was closed because it did not begin with a PROXY header of a proxy that is trusted. */
    public void rejectedByProxyHeader() {
        rejectedByProxyHeader.inc();
    }

    /** An HTTP/2 client broke a rule or a limit. */
    public void http2Fault(Http2Fault fault) {
        Counter.Child child = http2Faults.get(fault);
        if (child != null) {
            child.inc();
        }
    }
}
