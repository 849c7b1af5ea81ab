package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * Writes request envelopes: what a function reads from stdin.
 *
 * <p>Stateless; any thread. Everything but the body is bounded by what the listener let through.
 */
public final class RequestEnvelopeEncoder {
    /** What comes before or after a body takes besides the uri, as a rule. */
    private static final int USUAL_BYTES = 1_024;

    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    private static final byte[] METHOD = Ascii.bytes("{\"method\":");
    private static final byte[] URI = Ascii.bytes(",\"uri\":");
    private static final byte[] HEADERS = Ascii.bytes(",\"headers\":");
    private static final byte[] BODY = Ascii.bytes(",\"body\":");
    private static final byte[] BASE64 = Ascii.bytes(",\"body_encoding\":\"base64\"");
    private static final byte[] TRACE_ID = Ascii.bytes(",\"trace_id\":");
    private static final byte[] VERSION_AND_SCHEME = Ascii.bytes(",\"version\":1,\"scheme\":");
    private static final byte[] HOST = Ascii.bytes(",\"host\":");
    private static final byte[] PATH = Ascii.bytes(",\"path\":");
    private static final byte[] QUERY = Ascii.bytes(",\"query\":");
    private static final byte[] PARAMS = Ascii.bytes(",\"params\":");
    private static final byte[] REMOTE_ADDRESS = Ascii.bytes(",\"remote_addr\":");
    private static final byte[] ROUTE = Ascii.bytes(",\"route\":");
    private static final byte[] TENANT = Ascii.bytes(",\"tenant\":");
    private static final byte[] REQUEST_PHASE = Ascii.bytes(",\"phase\":\"request\"}");
    private static final byte[] END = Ascii.bytes("}}");
    private static final byte[] RESPONSE_PHASE = Ascii.bytes(",\"phase\":\"response\",\"response\":{\"status\":");

    private RequestEnvelopeEncoder() {}

    /**
     * Writes an envelope from the target's position on.
     *
     * @param target where to write; its limit is where room ends
     * @param growth called when the envelope does not fit
     * @return the target, or what growth made of it, with the envelope from position to limit
     */
    public static ByteBuffer encode(RequestEnvelope request, ByteBuffer target, GrowableBuffer growth) {
        int start = target.position();
        JsonWriter writer = new JsonWriter(target, growth);
        RequestEnvelope.Response response = request.response();
        BodyWriter body = new BodyWriter(writer, request.body());
        BodyWriter responseBody = response == null ? null : new BodyWriter(writer, response.body());
        long responseBytes = responseBody == null ? 0 : USUAL_BYTES + responseBody.textBytes();
        long afterBody = USUAL_BYTES + 2L * request.uri().length() + responseBytes;
        reserve(writer, USUAL_BYTES + request.uri().length() + body.textBytes() + afterBody);

        field(writer, METHOD, request.method());
        field(writer, URI, request.uri());
        writer.raw(HEADERS);
        headers(writer, request.headers());
        body(writer, body, afterBody);
        field(writer, TRACE_ID, request.traceId());
        field(writer, VERSION_AND_SCHEME, request.scheme());
        field(writer, HOST, request.host());
        field(writer, PATH, request.path());
        writer.raw(QUERY);
        query(writer, QueryParameters.parse(request.query()));
        writer.raw(PARAMS);
        params(writer, request.params());
        field(writer, REMOTE_ADDRESS, request.remoteAddress());
        field(writer, ROUTE, request.route());
        String tenant = request.tenant();
        if (tenant != null) {
            field(writer, TENANT, tenant);
        }
        if (response == null || responseBody == null) {
            writer.raw(REQUEST_PHASE);
        } else {
            writer.raw(RESPONSE_PHASE);
            writer.raw(Ascii.bytes(Integer.toString(response.status())));
            writer.raw(HEADERS);
            headers(writer, response.headers());
            body(writer, responseBody, END.length);
            writer.raw(END);
        }

        ByteBuffer written = writer.buffer();
        return written.limit(written.position()).position(start);
    }

    private static void reserve(JsonWriter writer, long bytes) {
        writer.reserve((int) Math.min(bytes, MOST_BYTES - writer.buffer().position()));
    }

    private static void headers(
            JsonWriter writer, Iterable<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> fields) {
        HeaderGroups headers = new HeaderGroups();
        headers.addAll(fields);
        headers.write(writer);
    }

    private static void field(JsonWriter writer, byte[] name, String value) {
        writer.raw(name);
        writer.string(value);
    }

    /**
     * Writes a body, for which and for what follows there is room before, so that it is copied once.
     *
     * @param after how many bytes follow, as a rule
     */
    private static void body(JsonWriter writer, BodyWriter body, long after) {
        writer.raw(BODY);
        reserve(writer, body.textBytes() + after);
        if (!body.text()) {
            reserve(writer, body.base64Bytes() + BASE64.length + after);
            body.base64();
            writer.raw(BASE64);
        }
    }

    private static void query(JsonWriter writer, Map<String, List<String>> parameters) {
        writer.raw('{');
        boolean first = true;
        for (Map.Entry<String, List<String>> parameter : parameters.entrySet()) {
            if (!first) {
                writer.raw(',');
            }
            first = false;
            writer.string(parameter.getKey());
            writer.raw(':');
            writer.strings(parameter.getValue());
        }
        writer.raw('}');
    }

    private static void params(JsonWriter writer, Map<String, String> params) {
        writer.raw('{');
        boolean first = true;
        for (Map.Entry<String, String> param : params.entrySet()) {
            if (!first) {
                writer.raw(',');
            }
            first = false;
            writer.string(param.getKey());
            writer.raw(':');
            writer.string(param.getValue());
        }
        writer.raw('}');
    }
}
