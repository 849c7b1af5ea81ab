package io.gojinn.proxy;

import io.gojinn.proxy.http.Service;
import io.gojinn.proxy.listen.Listener;
import io.gojinn.proxy.upstream.Upstream;
import java.util.List;
import java.util.Map;

/**
 * A config, built: everything that serving it takes. Immutable; what it holds may be held by others too.
 *
 * @param upstreams by name
 * @param listeners in the order of the config
 */
record Snapshot(ProxyConfig config, Service service, Map<String, Upstream> upstreams, List<Listener> listeners) {
    Snapshot {
        upstreams = Map.copyOf(upstreams);
        listeners = List.copyOf(listeners);
    }
}
