package io.gojinn.proxy.route;

import java.util.Map;
import java.util.Set;

/** What a router found for a request. */
public sealed interface Matched<T> {
    /**
     * A route takes the request.
     *
     * @param params path captures by name, percent-decoded
     */
    record Found<T>(T route, Map<String, String> params) implements Matched<T> {}

    /** Routes would take the request had it one of these methods. */
    record WrongMethod<T>(Set<String> allowed) implements Matched<T> {}

    /** No route takes the request. */
    record None<T>() implements Matched<T> {}
}
