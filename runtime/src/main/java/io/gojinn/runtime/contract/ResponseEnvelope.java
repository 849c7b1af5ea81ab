package io.gojinn.runtime.contract;

import java.util.List;

/**
 * What a function answered, checked against the contract: the status is final, names and values hold no control
 * characters, framing and hop-by-hop fields are gone.
 *
 * @param status 200 to 599
 * @param headers in the order the function gave them
 * @param bodyOffset where the decoded body starts, counted from the position of the output buffer it was decoded in
 * @param bodyLength its length in bytes
 */
public record ResponseEnvelope(int status, List<Header> headers, int bodyOffset, int bodyLength)
        implements MiddlewareEnvelope {
    public ResponseEnvelope {
        headers = List.copyOf(headers);
    }

    /** One field line. */
    public record Header(String name, String value) {}
}
