package io.gojinn.proxy.policy;

import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.IpLiteral;
import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.AddressRules;
import java.net.InetAddress;
import java.util.List;

/**
 * Lets clients pass by their address, as trusted proxies tell it. One that is denied never passes, and where any are allowed none
 * but those; a client whose address nobody knows does not pass. Thread-safe.
 */
public final class AddressFilter implements Middleware {
    private static final Passage PASSES = new Passage() {};
    private static final Passage REFUSES = new Passage() {
        @Override
        public void request(RequestPhase phase) {
            phase.fail(new Failure.Denied(Denial.ADDRESS, "the address is not let in"));
        }
    };

    private final AddressRules config;

    /** A middleware that knows these addresses. */
    public AddressFilter(AddressRules config) {
        this.config = config;
    }

    @Override
    public Passage open(Exchange exchange) {
        InetAddress client = IpLiteral.parse(exchange.clientAddress());
        return client != null && lets(client) ? PASSES : REFUSES;
    }

    private boolean lets(InetAddress client) {
        return !isIn(config.deny(), client) && (config.allow().isEmpty() || isIn(config.allow(), client));
    }

    private static boolean isIn(List<AddressRange> ranges, InetAddress client) {
        for (AddressRange range : ranges) {
            if (range.contains(client)) {
                return true;
            }
        }
        return false;
    }
}
