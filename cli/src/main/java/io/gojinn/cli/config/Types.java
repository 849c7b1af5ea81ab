package io.gojinn.cli.config;

import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.middleware.Secret;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** The kinds of values that keys have. */
final class Types {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");
    private static final Pattern QUANTITY = Pattern.compile("([0-9]{1,15})([A-Za-z]{1,3})");
    static final Map<String, Long> NANOS = units(
            "ns",
            1L,
            "us",
            1_000L,
            "ms",
            1_000_000L,
            "s",
            1_000_000_000L,
            "m",
            60_000_000_000L,
            "h",
            3_600_000_000_000L);
    static final Map<String, Long> BYTES = units(
            "B",
            1L,
            "KB",
            1_000L,
            "KiB",
            1L << 10,
            "MB",
            1_000_000L,
            "MiB",
            1L << 20,
            "GB",
            1_000_000_000L,
            "GiB",
            1L << 30);

    private Types() {}

    /** Any string that passes a parser. */
    static <T> ValueType<T> parsed(String description, Parser<T> parser, Function<T, String> written) {
        return new Text<>(description, parser, written);
    }

    static ValueType<String> string(String description) {
        return parsed(description, (text, decoding) -> text, text -> "\"" + text + "\"");
    }

    /** A string that passes a check. */
    static ValueType<String> checked(String description, Check check) {
        return parsed(
                description,
                (text, decoding) -> {
                    check.check(text);
                    return text;
                },
                text -> "\"" + text + "\"");
    }

    static ValueType<List<AddressRange>> addressRanges() {
        return list(
                parsed(
                        "an IP address or a range such as \"10.0.0.0/8\"",
                        (text, decoding) -> Addresses.range(text),
                        AddressRange::toString),
                "an array of IP addresses and ranges such as \"10.0.0.0/8\"",
                false);
    }

    static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** One of a few values, by name. */
    static <T> ValueType<T> choice(List<T> values, Function<? super T, String> name) {
        String expected =
                values.stream().map(value -> '"' + name.apply(value) + '"').collect(Collectors.joining(" or "));
        return parsed(
                expected,
                (text, decoding) -> values.stream()
                        .filter(value -> name.apply(value).equals(text))
                        .findFirst()
                        .orElseThrow(() -> new Refused(expected)),
                value -> '"' + name.apply(value) + '"');
    }

    /** Text that passes a check, and that no message shows. */
    static ValueType<Secret> secret(String description, Check check) {
        return new Hidden(description, check);
    }

    /** The name of something in the file: it appears in logs, metrics and headers. */
    static ValueType<String> name(String description) {
        return parsed(
                description,
                (text, decoding) -> {
                    if (!NAME.matcher(text).matches()) {
                        throw new Refused("a name of 1 to 64 letters, digits, _, . or -");
                    }
                    return text;
                },
                text -> "\"" + text + "\"");
    }

    static ValueType<Path> path(String description) {
        return parsed(description, (text, decoding) -> decoding.resolve(text), path -> "\"" + path + "\"");
    }

