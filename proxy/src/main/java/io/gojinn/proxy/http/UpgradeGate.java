package io.gojinn.proxy.http;

import io.netty.channel.ChannelHandler;

/**
 * The decoder of a client's HTTP/1.1 connection, as far as upgrades concern it: behind a request for one it looks at nothing
 * until it is told whether requests follow or bytes of another protocol. What has come by then it keeps, and tells that by
 * {@link Http1Connection#HEAD_STARTED}.
 *
 * <p>Removed from the pipeline when the upgrade is agreed to; what it has kept comes as plain bytes.
 */
public interface UpgradeGate extends ChannelHandler {
    /** Further requests follow; does nothing when that was never in doubt. */
    void refuseUpgrade();
}
