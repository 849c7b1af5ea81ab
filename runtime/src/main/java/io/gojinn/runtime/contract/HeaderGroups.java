package io.gojinn.runtime.contract;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Header fields grouped by name without regard to case, names and values in order of first appearance.
 *
 * <p>A hash table over parallel arrays: the names are the caller's, and nothing is made for each field.
 */
final class HeaderGroups {
    private static final int NONE = -1;

    // Unknown to clients, so that they cannot choose names that collide.
    private static final int HASH_FACTOR = new SplittableRandom().nextInt() | 1;

    private CharSequence[] names = new CharSequence[16];
    private CharSequence[] values = new CharSequence[16];
    private int[] hashes = new int[16];

    /** The next field of the same name. */
    private int[] following = new int[16];

    /** Of the first field of a name: the last of that name. Of any other: {@link #NONE}. */
    private int[] last = new int[16];

    /** The field at each place of the hash table; only first fields of a name are in it. */
    private int[] table = filled(64);

    private int count;

    void add(CharSequence name, CharSequence value) {
        if (count == names.length) {
            grow();
        }
        int field = count++;
        names[field] = name;
        values[field] = value;
        hashes[field] = hash(name);
        following[field] = NONE;
        int place = place(field);
        int first = table[place];
        if (first == NONE) {
            table[place] = field;
            last[field] = field;
        } else {
            following[last[first]] = field;
            last[first] = field;
            last[field] = NONE;
        }
    }

    void addAll(Iterable<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> headers) {
        for (Map.Entry<? extends CharSequence, ? extends CharSequence> header : headers) {
            add(header.getKey(), header.getValue());
        }
    }

    void write(JsonWriter writer) {
        writer.raw('{');
        for (int field = 0; field < count; field++) {
            if (last[field] == NONE) {
                continue;
            }
            if (field > 0) {
                writer.raw(',');
            }
            writer.headerName(names[field]);
            writer.raw(':');
            writer.raw('[');
            for (int same = field; same != NONE; same = following[same]) {
                if (same != field) {
                    writer.raw(',');
                }
                writer.string(values[same]);
            }
            writer.raw(']');
        }
        writer.raw('}');
    }

    /** Where the field's name is in the table, or where it belongs. */
    private int place(int field) {
        int mask = table.length - 1;
        int place = spread(hashes[field]) & mask;
        while (table[place] != NONE && !sameName(table[place], field)) {
            place = place + 1 & mask;
        }
        return place;
    }

    private boolean sameName(int one, int other) {
        return hashes[one] == hashes[other] && Ascii.equalsIgnoreCase(names[one], names[other]);
    }

    private void grow() {
        int size = names.length * 2;
        names = Arrays.copyOf(names, size);
        values = Arrays.copyOf(values, size);
        hashes = Arrays.copyOf(hashes, size);
        following = Arrays.copyOf(following, size);
        last = Arrays.copyOf(last, size);
        table = filled(size * 4);
        for (int field = 0; field < count; field++) {
            if (last[field] != NONE) {
                table[place(field)] = field;
            }
        }
    }

    private static int[] filled(int size) {
        int[] table = new int[size];
        Arrays.fill(table, NONE);
        return table;
    }

    private static int hash(CharSequence name) {
        int hash = 0;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash + Ascii.lower(name.charAt(i))) * HASH_FACTOR;
        }
        return hash;
    }

    private static int spread(int hash) {
        return hash ^ hash >>> 15;
    }
}
