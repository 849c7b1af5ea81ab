package io.gojinn.proxy.middleware;

import java.util.Optional;

/**
 * Sends clients elsewhere: to another scheme, host, port or path of the same site, and never to a host that a request names by
 * anything but its own Host.
 *
 * @param status 301, 302, 303, 307 or 308
 * @param scheme left out: that of the request
 * @param host left out: that of the request, without its port
 * @param port left out: the scheme's own where scheme or host are given, that of the request otherwise
 * @param path left out: that of the request, and requests that are there already pass; the query stays
 */
public record RedirectRules(
        int status, Optional<String> scheme, Optional<String> host, Optional<Integer> port, Optional<Template> path)
        implements MiddlewareKind {}
