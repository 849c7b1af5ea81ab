package io.gojinn.proxy.upstream;

import io.gojinn.proxy.transport.FileDigest;

/**
 * What makes two upstreams the same: all that is configured, how names are resolved, and what the files of TLS hold.
 *
 * @param files a digest
 */
public record UpstreamKey(UpstreamConfig config, DnsConfig dns, String files) {
    /** Reads the files. Blocks. */
    public static UpstreamKey of(UpstreamConfig config, DnsConfig dns) {
        return new UpstreamKey(config, dns, FileDigest.of(config.wire().tls().files()));
    }
}
