package io.gojinn.proxy.listen;

import io.gojinn.proxy.http.ConnectionSettings;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a listener does with the connections that it accepts from now on; those it has accepted keep what they got.
 *
 * @param tolerant whether requests of HTTP/1.1 are repaired, see {@link RequestDecoder}
 * @param tls null in clear text
 */
record Reception(
        ConnectionSettings settings,
        Set<Protocol> protocols,
        ListenerLimits limits,
        boolean tolerant,
        @Nullable TlsContexts tls) {}
