package io.gojinn.cli.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The problems of one file, collected while it is read. */
final class Problems {
    /** More than anyone reads at once; a file of garbage has one for each line. */
    static final int MOST = 500;

    private static final Comparator<Problem> IN_FILE_ORDER =
            Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column);

    private final String file;
    private final List<Problem> found = new ArrayList<>();
    private int dropped;

    Problems(String file) {
        this.file = file;
    }

    void add(Place place, String found, String expected) {
        add(place, found, expected, null);
    }

    void add(Place place, String found, String expected, @Nullable String suggestion) {
        if (this.found.size() == MOST) {
            dropped++;
        } else {
            this.found.add(new Problem(file, place.line(), place.column(), place.key(), found, expected, suggestion));
        }
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    /** Whether something at this key or below it is wrong already. */
    boolean existBelow(Place place) {
        String key = place.key();
        return found.stream()
                .map(Problem::key)
                .anyMatch(other -> other.equals(key) || other.startsWith(key + ".") || other.startsWith(key + "["));
    }

    List<Problem> inFileOrder() {
        List<Problem> sorted = new ArrayList<>(found);
        sorted.sort(IN_FILE_ORDER);
        if (dropped > 0) {
            sorted.add(new Problem(file, 0, 0, "", dropped + " more problems", "none", null));
        }
        return sorted;
    }
}
