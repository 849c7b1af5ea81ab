package io.gojinn.cli.config;

import io.gojinn.cli.config.LoadedConfig.Accepted;
import io.gojinn.cli.config.LoadedConfig.Rejected;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A folder with a config, and an environment. */
final class ConfigFixture {
    /** A config that uses every table. */
    static final String EVERYTHING = """
            [server]
            event_loops = 2
            function_threads = 3
            shutdown_grace = "5s"

            [dns]
            servers = ["10.0.0.2", "[::1]:5353"]
            min_ttl = "2s"
            max_ttl = "4s"

            [[listener]]
            name = "web"
            address = "127.0.0.1:8443"
            tls.certificates = [{ certificate = "site.pem", key = "site.key" }]
            trusted_proxies = ["10.0.0.0/8", "::1"]
            client_field = "forwarded"
            proxy_protocol = true
            tolerant = true
            limits.connections = 1_000
            limits.connections_per_address = 50
            limits.header_bytes = "16KiB"
            limits.body_rate = "1KB"
            http2 = { streams = 10, connection_window = "2MiB", resets = 20, control_frames = 30, collected_bytes = "4MiB" }

            [[listener]]
            name = "plain"
            address = "[::1]:8080"
            protocols = ["http/1.1"]
            [listener.limits]
            header_count = 50
            header_timeout = "500ms"
            idle_timeout = "2m"

            [[upstream]]
            name = "app"
            targets = ["http://127.0.0.1:3000", "http://[::1]", { url = "http://app.internal:81/", weight = 3 }, "unix:run/app.sock"]
            host = "app.internal:8080"
            balance = "hash:cookie:id"
            idle_timeout = "3s"
            request_timeout = "1m"
            slow_start = "20s"
            limits = { requests = 11, target_requests = 5, queue = 12, queue_timeout = "4s" }
            retry = { attempts = 2, budget = 1, minimum_per_second = 6, backoff = "1ms", statuses = [503], max_body = "1KiB" }
            ejection = { failures = 8, server_errors = 9, base_time = "2s", max_time = "3s", max_share = 0.25 }
            connect_timeout = "100ms"
            response_timeout = "10s"
            idle_connections = 7
            upgrades = ["WebSocket"]
            tunnel_idle_timeout = "2s"
            [upstream.health]
            path = "/healthz?deep=1"
            host = "app.example"
            interval = "2s"
            timeout = "200ms"
            healthy = 4
            unhealthy = 5
            statuses = ["204", "300-399"]
            [upstream.sticky]
            cookie = "target"
            max_age = "1h"
            secret = "a-secret-of-tests"

            [[split]]
            name = "releases"
            upstreams = [{ name = "app", weight = 0 }, { name = "next", weight = 5 }]
            by = "header:X-User"
            sticky.cookie = "release"

            [[upstream]]
            name = "next"
            targets = ["http://127.0.0.1:3001"]

            [defaults.function]
            timeout = "250ms"
            memory = "32MiB"

            [[function]]
            name = "greet"
            module = "greet.wasm"
            timeout = "50ms"
            fuel = 200_000_000
            idle = "5s"
            warm = 2
            max_output = "2MB"
            max_body = "1KiB"
            concurrency = 8
            queue = 0
            env = { GREETING = "hello ${env:WHO}", PRICE = "$${env:WHO}", TOKEN = "${file:token}" }

            [[route]]
            name = "api"
            match = { listener = "web", host = "*.Example.com", path = "/v1/{id}/*", methods = ["GET", "PURGE"] }
            function = "greet"

            [[route]]
            name = "old"
            match = { listener = ["web", "plain"], path = "/old", headers = { X-Old = "yes" } }
            redirect = { status = 308, location = "https://example.com/new" }

            [[route]]
            name = "ok"
            match.path = "/ok"
            respond = { status = 201, headers = { Content-Type = "text/plain" }, body = "ok" }

            [[route]]
            name = "rest"
            upstream = "app"
            mirror = { upstream = "next", share = 0.5, max_body = "2KiB", requests = 3, timeout = "9s" }

            [admin]
            address = "localhost:2019"

            [metrics]
            path = "/m"
            """;

    private final Path folder;
    private final Map<String, String> environment = new HashMap<>(Map.of("WHO", "world"));

    ConfigFixture(Path folder) throws IOException {
        this.folder = folder;
        for (String name : List.of("greet.wasm", "site.pem", "site.key")) {
            Files.write(folder.resolve(name), new byte[] {0});
        }
        Files.writeString(folder.resolve("token"), "s3cr3t\n");
    }

    Path folder() {
        return folder;
    }

    LoadedConfig load(String text) {
        return load(text.getBytes(StandardCharsets.UTF_8));
    }

    LoadedConfig load(byte[] bytes) {
        try {
            Path file = Files.write(folder.resolve("proxy.toml"), bytes);
            return new ConfigLoader(environment::get).load(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    GojinnConfig accepted(String text) {
        return switch (load(text)) {
            case Accepted accepted -> accepted.config();
            case Rejected rejected -> throw new AssertionError(rejected.problems());
        };
    }

    /** What is printed, with the folder's name left out. */
    List<String> problems(String text) {
        return switch (load(text)) {
            case Accepted accepted -> List.of();
            case Rejected rejected ->
                rejected.problems().stream()
                        .map(problem -> problem.toString().replace(folder + "/", ""))
                        .toList();
        };
    }

    /** The problems of a route after a listener and a function, counted from the route's first line. */
    List<String> routeProblems(String route) {
        String before = """
                [[listener]]
                name = "web"
                address = ":8080"
                [[function]]
                name = "greet"
                module = "greet.wasm"
                [[route]]
                name = "it"
                """;
        return problems(before + route);
    }
}
