package io.gojinn.proxy.listen;

import io.netty.handler.ssl.ApplicationProtocolNames;

/** What a listener can speak. */
public enum Protocol {
    HTTP_2(ApplicationProtocolNames.HTTP_2),
    HTTP_1_1(ApplicationProtocolNames.HTTP_1_1);

    private final String id;

    Protocol(String id) {
        this.id = id;
    }

    /** The name in ALPN (RFC 7301) and in configs. */
    public String id() {
        return id;
    }
}
