package io.gojinn.proxy.route;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A lookup among few and among many routes: a tenth of them by exact path, the others by prefix, on a tenth as many hosts, half
 * of these wildcards. Memory made by a lookup is told by {@code -prof gc}.
 *
 * <p>{@code jmh-benchmarks/run -prof gc RouterBenchmark}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class RouterBenchmark {
    private static final HttpHeaders HEADERS = new DefaultHttpHeaders().add("accept", "*/*");
    private static final int PATHS_A_HOST = 10;

    /** How many routes there are. */
    @Param({"10", "1000", "10000"})
    public int routes;

    private Router<String> router = new Router<>(List.of());
    private String host = "";

    /** Compiles the routes. */
    @Setup
    public void compile() {
        List<Router.Entry<String>> entries = new ArrayList<>();
        for (int i = 0; i < routes; i++) {
            int host = i / PATHS_A_HOST;
            int path = i % PATHS_A_HOST;
            entries.add(new Router.Entry<>(
                    new RouteMatch(
                            List.of(),
                            Optional.of((host % 2 == 0 ? "" : "*.") + "h" + host + ".example.com"),
                            Optional.of(path == 0 ? "/exact" : "/v1/area" + path + "/*"),
                            Set.of(),
                            Map.of(),
                            Map.of()),
                    "r" + i));
        }
        router = new Router<>(entries);
        host = "h" + (routes / PATHS_A_HOST - 1) / 2 * 2 + ".example.com";
    }

    private Matched<String> match(String host, String path) {
        return router.match(new RouteRequest("web", host, path, "", "GET", HEADERS));
    }

    /** An exact host and an exact path. */
    @Benchmark
    public Matched<String> exact() {
        return match(host, "/exact");
    }

    /** An exact host and a prefix. */
    @Benchmark
    public Matched<String> prefix() {
        return match(host, "/v1/area9/of/something/deeper");
    }

    /** No route at all. */
    @Benchmark
    public Matched<String> none() {
        return match("a.b.c.other.example.com", "/v1/area9/of/something/deeper");
    }
}
