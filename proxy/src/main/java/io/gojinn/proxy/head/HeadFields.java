package io.gojinn.proxy.head;

import io.netty.handler.codec.CharSequenceValueConverter;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a header section, those that were received as the bytes in which they came: a string is made only of what is asked
 * for, and what is not changed is sent on by copying it.
 *
 * <p>In the order in which they came; what is set goes to the end. Names are compared without regard to case, and names and values
 * are checked as they are added, as {@link io.netty.handler.codec.http.DefaultHttpHeaders} does (RFC 9110, 5.1, 5.5). To find a
 * name takes time in proportion to their number, which {@link HeadReader} bounds. Not thread-safe.
 */
public final class HeadFields extends HttpHeaders {
    // Per field: its key, and where its line begins, its name ends and its line ends in the received bytes.
    private static final int INTS = 4;
    private static final int LINE = 1;
    private static final int NAME_END = 2;
    private static final int LINE_END = 3;
    // Per field: name and value, of those received null until asked for.
    private static final int TEXTS = 2;
    private static final int VALUE = 1;
    // No name has this key.
    private static final int REMOVED = 0;
    private static final int NOT_RECEIVED = -1;
    // What a proxy adds to what it forwards.
    private static final int ROOM = 6;

    private final byte[] received;
    private int[] ints;
    private @Nullable CharSequence[] texts;
    // Of slots, with those of removed fields.
    private int used;
    private int size;
    private int encodedLength;
    // A bit of each key that there is or was: most names that are looked for are not there.
    private long present;

    /**
     * No fields yet.
     *
     * @param received the bytes of what {@link #received(int, int, int)} adds; owned, and not changed any more
     * @param expected how many that will be
     */
    HeadFields(byte[] received, int expected) {
        this.received = received;
        ints = new int[(expected + ROOM) * INTS];
        texts = new CharSequence[(expected + ROOM) * TEXTS];
    }

    private HeadFields(HeadFields other) {
        received = other.received;
        ints = other.ints.clone();
        texts = other.texts.clone();
        used = other.used;
        size = other.size;
        encodedLength = other.encodedLength;
        present = other.present;
    }

    /** Adds the field whose line is in the received bytes, as {@code name: value\r\n}. It has been checked. */
    void received(int line, int nameEnd, int lineEnd) {
        int length = nameEnd - line;
        int key = key(length, received[line], received[line + length / 2], received[nameEnd - 1]);
        add(key, line, nameEnd, lineEnd, lineEnd - line);
    }

    private int add(int key, int line, int nameEnd, int lineEnd, int length) {
        int at = used * INTS;
        if (at == ints.length) {
            ints = Arrays.copyOf(ints, 2 * at);
            texts = Arrays.copyOf(texts, 2 * used * TEXTS);
        }
        ints[at] = key;
        ints[at + LINE] = line;
        ints[at + NAME_END] = nameEnd;
        ints[at + LINE_END] = lineEnd;
        present |= bit(key);
        encodedLength += length;
        size++;
        return used++;
    }

    // The same for names that differ in case; never REMOVED.
    private static int key(int length, int first, int middle, int last) {
        return (length & 0xff) | (first | 0x20) << 8 | (middle | 0x20) << 16 | (last | 0x20) << 24;
    }

    private static int key(CharSequence name) {
        int length = name.length();
        return length == 0 ? 1 : key(length, name.charAt(0), name.charAt(length / 2), name.charAt(length - 1));
    }

    private static long bit(int key) {
        return 1L << (key * 0x9e3779b9 >>> 26);
    }

    private int find(CharSequence name, int from) {
        int key = key(name);
        if ((present & bit(key)) != 0) {
            for (int i = from; i < used; i++) {
                if (ints[i * INTS] == key && isNamed(i, name)) {
                    return i;
                }
            }
        }
        return -1;
    }

    private boolean isNamed(int i, CharSequence name) {
        CharSequence text = texts[i * TEXTS];
        if (text != null) {
            return AsciiString.contentEqualsIgnoreCase(text, name);
        }
        int line = ints[i * INTS + LINE];
        int length = ints[i * INTS + NAME_END] - line;
        if (length != name.length()) {
            return false;
        }
        for (int k = 0; k < length; k++) {
            if (AsciiString.toLowerCase((char) received[line + k]) != AsciiString.toLowerCase(name.charAt(k))) {
                return false;
            }
        }
        return true;
    }

    private CharSequence name(int i) {
        CharSequence name = texts[i * TEXTS];
        if (name == null) {
            int line = ints[i * INTS + LINE];
            name = new AsciiString(received, line, ints[i * INTS + NAME_END] - line, false);
            texts[i * TEXTS] = name;
        }
        return name;
    }

