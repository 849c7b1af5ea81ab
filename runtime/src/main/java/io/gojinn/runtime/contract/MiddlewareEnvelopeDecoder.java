package io.gojinn.runtime.contract;

import io.gojinn.runtime.Invocation.Phase;
import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a middleware function wrote: a response envelope, or what is changed in the message. Strict as {@link
 * ResponseEnvelopeDecoder}, and stricter where a message goes on: unknown members are violations there, since one that was meant
 * to stop the message would let it pass.
 */
public final class MiddlewareEnvelopeDecoder {
    private final ByteBuffer output;
    private final JsonCursor json;
    private final String changesMember;
    private final boolean request;

    private MiddlewareEnvelopeDecoder(ByteBuffer output, Phase phase) {
        this.output = output;
        this.json = new JsonCursor(output);
        this.request = phase == Phase.REQUEST;
        this.changesMember = request ? "next" : "response";
    }

    /**
     * Decodes in place, as {@link ResponseEnvelopeDecoder#decode}.
     *
     * @param phase that of a middleware
     * @throws ContractViolationException when it is none of the forms that the phase has; the buffer's content is then
     *     undefined
     */
    public static MiddlewareEnvelope decode(ByteBuffer output, Phase phase) throws ContractViolationException {
        return new MiddlewareEnvelopeDecoder(output, phase).decode();
    }

    private MiddlewareEnvelope decode() throws ContractViolationException {
        ResponseEnvelopeDecoder.ResponseMembers reply = new ResponseEnvelopeDecoder.ResponseMembers(output, json);
        MessageChanges changes = null;
        boolean unknown = false;
        if (json.peek() < 0) {
            throw json.violation("found it empty, expected an envelope");
        }
        json.expect('{');
        if (!json.accept('}')) {
            do {
                json.string();
                String name = json.word();
                if (name.equals(changesMember)) {
                    if (changes != null) {
                        throw json.stringViolation("each member once");
                    }
                    json.expect(':');
                    changes = changes();
                } else {
                    unknown |= !reply.read(name);
                }
            } while (json.accept(','));
            json.expect('}');
        }
        json.expectEnd();
        if (!reply.any() && !unknown) {
            return changes == null ? MessageChanges.NONE : changes;
        }
        if (changes != null || !reply.hasStatus()) {
            throw json.violation("found members that belong to neither form, expected {}, \"" + changesMember
                    + "\", or a response envelope with its status");
        }
        return reply.finish();
    }

    private MessageChanges changes() throws ContractViolationException {
        if (json.acceptNull()) {
            return MessageChanges.NONE;
        }
        FieldsReader fields = new FieldsReader(json);
        BodyReader body = new BodyReader(output, json);
        Set<String> seen = new HashSet<>();
        String method = null;
        String uri = null;
        int status = 0;
        FieldChanges headers = FieldChanges.none();
        json.expect('{');
        if (!json.accept('}')) {
            do {
                String name = member(seen);
                switch (name) {
                    case "method" -> method = requestOnly(name);
                    case "uri" -> uri = requestOnly(name);
                    case "status" -> status = status();
                    case "headers" -> headers = headers(fields);
                    case "body" -> body.body();
                    case "body_encoding" -> body.encoding();
                    default -> throw unknown();
                }
            } while (json.accept(','));
            json.expect('}');
        }
        body.finish();
        fields.dropHopByHop(headers.set);
        fields.dropHopByHop(headers.add);
        headers.remove.removeIf(fields::isHopByHop);
        return new MessageChanges(
                method,
                uri,
                status,
                headers.set,
                headers.add,
                headers.remove,
                body.given(),
                body.offset(),
                body.length());
    }

    private String member(Set<String> seen) throws ContractViolationException {
        json.string();
        String name = json.word();
        if (!seen.add(name)) {
            throw json.stringViolation("each member once");
        }
        json.expect(':');
        return name;
    }

    private @Nullable String requestOnly(String member) throws ContractViolationException {
        if (!request) {
            throw json.violation("found \"" + member + "\" in the response phase");
        }
        json.string();
        return json.text();
    }

    private int status() throws ContractViolationException {
        if (request) {
            throw json.violation("found \"status\" in \"next\", which is a request");
        }
        return ResponseEnvelopeDecoder.status(json);
    }

    private ContractViolationException unknown() {
        return json.violation("found an unknown member of \"" + changesMember + "\"");
    }

    private record FieldChanges(List<Header> set, List<Header> add, List<String> remove) {
        static FieldChanges none() {
            return new FieldChanges(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }
    }

    private FieldChanges headers(FieldsReader fields) throws ContractViolationException {
        if (json.acceptNull()) {
            return FieldChanges.none();
        }
        FieldChanges changes = FieldChanges.none();
        Set<String> seen = new HashSet<>();
        json.expect('{');
        if (json.accept('}')) {
            return changes;
        }
        do {
            changes = switch (member(seen)) {
                case "set" -> new FieldChanges(fields.fields(), changes.add, changes.remove);
                case "add" -> new FieldChanges(changes.set, fields.fields(), changes.remove);
                case "remove" -> new FieldChanges(changes.set, changes.add, fields.names());
                default -> throw json.violation("found an unknown member of \"headers\", expected set, add or remove");
            };
        } while (json.accept(','));
        json.expect('}');
        return changes;
    }
}
