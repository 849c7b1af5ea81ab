package io.gojinn.proxy.listen;

import io.gojinn.proxy.address.IpLiteral;
import io.gojinn.proxy.address.ProxiedClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The header of the PROXY protocol, version 1 (text) or 2 (binary), as HAProxy's {@code proxy-protocol.txt} defines it.
 *
 * <p>Strict: what does not begin like a header is none, from the first byte that differs; numbers have no leading zeros, fields
 * are one space apart, lengths are those of the address family. Type-length-values are skipped.
 */
final class ProxyHeader {
    /** Sections 2.1 and 2.2: the longest line of version 1, and more than known senders put into version 2. */
    static final int MAX_LINE_BYTES = 107;

    static final int MAX_BINARY_BYTES = 4096;

    private static final byte[] TEXT = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SIGNATURE = "\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII);
    private static final int BINARY_BYTES = SIGNATURE.length + 4;
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;
    private static final int IPV4_BYTES = 4 + 4 + 2 + 2;
    private static final int IPV6_BYTES = 16 + 16 + 2 + 2;
    private static final int UNIX_BYTES = 108 + 108;
    private static final ProxiedClient UNKNOWN = new ProxiedClient(null);

    private ProxyHeader() {}

    /** What the first bytes of a connection are. */
    sealed interface Parsed {}

    /** The beginning of a header. */
    record Incomplete() implements Parsed {}

    /** No header. */
    record Malformed(String why) implements Parsed {}

    /** A header of so many bytes. */
    record Complete(ProxiedClient client, int bytes) implements Parsed {}

    /** Looks at the first bytes of a connection, without taking them. */
    static Parsed parse(ByteBuf in) {
        if (startsAs(in, TEXT)) {
            return in.readableBytes() < TEXT.length ? new Incomplete() : text(in);
        }
        if (startsAs(in, SIGNATURE)) {
            return in.readableBytes() < BINARY_BYTES ? new Incomplete() : binary(in);
        }
        return new Malformed("no header");
    }

    private static boolean startsAs(ByteBuf in, byte[] wanted) {
        int known = Math.min(in.readableBytes(), wanted.length);
        for (int i = 0; i < known; i++) {
            if (in.getByte(in.readerIndex() + i) != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    // Version 1, section 2.1.

    private static Parsed text(ByteBuf in) {
        int from = in.readerIndex();
        int lf = ByteBufUtil.indexOf(in, from, from + Math.min(in.readableBytes(), MAX_LINE_BYTES), (byte) '\n');
        if (lf < 0) {
            return in.readableBytes() >= MAX_LINE_BYTES ? new Malformed("a line without end") : new Incomplete();
        }
        if (in.getByte(lf - 1) != '\r') {
            return new Malformed("a line without CR");
        }
        int bytes = lf + 1 - from;
        String line = in.toString(from, bytes - 2, StandardCharsets.ISO_8859_1);
        // What follows UNKNOWN must be ignored.
        if (line.equals("PROXY UNKNOWN") || line.startsWith("PROXY UNKNOWN ")) {
            return new Complete(UNKNOWN, bytes);
        }
        String[] words = line.split(" ", -1);
        if (words.length != 6) {
            return new Malformed("a line of " + words.length + " words");
        }
        int addressBytes = switch (words[1]) {
            case "TCP4" -> 4;
            case "TCP6" -> 16;
            default -> 0;
        };
        InetAddress source = address(words[2], addressBytes);
        if (source == null || address(words[3], addressBytes) == null || !isPort(words[4]) || !isPort(words[5])) {
            return new Malformed("an address or a port that is none");
        }
        return new Complete(new ProxiedClient(source), bytes);
    }

    private static @Nullable InetAddress address(String word, int bytes) {
        boolean ofFamily = bytes == (word.indexOf(':') < 0 ? 4 : 16);
        return ofFamily ? IpLiteral.parse(word) : null;
    }

    private static boolean isPort(String word) {
        int value = 0;
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c < '0' || c > '9' || i == 5) {
                return false;
            }
            value = value * 10 + c - '0';
        }
        return !word.isEmpty() && value <= 65_535 && (word.length() == 1 || word.charAt(0) != '0');
    }

    // Version 2, section 2.2.

    private static Parsed binary(ByteBuf in) {
        int at = in.readerIndex() + SIGNATURE.length;
        int command = in.getUnsignedByte(at);
        int family = in.getUnsignedByte(at + 1);
        int length = in.getUnsignedShort(at + 2);
        int bytes = BINARY_BYTES + length;
        if (command != LOCAL && command != PROXY) {
            return new Malformed("version and command are " + command);
        }
        int addressBytes = switch (family) {
            // AF_UNSPEC; TCP and UDP over IPv4 and IPv6; UNIX stream and datagram
            case 0x00 -> 0;
            case 0x11, 0x12 -> IPV4_BYTES;
            case 0x21, 0x22 -> IPV6_BYTES;
            case 0x31, 0x32 -> UNIX_BYTES;
            default -> -1;
        };
        if (addressBytes < 0) {
            return new Malformed("family and protocol are " + family);
        }
        if (bytes > MAX_BINARY_BYTES) {
            return new Malformed("a header of " + bytes + " bytes");
        }
        // A LOCAL one is skipped whole, whatever it holds.
        if (command == PROXY && length < addressBytes) {
            return new Malformed("addresses of " + length + " bytes");
        }
        if (in.readableBytes() < bytes) {
            return new Incomplete();
        }
        int source = at + 4;
        return switch (command == LOCAL ? 0 : family) {
            case 0x11 -> new Complete(client(in, source, 4), bytes);
            case 0x21 -> new Complete(client(in, source, 16), bytes);
            default -> new Complete(UNKNOWN, bytes);
        };
    }

    private static ProxiedClient client(ByteBuf in, int at, int addressBytes) {
        byte[] address = ByteBufUtil.getBytes(in, at, addressBytes);
        try {
            return new ProxiedClient(InetAddress.getByAddress(address));
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException(impossible);
        }
    }
}
