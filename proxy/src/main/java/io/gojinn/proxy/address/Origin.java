package io.gojinn.proxy.address;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a request comes from, as far as it is known: from the connection alone, or from what trusted proxies tell.
 *
 * <p>Of the addresses that a chain of proxies has noted, the client is the first one from the right that is no trusted proxy:
 * what stands left of it was sent by the client itself and says nothing. An entry that is no address ends the search too, at
 * the proxy that has noted it.
 *
 * @param address of the client, without port
 * @param scheme by which the client asked, {@code http} or {@code https}
 * @param host the Host that the client asked for, when a proxy tells another one than it sends
 * @param peer the address at the other end of the connection
 * @param relayed whether that is a trusted proxy, whose fields stand
 */
public record Origin(
        String address, String scheme, @Nullable String host, String peer, boolean relayed) {
    private static final AsciiString FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
    private static final AsciiString FORWARDED_HOST = AsciiString.cached("x-forwarded-host");

    /** The peer itself asks. */
    public static Origin direct(String address, String scheme) {
        return new Origin(address, scheme, null, address, false);
    }

    /**
     * A trusted proxy asks for somebody.
     *
     * @param scheme of the connection
     */
    public static Origin relayed(HttpHeaders headers, ProxyTrust trust, InetAddress peer, String scheme) {
        InetAddress client = peer;
        ForwardedElement told = ForwardedElement.NOTHING;
        Iterator<String> entries =
                FieldList.of(headers.getAll(trust.field().field())).descendingIterator();
        while (entries.hasNext()) {
            String entry = entries.next();
            ForwardedElement before = switch (trust.field()) {
                case X_FORWARDED_FOR -> new ForwardedElement(ForwardedElement.node(entry), null, null);
                case FORWARDED -> ForwardedElement.parse(entry);
            };
            if (before.node() == null) {
                break;
            }
            told = before;
            client = before.node();
            if (!trust.includes(client)) {
                break;
            }
        }
        boolean apart = trust.field() == ClientField.X_FORWARDED_FOR;
        return new Origin(
                IpLiteral.text(client),
                schemeOr(scheme, apart ? only(headers.getAll(FORWARDED_PROTO)) : told.proto()),
                apart ? only(headers.getAll(FORWARDED_HOST)) : told.host(),
                IpLiteral.text(peer),
                true);
    }

    // Proxies disagree on what a list of schemes or hosts would mean.
    private static @Nullable String only(List<String> lines) {
        return lines.size() == 1 && lines.getFirst().indexOf(',') < 0
                ? lines.getFirst().strip()
                : null;
    }

    private static String schemeOr(String scheme, @Nullable String told) {
        if ("http".equalsIgnoreCase(told)) {
            return "http";
        }
        return "https".equalsIgnoreCase(told) ? "https" : scheme;
    }
}
