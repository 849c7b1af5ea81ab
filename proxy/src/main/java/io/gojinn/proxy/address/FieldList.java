package io.gojinn.proxy.address;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The items of a field whose value is a list (RFC 9110, 5.6.1), the last ones of them. */
final class FieldList {
    /** What stands before so many is forgotten: proxies in a ring would let a list grow for ever. */
    static final int MAX_ITEMS = 32;

    private FieldList() {}

    /** The items of all lines in their order, without spaces around them; a quoted string may hold a comma. */
    static Deque<String> of(List<String> lines) {
        Deque<String> items = new ArrayDeque<>();
        for (String line : lines) {
            int start = 0;
            boolean quoted = false;
            for (int i = 0; i < line.length(); i++) {
                char c = line.charAt(i);
                if (quoted && c == '\\') {
                    i++;
                } else if (c == '"') {
                    quoted = !quoted;
                } else if (c == ',' && !quoted) {
                    add(items, line.substring(start, i));
                    start = i + 1;
                }
            }
            add(items, line.substring(start));
        }
        return items;
    }

    private static void add(Deque<String> items, String item) {
        String stripped = item.strip();
        if (!stripped.isEmpty()) {
            items.addLast(stripped);
            if (items.size() > MAX_ITEMS) {
                items.removeFirst();
            }
        }
    }
}
