package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;

/** Reads the members {@code body} and {@code body_encoding} of one object, in any order. */
final class BodyReader {
    private final ByteBuffer output;
    private final JsonCursor json;
    private boolean given;
    private boolean base64;
    private int offset;
    private int length;

    BodyReader(ByteBuffer output, JsonCursor json) {
        this.output = output;
        this.json = json;
    }

    void body() throws ContractViolationException {
        json.string();
        given = true;
        offset = json.stringOffset();
        length = json.stringLength();
    }

    void encoding() throws ContractViolationException {
        json.string();
        base64 = switch (json.word()) {
            case "base64" -> true;
            case "utf8" -> false;
            default -> throw json.stringViolation("the body_encoding \"base64\" or \"utf8\"");
        };
    }

    /** Decodes what was read, in its place. */
    void finish() throws ContractViolationException {
        if (!base64) {
            return;
        }
        int decoded = Base64InPlace.decode(output, output.position() + offset, length);
        if (decoded < 0) {
            throw new ContractViolationException(
                    offset - 1 - decoded, "found a body that is not base64 (RFC 4648, section 4)");
        }
        length = decoded;
    }

    boolean given() {
        return given;
    }

    /** Where it starts, counted from the position of the output. */
    int offset() {
        return offset;
    }

    int length() {
        return length;
    }
}
