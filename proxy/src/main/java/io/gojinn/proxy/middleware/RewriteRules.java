package io.gojinn.proxy.middleware;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Changes what the action is asked for.
 *
 * @param stripPrefix taken from the beginning of the path, whole segments; other paths stay
 * @param addPrefix put before it
 * @param path takes its place
 * @param setQuery parameters with their values, in the place of any others of the name
 * @param removeQuery parameters that are taken out, before
 */
public record RewriteRules(
        Optional<String> stripPrefix,
        Optional<String> addPrefix,
        Optional<Template> path,
        Map<String, Template> setQuery,
        List<String> removeQuery)
        implements MiddlewareKind {
    public RewriteRules {
        setQuery = Collections.unmodifiableMap(new LinkedHashMap<>(setQuery));
        removeQuery = List.copyOf(removeQuery);
    }
}
