package io.gojinn.runtime.module;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;

/**
 * The host of linked metered modules, which each count for themselves: grants all the fuel they ask for, bounds the depth
 * of each, and tells when that bound was met. The only place where the suite's scripts touch {@link Metering}.
 */
final class MeteredHost {
    /**
     * Three times what the deepest recursion of the suite that ends needs. While nothing is compiled, so many slots are
     * about 1 MiB of the engine's stack.
     */
    private static final int DEPTH = 12_000;

    /** Small grants first, so that code asks in many places; large ones then, so that long loops stay fast. */
    private static final int SMALL_GRANTS = 500;

    private static final int SMALL_GRANT = 40;
    private static final int LARGE_GRANT = 1_000_000;

    private final List<Value> instances = new ArrayList<>();
    private int grants;

    /** Adds what metered modules import of their host to an import object. */
    void supply(Map<String, Object> imports) {
        ProxyExecutable refuel = arguments -> {
            grants++;
            return -arguments[0].asInt() + (grants % (SMALL_GRANTS * 2) < SMALL_GRANTS ? SMALL_GRANT : LARGE_GRANT);
        };
        imports.put(Metering.IMPORT_MODULE, ProxyObject.fromMap(Map.of(Metering.REFUEL, refuel)));
    }

    /** Takes the exports of a new instance, before any of its code runs. */
    void admit(Value exports) {
        instances.add(exports);
        restoreDepth(exports);
    }

    /** Whether too deep a call caused the trap that just happened. */
    boolean wasTooDeep() {
        return instances.stream()
                .anyMatch(exports ->
                        Metering.depth(exports.getMember(Metering.GET).execute().asLong()) < 0);
    }

    /** Gives all instances back the depth that a trap took from those it unwound. */
    void restoreDepth() {
        instances.forEach(MeteredHost::restoreDepth);
    }

    /** How often code asked for fuel. */
    int grants() {
        return grants;
    }

    private static void restoreDepth(Value exports) {
        exports.getMember(Metering.SET).executeVoid(Metering.counter(0, DEPTH));
    }
}
