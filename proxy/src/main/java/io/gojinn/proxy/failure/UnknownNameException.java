package io.gojinn.proxy.failure;

import javax.net.ssl.SSLHandshakeException;

/** A client asks for a name that no certificate covers, on a listener that refuses such. */
public final class UnknownNameException extends SSLHandshakeException {
    private static final long serialVersionUID = 1;

    /** Without the name, which is the client's. */
    public UnknownNameException() {
        super("no certificate covers the name");
    }
}
