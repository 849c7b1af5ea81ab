package io.gojinn.proxy.address;

import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** IP addresses in their one textual form: no names, no scopes, no octal numbers, nothing left out of an IPv4 address. */
public final class IpLiteral {
    private static final int LONGEST = 45;

    private IpLiteral() {}

    /** The address, or null when the text is none. An IPv4 address inside an IPv6 one (RFC 4291, 2.5.5.2) comes out as itself. */
    public static @Nullable InetAddress parse(String text) {
        if (text.length() > LONGEST || !(text.indexOf(':') < 0 ? isIpv4(text) : isOfIpv6(text))) {
            return null;
        }
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        return bytes == null ? null : address(bytes);
    }

    /** The address without scope, and as IPv4 where that is what it holds. */
    static InetAddress plain(InetAddress address) {
        return address instanceof Inet6Address ? address(address.getAddress()) : address;
    }

    /** The text of RFC 5952, without scope. */
    public static String text(InetAddress address) {
        return NetUtil.toAddressString(address);
    }

    static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException(impossible);
        }
    }

    // Four decimal numbers; a leading zero would be octal to some.
    private static boolean isIpv4(String text) {
        int numbers = 0;
        int digits = 0;
        int value = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i == text.length() ? '.' : text.charAt(i);
            if (c == '.') {
                if (digits == 0 || value > 255) {
                    return false;
                }
                numbers++;
                digits = 0;
                value = 0;
            } else if (c < '0' || c > '9' || digits == 3 || (digits == 1 && value == 0)) {
                return false;
            } else {
                value = value * 10 + c - '0';
                digits++;
            }
        }
        return numbers == 4;
    }

    private static boolean isOfIpv6(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean hexadecimal = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
            if (!hexadecimal && c != ':' && c != '.') {
                return false;
            }
        }
        return true;
    }
}
