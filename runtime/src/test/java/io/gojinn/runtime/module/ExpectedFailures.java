package io.gojinn.runtime.module;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The written list of what the specification suite expects and does not get, {@code expected-failures.txt}. */
final class ExpectedFailures {
    /** Which form of the modules fails. */
    enum Form {
        /** Both, with the same outcome. */
        BOTH,
        PLAIN,
        REWRITTEN,
        /** The outcomes differ, and both or neither are as expected. */
        EACH
    }

    /** @param field the name of the function that was called, or nothing */
    record Failure(int line, String field, Form form, String outcomes) {}

    /** @param where the line of a command, or a function */
    private record Entry(String script, String where, int times, Form form) {
        boolean covers(Failure failure) {
            return form == failure.form
                    && (where.equals(failure.field) || where.equals(Integer.toString(failure.line)));
        }
    }

    private final List<Entry> entries;

    private ExpectedFailures(List<Entry> entries) {
        this.entries = entries;
    }

    static ExpectedFailures read() {
        try (InputStream in = requireNonNull(
                ExpectedFailures.class.getResourceAsStream("expected-failures.txt"), "expected-failures.txt")) {
            return new ExpectedFailures(new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(ExpectedFailures::entry)
                    .toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Entry entry(String line) {
        String[] parts = line.split(" +", 5);
        if (parts.length < 5) {
            throw new IllegalArgumentException("found \"" + line + "\", expected five columns");
        }
        return new Entry(
                parts[0], parts[1], Integer.parseInt(parts[2]), Form.valueOf(parts[3].toUpperCase(Locale.ROOT)));
    }

    /** The scripts that have entries. */
    Set<String> scripts() {
        return entries.stream().map(Entry::script).collect(Collectors.toSet());
    }

    /** In what the failures of a script differ from the list, either way. */
    List<String> difference(String script, List<Failure> failures) {
        List<String> differences = new ArrayList<>();
        List<Failure> unexpected = new ArrayList<>(failures);
        for (Entry entry : entries) {
            if (entry.script.equals(script)) {
                long times = failures.stream().filter(entry::covers).count();
                if (times != entry.times) {
                    differences.add("listed: " + entry + ", found " + times);
                }
                unexpected.removeIf(entry::covers);
            }
        }
        unexpected.forEach(failure -> differences.add("not listed: " + failure));
        return differences;
    }
}
