package io.gojinn.runtime;

import java.nio.file.Path;
import java.util.Map;

/**
 * One configured function.
 *
 * @param name its name in configs, logs and metrics
 * @param module the WebAssembly binary, an absolute path
 * @param limits what an execution may use
 * @param environment the only environment variables the function sees
 * @param instances how its instances are kept
 */
public record FunctionDefinition(
        String name, Path module, FunctionLimits limits, Map<String, String> environment, InstancePolicy instances) {
    public FunctionDefinition {
        environment = Map.copyOf(environment);
    }
}
