package io.gojinn.cli.config;

import org.jspecify.annotations.Nullable;

/** Writes the reference of the config file, docs/config.md, from the schema. */
final class ReferenceDocument {
    private static final String INTRODUCTION = """
            # proxy.toml

            <!-- Written by ReferenceDocumentTest from ConfigSchema; change it there. -->

            The file is TOML. Every problem is reported at once, with line and column; a key that is not listed here is a \
            problem. Durations are strings with a unit (`ns`, `us`, `ms`, `s`, `m`, `h`), sizes too (`B`, `KB`, `KiB`, \
            `MB`, `MiB`, `GB`, `GiB`); counts are plain integers. Relative paths start at the file's own folder.

            `${env:NAME}` and `${file:path}` in strings are replaced by an environment variable or by a file's content \
            (UTF-8, at most 64 KiB, without its last line end), so that secrets stay out of the file. `$${` stands for \
            `${`.

            `gojinn check proxy.toml` checks a file without serving.
            """;

    private final StringBuilder text = new StringBuilder(INTRODUCTION);

    private ReferenceDocument() {}

    static String text() {
        ReferenceDocument document = new ReferenceDocument();
        for (Key<?> key : ConfigSchema.FILE.keys()) {
            document.tables(key);
        }
        return document.text.toString();
    }

    private void tables(Key<?> key) {
        Schema schema = key.type().schema();
        if (schema != null) {
            table(schema);
            schema.keys().forEach(this::tables);
        }
    }

    private void table(Schema schema) {
        text.append("\n## `").append(schema.title()).append("`\n\n");
        text.append(schema.about()).append('\n');
        if (!schema.example().isEmpty()) {
            text.append("\n```toml\n").append(schema.example()).append("```\n");
        }
        text.append("\n| key | value | default | meaning |\n|---|---|---|---|\n");
        schema.keys().forEach(this::row);
    }

    private void row(Key<?> key) {
        text.append("| `").append(key.name()).append("` | ");
        text.append(key.type().description().replace("|", "\\|")).append(" | ");
        text.append(fallback(key)).append(" | ");
        text.append(key.meaning()).append(" |\n");
    }

    private static <T> String fallback(Key<T> key) {
        @Nullable T value = key.fallback();
        if (value != null) {
            return "`" + key.type().written(value) + "`";
        }
        return key.required() ? "required" : "";
    }
}