    private CharSequence value(int i) {
        CharSequence value = texts[i * TEXTS + VALUE];
        if (value == null) {
            int start = ints[i * INTS + NAME_END] + 2;
            int end = ints[i * INTS + LINE_END] - 2;
            value = new String(received, start, end - start, StandardCharsets.ISO_8859_1);
            texts[i * TEXTS + VALUE] = value;
        }
        return value;
    }

    /** The next field that was not removed, -1 behind the last. */
    private int next(int i) {
        int next = i + 1;
        while (next < used && ints[next * INTS] == REMOVED) {
            next++;
        }
        return next < used ? next : -1;
    }

    // What is sent.

    /** How many bytes {@link #write} writes. */
    int encodedLength() {
        return encodedLength;
    }

    /**
     * Writes each field as {@code name: value\r\n}.
     *
     * @return where the next byte goes
     */
    int write(byte[] target, int from) {
        int at = from;
        int run = 0;
        int runEnd = 0;
        for (int i = next(-1); i >= 0; i = next(i)) {
            int line = ints[i * INTS + LINE];
            if (line == runEnd) {
                runEnd = ints[i * INTS + LINE_END];
                continue;
            }
            at = HeadWriter.copy(received, run, runEnd, target, at);
            run = 0;
            runEnd = 0;
            if (line == NOT_RECEIVED) {
                at = HeadWriter.field(name(i), value(i), target, at);
            } else {
                run = line;
                runEnd = ints[i * INTS + LINE_END];
            }
        }
        return HeadWriter.copy(received, run, runEnd, target, at);
    }

    // What Netty calls a map of headers.

    @Override
    public @Nullable String get(CharSequence name) {
        int i = find(name, 0);
        return i < 0 ? null : value(i).toString();
    }

    @Override
    public @Nullable String get(String name) {
        return get((CharSequence) name);
    }

    @Override
    public List<String> getAll(CharSequence name) {
        int i = find(name, 0);
        if (i < 0) {
            return List.of();
        }
        int second = find(name, i + 1);
        if (second < 0) {
            return List.of(value(i).toString());
        }
        List<String> values = new ArrayList<>();
        for (; i >= 0; i = find(name, i + 1)) {
            values.add(value(i).toString());
        }
        return values;
    }

    @Override
    public List<String> getAll(String name) {
        return getAll((CharSequence) name);
    }

    @Override
    public boolean contains(CharSequence name) {
        return find(name, 0) >= 0;
    }

    @Override
    public boolean contains(String name) {
        return contains((CharSequence) name);
    }

    @Override
    public boolean containsValue(CharSequence name, CharSequence value, boolean ignoreCase) {
        int i = find(name, 0);
        if (i < 0) {
            return false;
        }
        // Nearly always there is one value in one line.
        CharSequence only = value(i);
        boolean equal =
                ignoreCase ? AsciiString.contentEqualsIgnoreCase(only, value) : AsciiString.contentEquals(only, value);
        return equal || super.containsValue(name, value, ignoreCase);
    }

    /**
     * Sets a field without a check.
     *
     * @param headers of any kind
     * @param name a constant
     * @param value made by this proxy, or taken from a header section that has been checked
     */
    public static void setChecked(HttpHeaders headers, AsciiString name, CharSequence value) {
        if (headers instanceof HeadFields fields) {
            fields.remove(name);
            fields.append(name, value);
        } else {
            headers.set(name, value);
        }
    }

    @Override
    public HttpHeaders add(CharSequence name, Object value) {
        CharSequence text = textOf(value);
        check(name, text);
        append(name, text);
        return this;
    }

    @Override
    public HttpHeaders add(String name, Object value) {
        return add((CharSequence) name, value);
    }

    @Override
    public HttpHeaders add(CharSequence name, Iterable<?> values) {
        values.forEach(value -> add(name, value));
        return this;
    }

    @Override
    public HttpHeaders add(String name, Iterable<?> values) {
        return add((CharSequence) name, values);
    }

    @Override
    public HttpHeaders set(CharSequence name, Object value) {
        CharSequence text = textOf(value);
        check(name, text);
        remove(name);
        append(name, text);
        return this;
    }

    @Override
    public HttpHeaders set(String name, Object value) {
        return set((CharSequence) name, value);
    }

    @Override
    public HttpHeaders set(CharSequence name, Iterable<?> values) {
        remove(name);
        return add(name, values);
    }

    @Override
    public HttpHeaders set(String name, Iterable<?> values) {
        return set((CharSequence) name, values);
    }

    private static CharSequence textOf(Object value) {
        return value instanceof CharSequence text ? text : value.toString();
    }

