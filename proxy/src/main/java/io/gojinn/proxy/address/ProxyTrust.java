package io.gojinn.proxy.address;

import java.net.InetAddress;
import java.util.List;

/**
 * Which proxies in front of a listener are believed, and how they tell who the client is.
 *
 * @param proxies from where; empty: nobody is believed
 * @param field where they tell it in a request
 * @param proxyProtocol whether every connection begins with a header of the PROXY protocol, and comes from one of the proxies
 */
public record ProxyTrust(List<AddressRange> proxies, ClientField field, boolean proxyProtocol) {
    /** Believes nobody. */
    public static final ProxyTrust NOBODY = new ProxyTrust(List.of(), ClientField.X_FORWARDED_FOR, false);

    public ProxyTrust {
        proxies = List.copyOf(proxies);
        if (proxyProtocol && proxies.isEmpty()) {
            throw new IllegalArgumentException("the PROXY protocol needs proxies that are trusted");
        }
    }

    /** Whether an address is that of a trusted proxy. */
    public boolean includes(InetAddress address) {
        for (AddressRange range : proxies) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }
}
