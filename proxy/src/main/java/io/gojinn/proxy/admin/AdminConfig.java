package io.gojinn.proxy.admin;

import java.net.InetSocketAddress;

/**
 * The operators' listener.
 *
 * @param address loopback only, until it can ask for a token
 * @param metricsPath where Prometheus finds the metrics
 */
public record AdminConfig(InetSocketAddress address, String metricsPath) {}
