package io.gojinn.proxy.address;

/**
 * The field in which trusted proxies tell who a client is. Only one is believed: a proxy that writes one of them passes on the
 * other as the client sent it.
 */
public enum ClientField {
    X_FORWARDED_FOR("x-forwarded-for"),
    /** RFC 7239. */
    FORWARDED("forwarded");

    private final String field;

    ClientField(String field) {
        this.field = field;
    }

    /** The name of the field, in lower case. */
    public String field() {
        return field;
    }
}
