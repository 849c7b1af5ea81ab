package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Http2Fault;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.runtime.FunctionFailure;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds docs/limits.md to the schema and to the metrics: a limit without its row fails here. */
class LimitsDocumentTest {
    private static final Path FILE =
            Path.of(System.getProperty("gojinn.root", "..")).resolve("docs/limits.md");
    private static final Pattern METRIC = Pattern.compile("`(gojinn_[a-z0-9_]+)`(?: \\(([a-z0-9_, ]+)\\))?");

    // Quantities that choose, rather than bound what somebody may make the process hold or do.
    private static final Set<String> NO_LIMITS = Set.of(
            "reload.interval",
            "server.event_loops",
            "server.function_threads",
            "dns.min_ttl",
            "dns.max_ttl",
            "upstream.slow_start",
            "upstream.ejection.failures",
            "upstream.ejection.server_errors",
            "upstream.ejection.base_time",
            "upstream.ejection.max_time",
            "upstream.health.interval",
            "upstream.health.healthy",
            "upstream.health.unhealthy",
            "upstream.http2.ping_interval",
            "function.idle",
            "function.warm",
            "middleware.rate.per",
            "middleware.compress.min_size",
            "upstream.targets.weight",
            "upstream.sticky.max_age",
            "split.upstreams.weight",
            "split.sticky.max_age",
            "route.mirror.share",
            "middleware.shed.tolerance",
            "middleware.shed.initial",
            "middleware.shed.least",
            "middleware.cors.max_age",
            "middleware.jwt.leeway",
            "middleware.jwt.jwks.refresh",
            "middleware.redirect.port",
            "route.respond.status");

    /** A row of the document. */
    private record Row(String limit, String key, String fallback, String answer, String metrics) {}

    private static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(FILE)) {
            String[] cells = line.split("\\|", -1);
            if (line.startsWith("| ") && !line.startsWith("| limit |")) {
                assertThat(cells).as(line).hasSize(7);
                rows.add(new Row(
                        cells[1].strip(), cells[2].strip(), cells[3].strip(), cells[4].strip(), cells[5].strip()));
            }
        }
        return rows;
    }

    @Test
    void everyQuantityOfTheConfigHasItsRowAndItsDefault() throws IOException {
        Map<String, String> quantities = new HashMap<>();
        ConfigSchema.FILE.keys().forEach(key -> collect(key, key.name(), quantities));
        Map<String, String> told = new HashMap<>();
        for (Row row : rows()) {
            if (!row.key().equals("fixed")) {
                String before = told.put(row.key().replace("`", ""), row.fallback());
                assertThat(before).as(row.key()).isIn(null, row.fallback());
            }
        }
        // They take the names and the defaults of [[function]].
        quantities.keySet().removeIf(path -> path.startsWith("defaults.function."));
        quantities.keySet().removeAll(NO_LIMITS);
        assertThat(told).isEqualTo(quantities);
    }

    @Test
    void nothingIsLeftOutThatTheSchemaDoesNotHave() {
        Map<String, String> quantities = new HashMap<>();
        ConfigSchema.FILE.keys().forEach(key -> collect(key, key.name(), quantities));
        assertThat(quantities).containsKeys(NO_LIMITS.toArray(String[]::new));
    }

    @Test
    void everyMetricAndReasonIsThere() throws IOException {
        Map<String, Set<String>> known = metrics();
        for (Row row : rows()) {
            Matcher metric = METRIC.matcher(row.metrics());
            while (metric.find()) {
                assertThat(known).as(row.limit()).containsKey(metric.group(1));
                List<String> reasons = metric.group(2) == null
                        ? List.of()
                        : List.of(metric.group(2).split(", "));
                assertThat(known.get(metric.group(1))).as(row.limit()).containsAll(reasons);
            }
            assertThat(metric.reset().replaceAll("").replace(",", "").strip())
                    .as(row.limit())
                    .isEmpty();
        }
    }

    @Test
    void everyFaultThatIsALimitIsInARow() throws IOException {
        Set<String> told = new HashSet<>();
        for (Row row : rows()) {
            Matcher metric = METRIC.matcher(row.metrics());
            while (metric.find()) {
                Collections.addAll(
                        told,
                        metric.group(2) == null
                                ? new String[0]
                                : metric.group(2).split(", "));
            }
        }
        // What a client may not say at all is in docs/http.md and docs/http-framing.md.
        Set<ClientFault> noLimits = Set.of(
                ClientFault.TARGET,
                ClientFault.VERSION,
                ClientFault.CONNECT,
                ClientFault.CODING,
                ClientFault.MISDIRECTED,
                ClientFault.EXPECTATION,
                ClientFault.ABORTED);
        assertThat(told)
                .containsAll(Arrays.stream(ClientFault.values())
                        .filter(fault -> !noLimits.contains(fault))
                        .map(ClientFault::label)
                        .toList())
                .containsAll(Arrays.stream(Http2Fault.values())
                        .map(Http2Fault::label)
                        .toList());
    }

    private static void collect(Key<?> key, String path, Map<String, String> quantities) {
        Schema schema = key.type().schema();
        if (schema != null) {
            schema.keys().forEach(below -> collect(below, path + "." + below.name(), quantities));
            return;
        }
        String description = key.type().description();
        if (description.startsWith("a duration")
                || description.startsWith("a size")
                || description.startsWith("an integer")
                || description.startsWith("a number")) {
            quantities.put(path, fallback(key));
        }
    }

    private static <T> String fallback(Key<T> key) {
        T value = key.fallback();
        return value == null ? "none" : "`" + key.type().written(value) + "`";
    }

    // The names of samples, with the values of the label that says why.
    private static Map<String, Set<String>> metrics() {
        CollectorRegistry registry = new CollectorRegistry();
        Metrics metrics = new Metrics(registry);
        metrics.listener("web");
        metrics.limit("limit");
        metrics.keyFetches("token");
        metrics.upstream("app");
        metrics.mirror("all");
        metrics.shedding("overload");
        Map<String, Set<String>> known = new HashMap<>();
        for (MetricFamilySamples family : Collections.list(registry.metricFamilySamples())) {
            for (MetricFamilySamples.Sample sample : family.samples) {
                Set<String> reasons = known.computeIfAbsent(sample.name, name -> new HashSet<>());
                for (int i = 0; i < sample.labelNames.size(); i++) {
                    if (Set.of("reason", "outcome").contains(sample.labelNames.get(i))) {
                        reasons.add(sample.labelValues.get(i));
                    }
                }
            }
        }
        known.put(
                "gojinn_function_executions_total",
                new HashSet<>(Arrays.stream(FunctionFailure.values())
                        .map(FunctionFailure::label)
                        .toList()));
        known.put("gojinn_waiting_executions", Set.of());
        return known;
    }
}
