package io.gojinn.cli;

import io.gojinn.proxy.ProxyConfig;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.route.RequestPath;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.route.RouteMatch;
import io.gojinn.proxy.route.RoutePlan;
import io.gojinn.proxy.route.RoutePlan.Part;
import io.gojinn.proxy.route.RouteRequest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Routes in their order, and which of them takes a request, in words. */
final class RoutesReport {
    private final ProxyConfig config;
    private final RoutePlan plan;

    RoutesReport(ProxyConfig config) {
        this.config = config;
        this.plan = new RoutePlan(config.routes());
    }

    /** A line a route, the first to be asked first. */
    List<String> routes() {
        List<String> lines = new ArrayList<>();
        int width = config.routes().stream()
                .mapToInt(route -> route.name().length())
                .max()
                .orElse(1);
        for (RouteConfig route : plan.inOrder()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%4d  %-" + width + "s  %s  ->  %s",
                    lines.size() + 1,
                    route.name(),
                    match(route.match()),
                    way(route)));
        }
        return lines;
    }

    /** The routes as data, in order. */
    List<Map<String, Object>> routesAsData() {
        return plan.inOrder().stream()
                .map(route -> Map.<String, Object>of(
                        "name",
                        route.name(),
                        "match",
                        match(route.match()),
                        "middleware",
                        route.middleware(),
                        "action",
                        action(route.action())))
                .toList();
    }

    /**
     * Says which route takes a request, and why no other.
     *
     * @param text a method and a URL
     * @throws IllegalArgumentException when it is none that a listener could get
     */
    List<String> decision(String text, Map<String, String> fields) {
        int space = text.indexOf(' ');
        if (space < 1) {
            throw new IllegalArgumentException("expected a method and a URL such as \"GET https://host/path\"");
        }
        URI url = URI.create(text.substring(space + 1).strip());
        String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        if (url.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
            throw new IllegalArgumentException("expected a URL such as https://host/path");
        }
        String sent = url.getRawPath().isEmpty() ? "/" : octets(url.getRawPath());
        String path = RequestPath.canonical(sent);
        String query = url.getRawQuery() == null ? "" : RequestPath.canonicalQuery(octets(url.getRawQuery()));
        if (path == null || query == null) {
            return List.of("refused with 400 before it is routed: a path that could be read in two ways");
        }
        List<String> lines = new ArrayList<>();
        if (!path.equals(sent)) {
            lines.add("the path is brought into the form " + path);
        }
        for (ListenerConfig listener : config.listeners()) {
            if (listener.tls().isPresent() == scheme.equals("https")) {
                lines.addAll(decision(RouteRequest.of(
                        listener.name(),
                        url.getHost().toLowerCase(Locale.ROOT),
                        path,
                        query,
                        text.substring(0, space),
                        fields)));
            }
        }
        if (lines.isEmpty()) {
            throw new IllegalArgumentException("no listener speaks " + scheme);
        }
        return lines;
    }

    private List<String> decision(RouteRequest request) {
        List<String> lines = new ArrayList<>();
        Optional<RouteConfig> taken = Optional.empty();
        for (RoutePlan.Verdict verdict : plan.verdicts(request)) {
            String name = verdict.route().name();
            Set<Part> unmet = verdict.unmet();
            if (unmet.isEmpty() && taken.isEmpty()) {
                taken = Optional.of(verdict.route());
                lines.add("listener " + request.listener() + ": " + name + " takes it ("
                        + match(verdict.route().match()) + ")  ->  "
                        + way(verdict.route()));
            } else if (unmet.isEmpty()) {
                lines.add("  " + name + " would, but comes later");
            } else if (!unmet.contains(Part.HOST) && !unmet.contains(Part.PATH) && taken.isEmpty()) {
                lines.add("  " + name + " comes before, but its " + words(unmet) + " not met");
            }
        }
        if (taken.isEmpty()) {
            boolean method = plan.verdicts(request).stream()
                    .anyMatch(verdict -> verdict.unmet().equals(Set.of(Part.METHOD)));
            lines.add("listener " + request.listener() + ": no route takes it, it is answered with "
                    + (method ? "405" : "404"));
        }
        return lines;
    }

    private static String words(Set<Part> unmet) {
        return new TreeSet<>(unmet)
                        .stream()
                                .map(part -> part.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(" and "))
                + (unmet.size() > 1 || unmet.contains(Part.HEADERS) ? " are" : " is");
    }

    private static String octets(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String match(RouteMatch match) {
        List<String> parts = new ArrayList<>();
        match.host().ifPresent(host -> parts.add("host " + host));
        match.path().ifPresent(path -> parts.add("path " + path));
        if (!match.methods().isEmpty()) {
            parts.add("methods " + String.join(" ", new TreeSet<>(match.methods())));
        }
        new TreeMap<>(match.headers()).forEach((name, value) -> parts.add("header " + name + ": " + value));
        new TreeMap<>(match.query()).forEach((name, value) -> parts.add("query " + name + "=" + value));
        if (!match.listeners().isEmpty()) {
            parts.add("listener " + String.join(" ", match.listeners()));
        }
        return parts.isEmpty() ? "every request" : String.join(", ", parts);
    }

    /** The middleware in the order in which requests pass, and the action. */
    private String way(RouteConfig route) {
        return Stream.concat(route.middleware().stream(), Stream.of(action(route.action())))
                        .collect(Collectors.joining("  ->  "))
                + route.mirror()
                        .map(mirror -> "  (copies to upstream " + mirror.upstream() + ")")
                        .orElse("");
    }

    private String destination(String name) {
        return config.splits().stream()
                .filter(split -> split.name().equals(name))
                .findFirst()
                .map(split -> "split " + name + " ("
                        + split.shares().stream()
                                .map(share -> share.upstream() + " " + share.weight())
                                .collect(Collectors.joining(", "))
                        + ")")
                .orElse("upstream " + name);
    }

    private String action(RouteAction action) {
        return switch (action) {
            case RouteAction.Forward forward -> destination(forward.upstream());
            case RouteAction.Call call -> "function " + call.function();
            case RouteAction.Files files -> "static " + files.root();
            case RouteAction.Respond respond -> "respond " + respond.status();
            case RouteAction.Redirect redirect -> "redirect " + redirect.status() + " " + redirect.location();
        };
    }
}
