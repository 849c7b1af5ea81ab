package io.gojinn.cli.app;

import io.gojinn.cli.config.GojinnConfig;
import io.gojinn.proxy.upstream.TargetStatus;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.PreparedFunction;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What {@code GET /status} tells: what runs, from which bytes, under which limits. No secrets: environments are left out. */
final class StatusDocument {
    private final String version;
    private final GojinnConfig config;
    private final FunctionRuntime runtime;
    private final Map<String, PreparedFunction> functions;

    StatusDocument(
            String version, GojinnConfig config, FunctionRuntime runtime, Map<String, PreparedFunction> functions) {
        this.version = version;
        this.config = config;
        this.runtime = runtime;
        this.functions = functions;
    }

    /** The document, with what is known of the targets of each upstream. */
    String toJson(Map<String, List<TargetStatus>> targets) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("version", version);
        document.put("pid", ProcessHandle.current().pid());
        document.put("uptime_seconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1_000);
        document.put("engine", Map.of("name", runtime.engine(), "compiles", runtime.compiles()));
        document.put(
                "functions",
                functions.values().stream().map(StatusDocument::function).toList());
        document.put(
                "listeners",
                config.proxy().listeners().stream()
                        .map(listener -> Map.of(
                                "name", listener.name(),
                                "address", listener.address().toString(),
                                "tls", listener.tls().isPresent()))
                        .toList());
        document.put(
                "upstreams",
                config.proxy().upstreams().stream()
                        .map(upstream -> Map.of(
                                "name",
                                upstream.name(),
                                "targets",
                                targets.getOrDefault(upstream.name(), List.of()).stream()
                                        .map(StatusDocument::target)
                                        .toList()))
                        .toList());
        return JsonMapper.shared().writeValueAsString(document);
    }

    private static Map<String, Object> target(TargetStatus target) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("target", target.target());
        members.put("health", target.health());
        members.put("weight", target.weight());
        members.put("active_requests", target.active());
        return members;
    }

    private static Map<String, Object> function(PreparedFunction function) {
        FunctionLimits limits = function.invoker().limits();
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("name", function.invoker().name());
        members.put("sha256", function.module().sha256());
        members.put("shape", function.module().shape().orElse(""));
        members.put("timeout_nanos", limits.timeout().toNanos());
        members.put("fuel", limits.fuel());
        members.put("memory_bytes", limits.memoryBytes());
        members.put("max_output_bytes", limits.maxOutputBytes());
        members.put("max_body_bytes", limits.maxBodyBytes());
        members.put("concurrency", limits.concurrency());
        members.put("queue", limits.queue());
        return members;
    }
}
