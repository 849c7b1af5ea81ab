package io.gojinn.runtime.contract;

import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a middleware function changes in a message that goes on: in the request phase a request, in the response phase a
 * response. Names and values hold no control characters, framing and hop-by-hop fields are gone.
 *
 * <p>Fields are removed first, then set, then added.
 *
 * @param method of the request; null to leave it, and in the response phase
 * @param uri of the request, as the function wrote it, unchecked; null to leave it, and in the response phase
 * @param status of the response, 200 to 599; 0 to leave it, and in the request phase
 * @param set fields that take the place of all of their name
 * @param add fields beside those of their name
 * @param remove names of fields to take away
 * @param replacesBody whether there is another body
 * @param bodyOffset where it starts, counted from the position of the output buffer it was decoded in
 * @param bodyLength its length in bytes
 */
public record MessageChanges(
        @Nullable String method,
        @Nullable String uri,
        int status,
        List<Header> set,
        List<Header> add,
        List<String> remove,
        boolean replacesBody,
        int bodyOffset,
        int bodyLength)
        implements MiddlewareEnvelope {
    /** Leaves the message as it is. */
    public static final MessageChanges NONE =
            new MessageChanges(null, null, 0, List.of(), List.of(), List.of(), false, 0, 0);

    public MessageChanges {
        set = List.copyOf(set);
        add = List.copyOf(add);
        remove = List.copyOf(remove);
    }
}
