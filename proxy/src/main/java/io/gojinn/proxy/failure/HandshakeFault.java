package io.gojinn.proxy.failure;

import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.Locale;

/** Why a TLS handshake with a client failed. */
public enum HandshakeFault {
    TIMEOUT("timeout"),
    /** The client left, or stopped in the middle of it. */
    CLOSED("closed"),
    NOT_TLS("not_tls"),
    /** A ClientHello that is larger than an honest one. */
    TOO_LARGE("too_large"),
    /** The client speaks no version that is spoken here. */
    VERSION("version"),
    CIPHER("cipher"),
    /** The client showed no certificate, or none that is valid. */
    CLIENT_CERTIFICATE("client_certificate"),
    /** No certificate covers the name the client asks for. */
    UNKNOWN_NAME("unknown_name"),
    /** The client refused to go on, for example because it does not trust the certificate. */
    ALERT("alert"),
    MALFORMED("malformed");

    private final String label;

    HandshakeFault(String label) {
        this.label = label;
    }

    /** The stable name in metrics. */
    public String label() {
        return label;
    }

    /** The fault behind an exception of the TLS engine: BoringSSL tells it by a symbol in the message. */
    public static HandshakeFault of(Throwable failure) {
        StringBuilder messages = new StringBuilder();
        int depth = 0;
        for (Throwable cause = failure; cause != null && depth < 10; cause = cause.getCause()) {
            depth++;
            switch (cause) {
                case UnknownNameException unknown -> {
                    return UNKNOWN_NAME;
                }
                case NotSslRecordException notTls -> {
                    return NOT_TLS;
                }
                case TooLongFrameException tooLong -> {
                    return TOO_LARGE;
                }
                case SslHandshakeTimeoutException late -> {
                    return TIMEOUT;
                }
                case CertificateException invalid -> {
                    return CLIENT_CERTIFICATE;
                }
                case CertPathValidatorException invalid -> {
                    return CLIENT_CERTIFICATE;
                }
                case ClosedChannelException closed -> {
                    return CLOSED;
                }
                default -> messages.append(cause.getMessage()).append('\n');
            }
        }
        return bySymbol(messages.toString().toUpperCase(Locale.ROOT));
    }

    private static HandshakeFault bySymbol(String messages) {
        if (messages.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") || messages.contains("CERTIFICATE_VERIFY_FAILED")) {
            return CLIENT_CERTIFICATE;
        }
        if (messages.contains("UNSUPPORTED_PROTOCOL")) {
            return VERSION;
        }
        if (messages.contains("NO_SHARED_CIPHER")) {
            return CIPHER;
        }
        if (messages.contains("_ALERT_")) {
            return ALERT;
        }
        if (messages.contains("WRONG_VERSION_NUMBER") || messages.contains("HTTP_REQUEST")) {
            return NOT_TLS;
        }
        return messages.contains("CONNECTION CLOSED") || messages.contains("CONNECTION RESET") ? CLOSED : MALFORMED;
    }
}
