package io.gojinn.proxy.http;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * What the handshake of a connection has told of its client.
 *
 * @param certificate null when it showed none
 * @param authority null when it may ask for every host
 */
record TlsClient(
        @Nullable ClientCertificate certificate, @Nullable Authority authority) {
    private static final TlsClient UNKNOWN = new TlsClient(null, null);

    /** After the handshake. */
    static TlsClient of(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return UNKNOWN;
        }
        Authority authority = channel.attr(Authority.OF_CHANNEL).get();
        try {
            return tls.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate leaf
                    ? new TlsClient(ClientCertificate.of(leaf), authority)
                    : new TlsClient(null, authority);
        } catch (SSLPeerUnverifiedException none) {
            return new TlsClient(null, authority);
        }
    }

    boolean mayAskFor(String host) {
        return authority == null || authority.covers(host);
    }
}
