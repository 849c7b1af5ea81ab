package io.gojinn.cli.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * A decoded table. It may lack what was not acceptable: a problem was reported for it, and later passes look only at the
 * rest.
 */
final class Section {
    private final Place place;
    private final Map<Key<?>, Place> given = new HashMap<>();
    private final Map<Key<?>, Object> values = new HashMap<>();

    private Section(Place place) {
        this.place = place;
    }

    /** Decodes a table, reporting keys that are unknown, missing or not acceptable. */
    static Section decode(Schema schema, Place place, TomlTable table, Decoding decoding) {
        Section section = new Section(place);
        for (String name : table.keySet()) {
            List<String> path = List.of(name);
            TomlPosition position = table.inputPositionOf(path);
            Place at = position == null ? place.missing(name) : place.below(name, position.line(), position.column());
            Object value = table.get(path);
            schema.key(name)
                    .ifPresentOrElse(
                            key -> section.put(key, at, value, decoding),
                            () -> reportUnknown(schema, name, at, decoding));
        }
        for (Key<?> key : schema.keys()) {
            if (key.required() && !section.has(key)) {
                decoding.problems()
                        .add(place.missing(key.name()), "nothing", key.type().description());
            }
        }
        return section;
    }

    /** The table that was not written at all. */
    static Section absent() {
        return new Section(Place.FILE);
    }

    private <T> void put(Key<T> key, Place at, @Nullable Object value, Decoding decoding) {
        given.put(key, at);
        T decoded = value == null ? null : key.type().decode(new Node(at, value), decoding);
        if (decoded != null) {
            values.put(key, decoded);
        }
    }

    private static void reportUnknown(Schema schema, String name, Place at, Decoding decoding) {
        decoding.problems().add(at, "an unknown key", "a key of " + schema.title(), Nearest.to(name, schema.names()));
    }

    /** Where the table starts. */
    Place place() {
        return place;
    }

    /** Where the key stands, or the table when it was left out. */
    Place placeOf(Key<?> key) {
        return given.getOrDefault(key, place);
    }

    /** Whether the key was written, acceptable or not. */
    boolean has(Key<?> key) {
        return given.containsKey(key);
    }

    /** What was written, when it was written and acceptable. */
    @SuppressWarnings("unchecked") // put() stores under a key only what its type decoded
    <T> Optional<T> find(Key<T> key) {
        return Optional.ofNullable((T) values.get(key));
    }

    /** What was written, or else the default. Only for keys that have one or are required, in a file without problems. */
    <T> T get(Key<T> key) {
        return find(key).or(() -> Optional.ofNullable(key.fallback())).orElseThrow();
    }

    /** The table below this one, empty when it was left out or not acceptable. */
    Section table(Key<Section> key) {
        return find(key).orElseGet(Section::absent);
    }

    /** The tables below this one. */
    List<Section> tables(Key<List<Section>> key) {
        return find(key).orElse(List.of());
    }
}
