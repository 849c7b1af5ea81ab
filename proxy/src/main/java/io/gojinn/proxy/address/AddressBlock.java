package io.gojinn.proxy.address;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/**
 * What one client commonly has of addresses: one of IPv4, or the /64 of one of IPv6 (RFC 6177).
 *
 * @param bytes how long the addresses are, 4 or 16
 * @param prefix their first bits, up to 64
 */
public record AddressBlock(int bytes, long prefix) {
    /** The block that an address is in. An IPv4 address inside an IPv6 one (RFC 4291, 2.5.5.2) counts as itself. */
    public static AddressBlock of(InetAddress address) {
        byte[] bytes = IpLiteral.plain(address).getAddress();
        ByteBuffer bits = ByteBuffer.wrap(bytes);
        return new AddressBlock(bytes.length, bytes.length == 4 ? bits.getInt() : bits.getLong());
    }
}
