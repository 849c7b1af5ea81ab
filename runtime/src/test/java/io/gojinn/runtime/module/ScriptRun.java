package io.gojinn.runtime.module;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.PolyglotAccess;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.ByteSequence;
import org.graalvm.polyglot.proxy.ProxyObject;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Executes the commands of one specification script in the engine, with all modules in one form: as they are, or
 * rewritten. Modules link to each other and to {@link SpectestModule}.
 */
final class ScriptRun implements AutoCloseable {
    private static final AdaptOptions WIDE = new AdaptOptions(65_536, Integer.MAX_VALUE, Optional.of(Prices.VERSION_1));

    private static final String EXHAUSTED = "call stack exhausted";

    /** The binaries by their name in the script. */
    interface Binaries {
        byte[] get(String filename);
    }

    private final Binaries binaries;
    private final Context context;
    private final ScriptValues values;
    private final Optional<MeteredHost> meter;
    private final Map<String, Value> named = new HashMap<>();
    private final Map<String, Object> registered = new HashMap<>();
    private @Nullable Value current;

    private ScriptRun(Engine engine, Binaries binaries, Optional<MeteredHost> meter) {
        this.binaries = binaries;
        this.meter = meter;
        context = Context.newBuilder("wasm")
                .engine(engine)
                .allowPolyglotAccess(
                        PolyglotAccess.newBuilder().allowBindingsAccess("wasm").build())
                .build();
        values = new ScriptValues(context);
        registered.put("spectest", instantiate(decode(context, SpectestModule.binary()), Map.of()));
    }

    static ScriptRun plain(Engine engine, Binaries binaries) {
        return new ScriptRun(engine, binaries, Optional.empty());
    }

    static ScriptRun rewritten(Engine engine, Binaries binaries, MeteredHost meter) {
        ScriptRun run = new ScriptRun(engine, binaries, Optional.of(meter));
        meter.supply(run.registered);
        return run;
    }

    static Value decode(Context context, byte[] binary) {
        return context.eval(Source.newBuilder("wasm", ByteSequence.create(binary), "module")
                .cached(false)
                .buildLiteral());
    }

    /** The exports of a new instance. */
    static Value instantiate(Value module, Map<String, Object> imports) {
        return module.newInstance(ProxyObject.fromMap(imports)).getMember("exports");
    }

    /** Executes a command. */
    ScriptOutcome run(JsonNode command) {
        return switch (command.get("type").asString()) {
            case "module", "assert_unlinkable", "assert_uninstantiable" -> instantiate(command);
            case "assert_malformed", "assert_invalid" -> decode(command);
            case "register" -> register(command);
            case "action", "assert_return", "assert_trap", "assert_exhaustion" -> act(command);
            default -> throw new IllegalArgumentException("command " + command);
        };
    }

    private ScriptOutcome decode(JsonNode command) {
        try {
            module(command);
            return new ScriptOutcome.Accepted();
        } catch (InvalidModuleException e) {
            return new ScriptOutcome.Refused();
        } catch (PolyglotException e) {
            return outcome(e);
        }
    }

    private ScriptOutcome instantiate(JsonNode command) {
        // A module command that fails leaves no instance behind; the others are to fail and leave the last one.
        boolean replacing = command.get("type").asString().equals("module");
        if (replacing) {
            current = null;
        }
        try {
            Decoded decoded = module(command);
            Value exports = instantiate(decoded.module(), registered);
            meter.ifPresent(host -> host.admit(exports));
            if (decoded.hasStart()) {
                exports.getMember(AdaptedModule.START).executeVoid();
            }
            if (replacing) {
                current = exports;
                if (command.has("name")) {
                    named.put(command.get("name").asString(), exports);
                }
            }
            return new ScriptOutcome.Accepted();
        } catch (InvalidModuleException e) {
            return new ScriptOutcome.Refused();
        } catch (PolyglotException e) {
            return outcome(e);
        }
    }

    private ScriptOutcome register(JsonNode command) {
        Value instance = instance(command, "name");
        if (instance == null) {
            return new ScriptOutcome.NoInstance();
        }
        registered.put(command.get("as").asString(), instance);
        return new ScriptOutcome.Accepted();
    }

    private ScriptOutcome act(JsonNode command) {
        JsonNode action = command.get("action");
        Value instance = instance(action, "module");
        if (instance == null) {
            return new ScriptOutcome.NoInstance();
        }
        try {
            Value member = requireNonNull(
                    instance.getMember(action.get("field").asString()), () -> "no export for " + command);
            Value result = action.get("type").asString().equals("get")
                    ? member.getMember("value")
                    : member.execute(values.arguments(action.get("args")));
            return new ScriptOutcome.Returned(ScriptValues.results(command.path("expected"), result));
        } catch (PolyglotException e) {
            return outcome(e);
        }
    }

    private @Nullable Value instance(JsonNode command, String key) {
        return command.has(key) ? named.get(command.get(key).asString()) : current;
    }

    /** A module in the form that is run; where its start function was taken out, it is to be called. */
    private record Decoded(Value module, boolean hasStart) {}

    private Decoded module(JsonNode command) throws InvalidModuleException {
        byte[] binary = binaries.get(command.get("filename").asString());
        if (meter.isEmpty()) {
            return new Decoded(decode(context, binary), false);
        }
        AdaptedModule adapted = ModuleAdapter.adapt(WasmModule.parse(binary), WIDE);
        return new Decoded(decode(context, adapted.binary()), adapted.hasStart());
    }

    private ScriptOutcome outcome(PolyglotException e) {
        if (!e.isGuestException() || e.isInternalError()) {
            throw e;
        }
        Value thrown = requireNonNull(e.getGuestObject(), "guest object");
        String message = requireNonNull(e.getMessage(), "message");
        if (!thrown.hasMember("failureType")) {
            return unlinkable(message);
        }
        String failure = thrown.getMember("failure").asString();
        boolean tooDeep = meter.map(MeteredHost::wasTooDeep).orElse(false);
        meter.ifPresent(MeteredHost::restoreDepth);
        return switch (thrown.getMember("failureType").asString()) {
            // Rewriting renumbers functions.
            case "trap" ->
                tooDeep
                        ? new ScriptOutcome.Trapped(EXHAUSTED, EXHAUSTED)
                        : new ScriptOutcome.Trapped(failure, message.replaceAll("wasm-function:\\d+", "wasm-function"));
            case "exhaustion" ->
                new ScriptOutcome.Trapped(
                        meter.isEmpty() ? failure : "the bound on depth did not hold: " + failure, message);
            case "unlinkable" -> new ScriptOutcome.Unlinkable(failure);
            case "malformed", "invalid" -> new ScriptOutcome.Refused();
            default -> throw e;
        };
    }

    /** Failures of the engine's interface for imports have words of their own. */
    private static ScriptOutcome unlinkable(String message) {
        boolean unknown = message.endsWith("\".") && message.contains(" does not contain ");
        boolean incompatible = message.endsWith(" is not callable.") || message.contains(" is not a valid ");
        return new ScriptOutcome.Unlinkable(
                unknown ? "unknown import" : incompatible ? "incompatible import type" : message);
    }

    @Override
    public void close() {
        context.close();
    }
}
