package io.gojinn.cli.config;

import io.gojinn.proxy.ProxyConfig;
import io.gojinn.runtime.FunctionDefinition;
import java.util.List;

/**
 * Everything a config file says, checked.
 *
 * @param functions names are unique, and every function a route calls is among them
 * @param functionThreads workers that run functions; 0 means one a core
 * @param watch whether files are looked at for changes
 */
public record GojinnConfig(
        ProxyConfig proxy, List<FunctionDefinition> functions, int functionThreads, WatchConfig watch) {
    public GojinnConfig {
        functions = List.copyOf(functions);
    }
}
