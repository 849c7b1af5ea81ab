package io.gojinn.cli.config;

import java.util.List;
import java.util.Optional;

/**
 * The keys a table may have.
 *
 * @param title as the table is written in the file, for messages and the reference
 * @param about a paragraph for the reference
 * @param example TOML for the reference; empty when the table has none of its own
 */
record Schema(String title, String about, String example, List<Key<?>> keys) {
    Schema {
        keys = List.copyOf(keys);
    }

    List<String> names() {
        return keys.stream().<String>map(Key::name).toList();
    }

    Optional<Key<?>> key(String name) {
        return keys.stream().filter(key -> key.name().equals(name)).findFirst();
    }
}
