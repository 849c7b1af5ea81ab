package io.gojinn.runtime.module;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.ByteSequence;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;

/** An instance in the engine, with raw bits as arguments and results. */
final class GraalInstance {
    /** What the specification suite imports, as far as functions go; they do nothing. */
    static final Map<String, Object> SPECTEST = Map.of(
            "print", nothing(),
            "print_i32", nothing(),
            "print_i64", nothing(),
            "print_f32", nothing(),
            "print_f64", nothing(),
            "print_i32_f32", nothing(),
            "print_f64_f64", nothing());

    private final Value exports;

    GraalInstance(Context context, byte[] binary, Map<String, Object> imports) {
        Value module = context.eval(Source.newBuilder("wasm", ByteSequence.create(binary), "module")
                .cached(false)
                .buildLiteral());
        exports = module.newInstance(ProxyObject.fromMap(imports)).getMember("exports");
    }

    static Object nothing() {
        return (ProxyExecutable) arguments -> 0;
    }

    /** An import object's member for {@link Metering#IMPORT_MODULE}. */
    static Object meter(ProxyExecutable refuel) {
        return ProxyObject.fromMap(Map.of(Metering.REFUEL, refuel));
    }

    /** Calls a function; empty when it trapped. */
    Optional<List<Long>> call(String name, ExternalType.Function type, List<Long> arguments) {
        Object[] values = new Object[arguments.size()];
        for (int i = 0; i < values.length; i++) {
            long bits = arguments.get(i);
            values[i] = switch (type.parameters().get(i)) {
                case I32 -> (int) bits;
                case I64 -> bits;
                case F32 -> Float.intBitsToFloat((int) bits);
                case F64 -> Double.longBitsToDouble(bits);
                case V128, FUNCREF, EXTERNREF -> throw new IllegalArgumentException("no bits: " + type);
            };
        }
        Value result;
        try {
            result = exports.getMember(name).execute(values);
        } catch (PolyglotException e) {
            if (!e.isGuestException()) {
                throw e;
            }
            return Optional.empty();
        }
        List<ValueType> results = type.results();
        return Optional.of(
                switch (results.size()) {
                    case 0 -> List.of();
                    case 1 -> List.of(bits(results.getFirst(), result));
                    default -> {
                        Long[] all = new Long[results.size()];
                        for (int i = 0; i < all.length; i++) {
                            all[i] = bits(results.get(i), result.getArrayElement(i));
                        }
                        yield List.of(all);
                    }
                });
    }

    long get(String name) {
        return exports.getMember(name).execute().asLong();
    }

    void run(String name) {
        exports.getMember(name).executeVoid();
    }

    void set(String name, Object value) {
        exports.getMember(name).executeVoid(value);
    }

    boolean has(String name) {
        return exports.hasMember(name);
    }

    /** The bits of a value; any NaN gives the same. */
    private static long bits(ValueType type, Value value) {
        return switch (type) {
            case I32 -> value.asInt();
            case I64 -> value.asLong();
            case F32 -> Float.floatToIntBits(value.asFloat());
            case F64 -> Double.doubleToLongBits(value.asDouble());
            case V128, FUNCREF, EXTERNREF -> throw new IllegalArgumentException("no bits: " + type);
        };
    }
}
