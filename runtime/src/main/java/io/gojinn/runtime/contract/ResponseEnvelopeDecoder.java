package io.gojinn.runtime.contract;

import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads what a function wrote. Strict: whatever the contract does not allow is a violation, never repaired. */
public final class ResponseEnvelopeDecoder {
    private static final int MIN_STATUS = 200;
    private static final int MAX_STATUS = 599;

    private ResponseEnvelopeDecoder() {}

    /**
     * Decodes an envelope in place: the bytes of its body are moved together inside the buffer, and nothing is copied when
     * the body has no escapes.
     *
     * @param output read and changed from position to limit; neither is moved
     * @throws ContractViolationException when it is no valid envelope; the buffer's content is then undefined
     */
    public static ResponseEnvelope decode(ByteBuffer output) throws ContractViolationException {
        JsonCursor json = new JsonCursor(output);
        ResponseMembers members = new ResponseMembers(output, json);
        if (json.peek() < 0) {
            throw json.violation("found it empty, expected a response envelope");
        }
        json.expect('{');
        if (!json.accept('}')) {
            do {
                json.string();
                members.read(json.word());
            } while (json.accept(','));
            json.expect('}');
        }
        json.expectEnd();
        return members.finish();
    }

    static int status(JsonCursor json) throws ContractViolationException {
        int offset = json.offset();
        int status = json.wholeNumber();
        if (status < MIN_STATUS || status > MAX_STATUS) {
            throw json.violation(offset, "a final status, an integer from 200 to 599");
        }
        return status;
    }

    /** The members of a response envelope, as they come. */
    static final class ResponseMembers {
        private final JsonCursor json;
        private final FieldsReader fields;
        private final BodyReader body;
        private final Set<String> seen = new HashSet<>();
        private List<Header> headers = new ArrayList<>();
        private int status;

        ResponseMembers(ByteBuffer output, JsonCursor json) {
            this.json = json;
            this.fields = new FieldsReader(json);
            this.body = new BodyReader(output, json);
        }

        /** Reads the value of a member whose name was just read; false when it is unknown, and skipped. */
        boolean read(String name) throws ContractViolationException {
            boolean known = switch (name) {
                case "status", "headers", "body", "body_encoding" -> true;
                default -> false;
            };
            if (known && !seen.add(name)) {
                throw json.stringViolation("each member once");
            }
            json.expect(':');
            switch (name) {
                case "status" -> status = status(json);
                case "headers" -> headers = fields.fields();
                case "body" -> body.body();
                case "body_encoding" -> body.encoding();
                default -> json.skip();
            }
            return known;
        }

        /** Whether there was any of them. */
        boolean any() {
            return !seen.isEmpty();
        }

        boolean hasStatus() {
            return seen.contains("status");
        }

        ResponseEnvelope finish() throws ContractViolationException {
            if (!hasStatus()) {
                throw json.violation("found no member \"status\"");
            }
            body.finish();
            fields.dropHopByHop(headers);
            return new ResponseEnvelope(status, headers, body.offset(), body.length());
        }
    }
}
