package io.gojinn.cli.config;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/** How values of the file appear in messages: short, on one line, and never with control characters. */
final class Shown {
    private static final int MOST_CHARACTERS = 60;
    private static final Pattern BARE_KEY = Pattern.compile("[A-Za-z0-9_-]{1,60}");

    private Shown() {}

    /** A value as it was written, before placeholders were replaced. */
    static String value(@Nullable Object value) {
        return switch (value) {
            case null -> "nothing";
            case String text -> quoted(text);
            case TomlTable table -> "a table";
            case TomlArray array -> "an array";
            default -> escaped(value.toString());
        };
    }

    /** Text that is not ours, such as a file's name, on one line and whole. */
    static String line(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().limit(300).forEach(point -> {
            if (isPlain(point)) {
                shown.appendCodePoint(point);
            } else {
                appendEscaped(shown, point);
            }
        });
        return shown.toString();
    }

    static String quoted(String text) {
        return "\"" + escaped(text) + "\"";
    }

    static String key(String key) {
        return BARE_KEY.matcher(key).matches() ? key : quoted(key);
    }

    /** One line without control characters or what could reorder it, cut when it is long. */
    static String escaped(String text) {
        StringBuilder shown = new StringBuilder();
        int index = 0;
        while (index < text.length() && shown.length() < MOST_CHARACTERS) {
            int point = text.codePointAt(index);
            appendEscaped(shown, point);
            index += Character.charCount(point);
        }
        return index < text.length() ? shown.append("...").toString() : shown.toString();
    }

    private static void appendEscaped(StringBuilder shown, int point) {
        switch (point) {
            case '"' -> shown.append("\\\"");
            case '\\' -> shown.append("\\\\");
            case '\n' -> shown.append("\\n");
            case '\r' -> shown.append("\\r");
            case '\t' -> shown.append("\\t");
            default -> {
                if (isPlain(point)) {
                    shown.appendCodePoint(point);
                } else {
                    shown.append(String.format(point > 0xFFFF ? "\\U%08X" : "\\u%04X", point));
                }
            }
        }
    }

    private static boolean isPlain(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