    private static void check(CharSequence name, CharSequence value) {
        if (name.isEmpty() || HttpHeaderValidationUtil.validateToken(name) != -1) {
            throw new IllegalArgumentException("a field name is no token");
        }
        if (HttpHeaderValidationUtil.validateValidHeaderValue(value) != -1) {
            throw new IllegalArgumentException("the value of " + name + " has a character that no value may have");
        }
    }

    private void append(CharSequence name, CharSequence value) {
        int i = add(key(name), NOT_RECEIVED, 0, 0, name.length() + value.length() + HeadWriter.AROUND);
        texts[i * TEXTS] = name;
        texts[i * TEXTS + VALUE] = value;
    }

    @Override
    public HttpHeaders remove(CharSequence name) {
        for (int i = find(name, 0); i >= 0; i = find(name, i + 1)) {
            int line = ints[i * INTS + LINE];
            encodedLength -= line == NOT_RECEIVED
                    ? name(i).length() + value(i).length() + HeadWriter.AROUND
                    : ints[i * INTS + LINE_END] - line;
            ints[i * INTS] = REMOVED;
            texts[i * TEXTS] = null;
            texts[i * TEXTS + VALUE] = null;
            size--;
        }
        return this;
    }

    @Override
    public HttpHeaders remove(String name) {
        return remove((CharSequence) name);
    }

    @Override
    public HttpHeaders clear() {
        Arrays.fill(texts, 0, used * TEXTS, null);
        used = 0;
        size = 0;
        encodedLength = 0;
        present = 0;
        return this;
    }

    @Override
    public boolean isEmpty() {
        return size == 0;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        for (int i = next(-1); i >= 0; i = next(i)) {
            names.add(name(i).toString());
        }
        return names;
    }

    @Override
    public List<Map.Entry<String, String>> entries() {
        List<Map.Entry<String, String>> entries = new ArrayList<>(size);
        for (int i = next(-1); i >= 0; i = next(i)) {
            entries.add(new AbstractMap.SimpleImmutableEntry<>(name(i).toString(), value(i).toString()));
        }
        return Collections.unmodifiableList(entries);
    }

    @Override
    @Deprecated
    public Iterator<Map.Entry<String, String>> iterator() {
        return new Fields<>(i -> new AbstractMap.SimpleImmutableEntry<>(name(i).toString(), value(i).toString()));
    }

    @Override
    public Iterator<Map.Entry<CharSequence, CharSequence>> iteratorCharSequence() {
        return new Fields<>(i -> new AbstractMap.SimpleImmutableEntry<>(name(i), value(i)));
    }

    /** What a function makes of each field; the fields are not changed meanwhile. */
    private final class Fields<T> implements Iterator<T> {
        private final IntFunction<T> view;
        private int next = HeadFields.this.next(-1);

        Fields(IntFunction<T> view) {
            this.view = view;
        }

        @Override
        public boolean hasNext() {
            return next >= 0;
        }

        @Override
        public T next() {
            if (next < 0) {
                throw new NoSuchElementException();
            }
            T field = view.apply(next);
            next = HeadFields.this.next(next);
            return field;
        }
    }

    @Override
    public HttpHeaders copy() {
        return new HeadFields(this);
    }

    @Override
    public HttpHeaders addInt(CharSequence name, int value) {
        return add(name, Integer.toString(value));
    }

    @Override
    public HttpHeaders addShort(CharSequence name, short value) {
        return add(name, Short.toString(value));
    }

    @Override
    public HttpHeaders setInt(CharSequence name, int value) {
        return set(name, Integer.toString(value));
    }

    @Override
    public HttpHeaders setShort(CharSequence name, short value) {
        return set(name, Short.toString(value));
    }

    private <T> @Nullable T get(CharSequence name, Function<CharSequence, T> parse) {
        String value = get(name);
        try {
            return value == null ? null : parse.apply(value);
        } catch (RuntimeException malformed) {
            return null;
        }
    }

    @Override
    public @Nullable Integer getInt(CharSequence name) {
        return get(name, CharSequenceValueConverter.INSTANCE::convertToInt);
    }

    @Override
    public int getInt(CharSequence name, int absent) {
        Integer value = getInt(name);
        return value == null ? absent : value;
    }

    @Override
    public @Nullable Short getShort(CharSequence name) {
        return get(name, CharSequenceValueConverter.INSTANCE::convertToShort);
    }

    @Override
    public short getShort(CharSequence name, short absent) {
        Short value = getShort(name);
        return value == null ? absent : value;
    }

    @Override
    public @Nullable Long getTimeMillis(CharSequence name) {
        return get(name, CharSequenceValueConverter.INSTANCE::convertToTimeMillis);
    }

    @Override
    public long getTimeMillis(CharSequence name, long absent) {
        Long value = getTimeMillis(name);
        return value == null ? absent : value;
    }
}
