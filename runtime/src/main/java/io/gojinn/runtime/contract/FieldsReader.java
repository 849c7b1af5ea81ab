package io.gojinn.runtime.contract;

import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads the header fields of one envelope, bounded together, and drops those that are the proxy's. */
final class FieldsReader {
    /** The most field lines of an envelope. */
    static final int MAX_HEADERS = 1_000;

    /** The most bytes of all names and values together. */
    static final int MAX_HEADER_BYTES = 64 << 10;

    /** Fields that describe the connection or the framing, which are the proxy's (RFC 9110, 7.6.1 and 8.6). */
    private static final String[] HOP_BY_HOP = {
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "content-length"
    };

    private final JsonCursor json;
    private final Set<String> connectionOptions = new HashSet<>();
    private int lines;
    private int bytes;

    FieldsReader(JsonCursor json) {
        this.json = json;
    }

    /** Reads an object of names and their values; {@code null} is one without members. */
    List<Header> fields() throws ContractViolationException {
        List<Header> fields = new ArrayList<>();
        if (json.acceptNull()) {
            return fields;
        }
        json.expect('{');
        if (json.accept('}')) {
            return fields;
        }
        do {
            String name = name();
            json.expect(':');
            if (json.accept('[')) {
                values(name, fields);
            } else {
                value(name, fields);
            }
        } while (json.accept(','));
        json.expect('}');
        return fields;
    }

    /** Reads an array of names; {@code null} is an empty one. */
    List<String> names() throws ContractViolationException {
        List<String> names = new ArrayList<>();
        if (json.acceptNull()) {
            return names;
        }
        json.expect('[');
        if (json.accept(']')) {
            return names;
        }
        do {
            String name = name();
            count(name.length());
            names.add(name);
        } while (json.accept(','));
        json.expect(']');
        return names;
    }

    /** Drops what is the proxy's from what was read so far. */
    void dropHopByHop(List<Header> fields) {
        fields.removeIf(field -> isHopByHop(field.name()));
    }

    boolean isHopByHop(String name) {
        for (String own : HOP_BY_HOP) {
            if (Ascii.equalsIgnoreCase(name, own)) {
                return true;
            }
        }
        return !connectionOptions.isEmpty() && connectionOptions.contains(name.toLowerCase(Locale.ROOT));
    }

    private String name() throws ContractViolationException {
        json.string();
        requireRoomFor(json.stringLength());
        String name = json.text();
        if (!isToken(name)) {
            throw json.stringViolation("a field name, which is a token (RFC 9110, 5.6.2)");
        }
        return name;
    }

    private void values(String name, List<Header> fields) throws ContractViolationException {
        if (json.accept(']')) {
            return;
        }
        do {
            value(name, fields);
        } while (json.accept(','));
        json.expect(']');
    }

    private void value(String name, List<Header> fields) throws ContractViolationException {
        json.string();
        requireRoomFor(json.stringLength());
        bytes += json.stringLength();
        String value = trim(json.text());
        for (int i = 0; i < value.length(); i++) {
            char character = value.charAt(i);
            if ((character < 0x20 && character != '\t') || character == 0x7f || character > 0xff) {
                throw json.stringViolation("a field value of visible characters up to U+00FF (RFC 9110, 5.5)");
            }
        }
        // The name counts for each value, as each becomes a field line of its own.
        count(name.length());
        if (Ascii.equalsIgnoreCase(name, "connection")) {
            for (String option : value.split(",", -1)) {
                connectionOptions.add(trim(option).toLowerCase(Locale.ROOT));
            }
        }
        fields.add(new Header(name, value));
    }

    private void count(int nameBytes) throws ContractViolationException {
        requireRoomFor(nameBytes);
        bytes += nameBytes;
        if (lines == MAX_HEADERS) {
            throw json.violation("found more field lines than the " + MAX_HEADERS + " allowed");
        }
        lines++;
    }

    private void requireRoomFor(int more) throws ContractViolationException {
        if (more > MAX_HEADER_BYTES - bytes) {
            throw json.violation("found more header bytes than the " + MAX_HEADER_BYTES + " allowed");
        }
    }

    private static boolean isToken(String name) {
        for (int i = 0; i < name.length(); i++) {
            char character = name.charAt(i);
            boolean alphanumeric = character >= '0' && character <= '9'
                    || character >= 'a' && character <= 'z'
                    || character >= 'A' && character <= 'Z';
            if (!alphanumeric && "!#$%&'*+-.^_`|~".indexOf(character) < 0) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    /** Without the white space that surrounds a field value (RFC 9110, 5.5). */
    private static String trim(String value) {
        int start = 0;
        int end = value.length();
        while (start < end && (value.charAt(start) == ' ' || value.charAt(start) == '\t')) {
            start++;
        }
        while (end > start && (value.charAt(end - 1) == ' ' || value.charAt(end - 1) == '\t')) {
            end--;
        }
        return value.substring(start, end);
    }
}
