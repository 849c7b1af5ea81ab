package io.gojinn.proxy.address;

import java.net.InetAddress;

/**
 * The addresses that begin with the same bits (RFC 4632, RFC 4291).
 *
 * @param first the lowest of them
 * @param prefixBits how many bits they share, up to 32 or 128
 */
public record AddressRange(InetAddress first, int prefixBits) {
    /**
     * Checks the bits.
     *
     * @throws IllegalArgumentException when the prefix is longer than the address, or the address has bits beyond it
     */
    public AddressRange {
        byte[] bytes = first.getAddress();
        if (prefixBits < 0 || prefixBits > bytes.length * 8) {
            throw new IllegalArgumentException(
                    "a prefix of " + prefixBits + " bits, expected at most " + bytes.length * 8);
        }
        for (int bit = prefixBits; bit < bytes.length * 8; bit++) {
            if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
                throw new IllegalArgumentException(IpLiteral.text(first) + " has bits beyond " + prefixBits);
            }
        }
    }

    /** The range that an address is in. */
    public static AddressRange around(InetAddress address, int prefixBits) {
        byte[] bytes = address.getAddress();
        for (int bit = prefixBits; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(1 << (7 - bit % 8));
        }
        return new AddressRange(IpLiteral.address(bytes), prefixBits);
    }

    /** Whether an address is one of them. */
    public boolean contains(InetAddress address) {
        byte[] wanted = first.getAddress();
        byte[] bytes = IpLiteral.plain(address).getAddress();
        if (bytes.length != wanted.length) {
            return false;
        }
        int whole = prefixBits / 8;
        for (int i = 0; i < whole; i++) {
            if (bytes[i] != wanted[i]) {
                return false;
            }
        }
        int rest = prefixBits % 8;
        return rest == 0 || ((bytes[whole] ^ wanted[whole]) & 0xff) >> (8 - rest) == 0;
    }

    @Override
    public String toString() {
        return IpLiteral.text(first) + "/" + prefixBits;
    }
}
