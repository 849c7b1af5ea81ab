package io.gojinn.runtime.module;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Value;
import tools.jackson.databind.JsonNode;

/** Carries the values of specification scripts into the engine and back, bit for bit. */
final class ScriptValues {
    private static final int I64X2_SPLAT = 0x12;
    private static final int I64X2_REPLACE_LANE = 0x1E;

    /** The engine takes vectors only from WebAssembly itself. */
    private static final byte[] VECTOR_MAKER = new ModuleBuilder()
            .type(new int[] {ValueType.I64.code(), ValueType.I64.code()}, new int[] {ValueType.V128.code()})
            .function(
                    0,
                    Opcode.LOCAL_GET,
                    0,
                    Opcode.PREFIX_SIMD,
                    I64X2_SPLAT,
                    Opcode.LOCAL_GET,
                    1,
                    Opcode.PREFIX_SIMD,
                    I64X2_REPLACE_LANE,
                    1)
            .export("vector", 0, 0)
            .build();

    private final Value vector;
    private final Value nullReference;

    ScriptValues(Context context) {
        vector = ScriptRun.instantiate(ScriptRun.decode(context, VECTOR_MAKER), Map.of())
                .getMember("vector");
        nullReference = requireNonNull(context.getPolyglotBindings().getMember("WebAssembly"), "WebAssembly")
                .getMember("ref_null");
    }

    Object[] arguments(JsonNode arguments) {
        return arguments.valueStream().map(this::argument).toArray();
    }

    private Object argument(JsonNode argument) {
        String type = argument.get("type").asString();
        if (type.equals("v128")) {
            ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
            Lanes lanes = Lanes.of(argument);
            argument.get("value").forEach(lane -> lanes.put(bytes, Long.parseUnsignedLong(lane.asString())));
            return vector.execute(bytes.getLong(0), bytes.getLong(8));
        }
        String value = argument.get("value").asString();
        if (value.equals("null")) {
            return nullReference;
        }
        return switch (type) {
            case "i32" -> Integer.parseUnsignedInt(value);
            case "i64" -> Long.parseUnsignedLong(value);
            case "f32" -> Float.intBitsToFloat(Integer.parseUnsignedInt(value));
            case "f64" -> Double.longBitsToDouble(Long.parseUnsignedLong(value));
            case "externref" -> value;
            default -> throw new IllegalArgumentException("argument " + argument);
        };
    }

    /** The results that a command asks for, in the words of {@link #results}. */
    static List<String> expected(JsonNode expected) {
        List<String> results = new ArrayList<>();
        for (JsonNode result : expected) {
            JsonNode value = result.path("value");
            List<String> lanes = value.isArray()
                    ? value.valueStream().map(JsonNode::asString).toList()
                    : List.of(value.asString(""));
            results.add(result.get("type").asString() + " " + String.join(" ", lanes));
        }
        return results;
    }

    /** What a function or a global gave, described by what is expected of it: the types, and classes of NaN. */
    static List<String> results(JsonNode expected, Value actual) {
        List<String> results = new ArrayList<>();
        if (expected.isEmpty() && actual.isNumber()) {
            results.add("an unexpected result");
        }
        for (int i = 0; i < expected.size(); i++) {
            results.add(result(expected.get(i), expected.size() == 1 ? actual : actual.getArrayElement(i)));
        }
        return results;
    }

    private static String result(JsonNode expected, Value actual) {
        String type = expected.get("type").asString();
        String wanted = expected.path("value").asString("");
        return type + " "
                + switch (type) {
                    case "i32" -> Integer.toUnsignedString(actual.asInt());
                    case "i64" -> Long.toUnsignedString(actual.asLong());
                    case "f32" -> real(wanted, Float.floatToRawIntBits(actual.asFloat()), Lanes.F32);
                    case "f64" -> real(wanted, Double.doubleToRawLongBits(actual.asDouble()), Lanes.F64);
                    case "v128" -> vector(expected, actual);
                    default -> actual.isNull() ? "null" : actual.isString() ? actual.asString() : "a reference";
                };
    }

    private static String vector(JsonNode expected, Value actual) {
        byte[] bytes = new byte[16];
        actual.readBuffer(0, bytes, 0, bytes.length);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Lanes lanes = Lanes.of(expected);
        List<String> texts = new ArrayList<>();
        while (buffer.hasRemaining()) {
            String wanted = expected.path("value").path(texts.size()).asString("");
            long bits = lanes.get(buffer);
            texts.add(lanes.real ? real(wanted, bits, lanes) : Long.toUnsignedString(bits));
        }
        return String.join(" ", texts);
    }

    /** The class of NaN where one is wanted and found, otherwise the bits. */
    private static String real(String wanted, long raw, Lanes lanes) {
        long bits = raw & lanes.mask;
        boolean met = switch (wanted) {
            case "nan:canonical" -> (bits & lanes.mask >>> 1) == lanes.canonicalNan;
            case "nan:arithmetic" -> (bits & lanes.canonicalNan) == lanes.canonicalNan;
            default -> false;
        };
        return met ? wanted : Long.toUnsignedString(bits);
    }

    /** How a vector is divided, or one number. */
    private enum Lanes {
        I8(8, 0),
        I16(16, 0),
        I32(32, 0),
        I64(64, 0),
        F32(32, 0x7FC0_0000),
        F64(64, 0x7FF8_0000_0000_0000L);

        final int width;
        final long mask;
        final boolean real;
        final long canonicalNan;

        Lanes(int width, long canonicalNan) {
            this.width = width;
            this.mask = -1L >>> 64 - width;
            this.real = canonicalNan != 0;
            this.canonicalNan = canonicalNan;
        }

        static Lanes of(JsonNode value) {
            return switch (value.path("lane_type").asString("i64")) {
                case "i8" -> I8;
                case "i16" -> I16;
                case "i32" -> I32;
                case "i64" -> I64;
                case "f32" -> F32;
                case "f64" -> F64;
                default -> throw new IllegalArgumentException("lanes of " + value);
            };
        }

        void put(ByteBuffer bytes, long bits) {
            switch (width) {
                case 8 -> bytes.put((byte) bits);
                case 16 -> bytes.putShort((short) bits);
                case 32 -> bytes.putInt((int) bits);
                default -> bytes.putLong(bits);
            }
        }

        long get(ByteBuffer bytes) {
            return mask
                    & switch (width) {
                        case 8 -> bytes.get();
                        case 16 -> bytes.getShort();
                        case 32 -> bytes.getInt();
                        default -> bytes.getLong();
                    };
        }
    }
}