    /** A duration in a range that is checked here or, with an exception, by the record that takes it. */
    static ValueType<Duration> duration(Duration least, Duration most) {
        String range = "a duration of " + shown(least) + " to " + shown(most);
        return parsed(
                range,
                (text, decoding) -> {
                    Duration value = Duration.ofNanos(
                            quantity(text, NANOS, "a duration with a unit (ns, us, ms, s, m, h), such as \"50ms\""));
                    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                        throw new Refused(range);
                    }
                    return value;
                },
                value -> "\"" + shown(value) + "\"");
    }

    /** A size in bytes. */
    static ValueType<Long> size(long least, long most) {
        String range = "a size of " + shownBytes(least) + " to " + shownBytes(most);
        return parsed(
                range,
                (text, decoding) -> {
                    long value = quantity(
                            text, BYTES, "a size with a unit (B, KB, KiB, MB, MiB, GB, GiB), such as \"64MiB\"");
                    if (value < least || value > most) {
                        throw new Refused(range);
                    }
                    return value;
                },
                value -> "\"" + shownBytes(value) + "\"");
    }

    /** {@code true} or {@code false}. */
    static ValueType<Boolean> flag() {
        return new Flag();
    }

    static ValueType<Integer> integer(int least, int most) {
        return new Whole<>(least, most, value -> (int) value);
    }

    static ValueType<Long> count(long least, long most) {
        return new Whole<>(least, most, value -> value);
    }

    /** A part of a whole. */
    static ValueType<Double> share() {
        return new Factor(0, 1);
    }

    /** A table that may be written as its first value alone. */
    static <T> ValueType<T> shortened(ValueType<T> shortForm, Schema schema, Function<Section, T> made) {
        return new Shortened<>(shortForm, schema, made);
    }

    /** An array; a value by itself counts as an array of one when {@code single} says so. */
    static <T> ValueType<List<T>> list(ValueType<T> element, String description, boolean single) {
        return new Many<>(element, description, single);
    }

    /** A table of strings whose keys are free. */
    static ValueType<Map<String, String>> strings(String description, Check name, Check value) {
        return entries(description, name, checked("text", value));
    }

    /** A table whose keys are names that pass a check. */
    static <T> ValueType<Map<String, T>> entries(String description, Check name, ValueType<T> value) {
        return new Entries<>(description, name, value);
    }

    static ValueType<Section> table(Schema schema) {
        return new Table(schema);
    }

    static ValueType<List<Section>> tables(Schema schema) {
        return list(table(schema), "an array of tables, " + schema.title(), false);
    }

    /** The same values, with their places. */
    static <T> ValueType<Sited<T>> sited(ValueType<T> type) {
        return new WithPlace<>(type);
    }

    static long quantity(String text, Map<String, Long> units, String expected) throws Refused {
        Matcher matcher = QUANTITY.matcher(text);
        if (!matcher.matches()) {
            throw new Refused(expected);
        }
        String number = matcher.group(1);
        String unit = matcher.group(2);
        Long factor = units.get(unit);
        if (factor == null) {
            String nearest = units.keySet().stream()
                    .filter(unit::equalsIgnoreCase)
                    .findFirst()
                    .orElse(null);
            throw new Refused(expected, nearest == null ? null : number + nearest);
        }
        BigDecimal product = new BigDecimal(number).multiply(BigDecimal.valueOf(factor));
        return product.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValueExact();
    }

    private static String shown(Duration value) {
        return largest(value.toNanos(), NANOS, List.of("h", "m", "s", "ms", "us", "ns"));
    }

    static String shownBytes(long value) {
        return largest(value, BYTES, List.of("GiB", "MiB", "KiB", "B"));
    }

    private static String largest(long value, Map<String, Long> units, List<String> descending) {
        for (String unit : descending) {
            long factor = units.getOrDefault(unit, 1L);
            if (value >= factor && value % factor == 0) {
                return value / factor + unit;
            }
        }
        return value + descending.getLast();
    }

    private static Map<String, Long> units(Object... pairs) {
        Map<String, Long> units = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            units.put((String) pairs[i], (Long) pairs[i + 1]);
        }
        return Map.copyOf(units);
    }

    /** Reads a value from text whose placeholders are replaced. Messages must not show that text. */
    @FunctionalInterface
    interface Parser<T> {
        T parse(String text, Decoding decoding) throws Refused;
    }

    /** Passes acceptable text. */
    @FunctionalInterface
    interface Check {
        void check(String text) throws Refused;
    }

    private record Text<T>(String description, Parser<T> parser, Function<T, String> writer) implements ValueType<T> {
        @Override
        public @Nullable T decode(Node node, Decoding decoding) {
            if (!(node.value() instanceof String text)) {
                decoding.problems().add(node.place(), node.shown(), description + ", as a string");
                return null;
            }
            try {
                return parser.parse(decoding.placeholders().replaceIn(text), decoding);
            } catch (Refused e) {
                decoding.refuse(node, e);
                return null;
            }
        }

        @Override
        public String written(T value) {
            return writer.apply(value);
        }
    }

    private record Hidden(String description, Check check) implements ValueType<Secret> {
        @Override
        public @Nullable Secret decode(Node node, Decoding decoding) {
            try {
                if (!(node.value() instanceof String text)) {
                    throw new Refused(description + ", as a string");
                }
                String replaced = decoding.placeholders().replaceIn(text);
                check.check(replaced);
                return new Secret(replaced);
            } catch (Refused e) {
                decoding.problems().add(node.place(), found(node), e.expected());
                return null;
            }
        }

        @Override
        public String found(Node node) {
            return "a secret that is not shown";
        }
    }

    private record Flag() implements ValueType<Boolean> {
        @Override
        public String description() {
            return "true or false";
        }

        @Override
        public @Nullable Boolean decode(Node node, Decoding decoding) {
            if (node.value() instanceof Boolean value) {
                return value;
            }
            decoding.problems().add(node.place(), node.shown(), description());
            return null;
        }

        @Override
        public String written(Boolean value) {
            return value.toString();
        }
    }

    private record Whole<N extends Number>(long least, long most, LongFunction<N> narrow) implements ValueType<N> {
        @Override
        public String description() {
            return "an integer from " + least + " to " + most;
        }

        @Override
        public @Nullable N decode(Node node, Decoding decoding) {
            if (node.value() instanceof Long value && value >= least && value <= most) {
                return narrow.apply(value);
            }
            decoding.problems().add(node.place(), node.shown(), description());
            return null;
        }
    }

    private record Shortened<T>(ValueType<T> shortForm, Schema schema, Function<Section, T> made)
            implements ValueType<T> {
        @Override
        public String description() {
            return shortForm.description() + ", or a table, " + schema.title();
        }

        @Override
        public @Nullable T decode(Node node, Decoding decoding) {
            if (!(node.value() instanceof TomlTable table)) {
                return shortForm.decode(node, decoding);
            }
            Section section = Section.decode(schema, node.place(), table, decoding);
            return decoding.problems().existBelow(node.place()) ? null : made.apply(section);
        }

        @Override
        public String written(T value) {
            return shortForm.written(value);
        }
    }

    private record Many<T>(ValueType<T> element, String description, boolean single) implements ValueType<List<T>> {
        @Override
        public @Nullable List<T> decode(Node node, Decoding decoding) {
            if (node.value() instanceof TomlArray array) {
                return elements(node.place(), array, decoding);
            }
            if (single) {
                T only = element.decode(node, decoding);
                return only == null ? null : List.of(only);
            }
            decoding.problems().add(node.place(), node.shown(), description);
            return null;
        }

        private List<T> elements(Place place, TomlArray array, Decoding decoding) {
            List<T> decoded = new ArrayList<>();
            for (int i = 0; i < array.size(); i++) {
                TomlPosition position = array.inputPositionOf(i);
                Place at = position == null
                        ? place.entry(i, place.line(), place.column())
                        : place.entry(i, position.line(), position.column());
                T value = element.decode(new Node(at, array.get(i)), decoding);
                if (value != null) {
                    decoded.add(value);
                }
            }
            return decoded;
        }

        @Override
        public String written(List<T> values) {
            return "[" + String.join(", ", values.stream().map(element::written).toList()) + "]";
        }

        @Override
        public @Nullable Schema schema() {
            return element.schema();
        }
    }

    private record Entries<T>(String description, Check name, ValueType<T> value) implements ValueType<Map<String, T>> {
        @Override
        public @Nullable Map<String, T> decode(Node node, Decoding decoding) {
            if (!(node.value() instanceof TomlTable table)) {
                decoding.problems().add(node.place(), found(node), description);
                return null;
            }
            Map<String, T> decoded = new LinkedHashMap<>();
            for (String key : table.keySet()) {
                TomlPosition position = table.inputPositionOf(List.of(key));
                Place at = position == null
                        ? node.place().missing(key)
                        : node.place().below(key, position.line(), position.column());
                Object raw = table.get(List.of(key));
                entry(decoded, key, new Node(at, raw == null ? "" : raw), decoding);
            }
            return decoded;
        }

        private void entry(Map<String, T> decoded, String key, Node node, Decoding decoding) {
            try {
                name.check(key);
            } catch (Refused e) {
                decoding.problems().add(node.place(), "the key " + Shown.quoted(key), e.expected(), e.suggestion());
                return;
            }
            T decodedValue = value.decode(node, decoding);
            if (decodedValue != null) {
                decoded.put(key, decodedValue);
            }
        }

        @Override
        public String found(Node node) {
            return value.found(node);
        }

        @Override
        public String written(Map<String, T> values) {
            return values.isEmpty() ? "{}" : values.toString();
        }
    }

    private record Table(Schema schema) implements ValueType<Section> {
        @Override
        public String description() {
            return "a table, " + schema.title();
        }

        @Override
        public @Nullable Section decode(Node node, Decoding decoding) {
            if (node.value() instanceof TomlTable table) {
                return Section.decode(schema, node.place(), table, decoding);
            }
            decoding.problems().add(node.place(), node.shown(), description());
            return null;
        }
    }

    private record WithPlace<T>(ValueType<T> type) implements ValueType<Sited<T>> {
        @Override
        public String description() {
            return type.description();
        }

        @Override
        public @Nullable Sited<T> decode(Node node, Decoding decoding) {
            T value = type.decode(node, decoding);
            return value == null ? null : new Sited<>(value, node.shown(), node.place());
        }

        @Override
        public String written(Sited<T> value) {
            return type.written(value.value());
        }
    }
}
