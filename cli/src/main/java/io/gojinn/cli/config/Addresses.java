package io.gojinn.cli.config;

import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.IpLiteral;
import io.gojinn.proxy.upstream.HostPolicy;
import io.gojinn.proxy.upstream.UpstreamConfig.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Socket addresses in the file. Nothing here asks a name server: a check must not depend on one. */
final class Addresses {
    private static final Pattern HOST_AND_PORT =
            Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^\\[\\]:/@?#\\s]*)(?::([0-9]{1,5}))?");
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final String LISTENING =
            "host:port with an IP address, localhost or no host, such as \"127.0.0.1:8080\" or \":8080\"";
    private static final Pattern PREFIX = Pattern.compile("[0-9]{1,3}");
    private static final String RANGE = "an IP address, or a range such as \"10.0.0.0/8\"";
    private static final String TARGET = "a URL http://host:port or https://host:port, or unix:/path/to.sock";
    private static final String UNIX = "unix:";
    // stat(2): the kind of a file in its mode.
    private static final int KIND = 0170000;
    private static final int SOCKET = 0140000;

    private Addresses() {}

    /** Where to bind: {@code host:port}, {@code [::1]:443}, or {@code :8080} for every address of the machine. */
    static InetSocketAddress listening(String text) throws Refused {
        Matcher matcher = HOST_AND_PORT.matcher(text);
        if (!matcher.matches() || matcher.group(2) == null) {
            throw new Refused(LISTENING);
        }
        int port = port(matcher.group(2), 0, LISTENING);
        String host = matcher.group(1);
        if (host.isEmpty()) {
            return new InetSocketAddress(port);
        }
        if (host.equalsIgnoreCase("localhost")) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        }
        InetAddress address = literal(host);
        if (address == null) {
            throw new Refused(LISTENING);
        }
        return new InetSocketAddress(address, port);
    }

    /** A name server: an IP address, port 53 when none is named. */
    static InetSocketAddress nameServer(String text) throws Refused {
        String expected = "an IP address, with a port or without, such as \"10.0.0.2\" or \"[::1]:53\"";
        Matcher matcher = HOST_AND_PORT.matcher(text);
        InetAddress address = matcher.matches() ? literal(matcher.group(1)) : null;
        if (address == null) {
            throw new Refused(expected);
        }
        return new InetSocketAddress(address, matcher.group(2) == null ? 53 : port(matcher.group(2), 1, expected));
    }

    static InetSocketAddress loopback(String text) throws Refused {
        InetSocketAddress address = listening(text);
        if (!address.getAddress().isLoopbackAddress()) {
            throw new Refused("a loopback address, such as \"127.0.0.1:2019\": it has no authentication yet");
        }
        return address;
    }

    /** A range {@code 10.0.0.0/8}, or one address. */
    static AddressRange range(String text) throws Refused {
        int slash = text.indexOf('/');
        InetAddress address = IpLiteral.parse(slash < 0 ? text : text.substring(0, slash));
        String digits = slash < 0 ? "" : text.substring(slash + 1);
        if (address == null || (slash >= 0 && !PREFIX.matcher(digits).matches())) {
            throw new Refused(RANGE);
        }
        int bits = address.getAddress().length * 8;
        int prefix = slash < 0 ? bits : Integer.parseInt(digits);
        if (prefix > bits) {
            throw new Refused(RANGE + ", the prefix from 0 to " + bits);
        }
        try {
            return new AddressRange(address, prefix);
        } catch (IllegalArgumentException bitsBeyond) {
            throw new Refused(
                    "a range whose address has no bits beyond its prefix",
                    AddressRange.around(address, prefix).toString());
        }
    }

    /** The server behind a URL, or behind a Unix domain socket. */
    static Target target(String text, Decoding decoding) throws Refused {
        if (text.startsWith(UNIX)) {
            return Target.on(socket(text.substring(UNIX.length()), decoding));
        }
        boolean tls = text.regionMatches(true, 0, "https://", 0, "https://".length());
        if (!tls && !text.regionMatches(true, 0, "http://", 0, "http://".length())) {
            throw new Refused(TARGET);
        }
        String authority = text.substring(tls ? "https://".length() : "http://".length());
        int slash = authority.indexOf('/');
        if (slash >= 0 && slash < authority.length() - 1) {
            throw new Refused("a URL without a path, " + TARGET.substring("a URL ".length()));
        }
        Matcher matcher = HOST_AND_PORT.matcher(slash < 0 ? authority : authority.substring(0, slash));
        if (!matcher.matches()) {
            throw new Refused(TARGET);
        }
        String host = matcher.group(1);
        boolean literal = isLiteral(host);
        if (!literal && (!HttpSyntax.isHostName(host) || IPV4.matcher(host).matches())) {
            throw new Refused(TARGET);
        }
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        int port = matcher.group(2) == null ? (tls ? 443 : 80) : port(matcher.group(2), 1, TARGET);
        return new Target(bare, port, tls);
    }

    /** What targets get as Host. */
    static HostPolicy hostPolicy(String text) throws Refused {
        return switch (text) {
            case "client" -> new HostPolicy.OfClient();
            case "target" -> new HostPolicy.OfTarget();
            default -> new HostPolicy.Fixed(authority(text));
        };
    }

    private static String authority(String text) throws Refused {
        String expected = "\"client\", \"target\", or a host such as \"app.internal\" or \"app.internal:8080\"";
        Matcher matcher = HOST_AND_PORT.matcher(text);
        if (!matcher.matches() || !(isLiteral(matcher.group(1)) || HttpSyntax.isHostName(matcher.group(1)))) {
            throw new Refused(expected);
        }
        if (matcher.group(2) != null) {
            port(matcher.group(2), 1, expected);
        }
        return text;
    }

    // It need not be there yet: a server may start later.
    private static Path socket(String text, Decoding decoding) throws Refused {
        String path = text.replaceFirst("^//+", "/");
        if (!path.equals(text)) {
            throw new Refused("a path after unix:, without an authority", UNIX + path);
        }
        Path socket = decoding.resolve(path);
        if (socket.toString().getBytes(StandardCharsets.UTF_8).length > Target.MAX_SOCKET_PATH_BYTES) {
            throw new Refused(
                    "a path of at most " + Target.MAX_SOCKET_PATH_BYTES + " bytes, which is what a socket can have");
        }
        try {
            if (((Integer) Files.getAttribute(socket, "unix:mode") & KIND) != SOCKET) {
                throw new Refused("the path of a Unix domain socket; there is something else");
            }
        } catch (IOException | UnsupportedOperationException unknown) {
            return socket;
        }
        return socket;
    }

    static boolean isLiteral(String host) {
        return literal(host) != null;
    }

    private static @Nullable InetAddress literal(String host) {
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!bracketed && !IPV4.matcher(host).matches()) {
            return null;
        }
        try {
            String bare = bracketed ? host.substring(1, host.length() - 1) : host;
            return bracketed && bare.indexOf(':') < 0 ? null : InetAddress.ofLiteral(bare);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static int port(String digits, int least, String expected) throws Refused {
        int port = Integer.parseInt(digits);
        if (port < least || port > 65_535) {
            throw new Refused(expected + ", the port from " + least + " to 65535");
        }
        return port;
    }
}
