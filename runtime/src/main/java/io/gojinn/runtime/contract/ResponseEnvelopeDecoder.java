package io.gojinn.runtime.contract;

import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads what a function wrote. Strict: whatever the contract does not allow is a violation, never repaired. */
public final class ResponseEnvelopeDecoder {
    /** The most field lines of a response. */
    static final int MAX_HEADERS = 1_000;

    /** The most bytes of all names and values together. */
    static final int MAX_HEADER_BYTES = 64 << 10;

    /** Of the names and values that mean something here. */
    private static final int LONGEST_WORD = 16;

    private static final int MIN_STATUS = 200;
    private static final int MAX_STATUS = 599;

    /** Fields that describe the connection or the framing, which are the proxy's (RFC 9110, 7.6.1 and 8.6). */
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "transfer-encoding",
            "te",
            "trailer",
            "upgrade",
            "content-length");

    private final ByteBuffer output;
    private final JsonCursor json;
    private final Set<String> seen = new HashSet<>();
    private final List<Header> headers = new ArrayList<>();
    private final Set<String> connectionOptions = new HashSet<>();
    private int headerBytes;
    private int status;
    private int bodyOffset;
    private int bodyLength;
    private boolean base64;

    private ResponseEnvelopeDecoder(ByteBuffer output) {
        this.output = output;
        this.json = new JsonCursor(output);
    }

    /**
     * Decodes an envelope in place: the bytes of its body are moved together inside the buffer, and nothing is copied when
     * the body has no escapes.
     *
     * @param output read and changed from position to limit; neither is moved
     * @throws ContractViolationException when it is no valid envelope; the buffer's content is then undefined
     */
    public static ResponseEnvelope decode(ByteBuffer output) throws ContractViolationException {
        return new ResponseEnvelopeDecoder(output).decode();
    }

    private ResponseEnvelope decode() throws ContractViolationException {
        if (json.peek() < 0) {
            throw json.violation("found it empty, expected a response envelope");
        }
        json.expect('{');
        if (!json.accept('}')) {
            do {
                member();
            } while (json.accept(','));
            json.expect('}');
        }
        if (json.peek() >= 0) {
            throw json.unexpected("nothing after the envelope");
        }
        if (!seen.contains("status")) {
            throw json.violation("found no member \"status\"");
        }
        if (base64) {
            decodeBody();
        }
        headers.removeIf(header -> isHopByHop(header.name().toLowerCase(Locale.ROOT)));
        return new ResponseEnvelope(status, headers, bodyOffset, bodyLength);
    }

    private void member() throws ContractViolationException {
        json.string();
        String name = word();
        boolean known = switch (name) {
            case "status", "headers", "body", "body_encoding" -> true;
            default -> false;
        };
        if (known && !seen.add(name)) {
            throw json.stringViolation("each member once");
        }
        json.expect(':');
        switch (name) {
            case "status" -> status();
            case "headers" -> headers();
            case "body" -> body();
            case "body_encoding" -> encoding();
            default -> json.skip();
        }
    }

    /** The string read last, or nothing when it is too long to mean anything. */
    private String word() {
        return json.stringLength() > LONGEST_WORD ? "" : json.text();
    }

    private void status() throws ContractViolationException {
        int offset = json.offset();
        status = json.wholeNumber();
        if (status < MIN_STATUS || status > MAX_STATUS) {
            throw json.violation(offset, "a final status, an integer from 200 to 599");
        }
    }

    private void body() throws ContractViolationException {
        json.string();
        bodyOffset = json.stringOffset();
        bodyLength = json.stringLength();
    }

    private void encoding() throws ContractViolationException {
        json.string();
        base64 = switch (word()) {
            case "base64" -> true;
            case "utf8" -> false;
            default -> throw json.stringViolation("the body_encoding \"base64\" or \"utf8\"");
        };
    }

    private void decodeBody() throws ContractViolationException {
        int decoded = Base64InPlace.decode(output, output.position() + bodyOffset, bodyLength);
        if (decoded < 0) {
            throw new ContractViolationException(
                    bodyOffset - 1 - decoded, "found a body that is not base64 (RFC 4648, section 4)");
        }
        bodyLength = decoded;
    }

    private void headers() throws ContractViolationException {
        json.expect('{');
        if (json.accept('}')) {
            return;
        }
        do {
            json.string();
            requireRoomFor(json.stringLength());
            String name = json.text();
            if (!isToken(name)) {
                throw json.stringViolation("a field name, which is a token (RFC 9110, 5.6.2)");
            }
            json.expect(':');
            if (json.accept('[')) {
                values(name);
            } else {
                header(name);
            }
        } while (json.accept(','));
        json.expect('}');
    }

    private void requireRoomFor(int bytes) throws ContractViolationException {
        if (bytes > MAX_HEADER_BYTES - headerBytes) {
            throw json.violation("found more header bytes than the " + MAX_HEADER_BYTES + " allowed");
        }
    }

    private void values(String name) throws ContractViolationException {
        if (json.accept(']')) {
            return;
        }
        do {
            header(name);
        } while (json.accept(','));
        json.expect(']');
    }

    private void header(String name) throws ContractViolationException {
        json.string();
        // The name counts for each value, as each becomes a field line of its own.
        requireRoomFor(json.stringLength());
        headerBytes += json.stringLength();
        requireRoomFor(name.length());
        headerBytes += name.length();
        String value = trim(json.text());
        for (int i = 0; i < value.length(); i++) {
            char character = value.charAt(i);
            if ((character < 0x20 && character != '\t') || character == 0x7f || character > 0xff) {
                throw json.stringViolation("a field value of visible characters up to U+00FF (RFC 9110, 5.5)");
            }
        }
        if (headers.size() == MAX_HEADERS) {
            throw json.violation("found more field lines than the " + MAX_HEADERS + " allowed");
        }
        if (Ascii.equalsIgnoreCase(name, "connection")) {
            for (String option : value.split(",", -1)) {
                connectionOptions.add(trim(option).toLowerCase(Locale.ROOT));
            }
        }
        headers.add(new Header(name, value));
    }

    private boolean isHopByHop(String name) {
        return HOP_BY_HOP.contains(name) || connectionOptions.contains(name);
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
