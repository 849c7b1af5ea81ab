/*
 * A reactor that answers with the request's body, text or binary, under the same content type.
 *
 * The body is never decoded: a JSON string taken from the request, base64 or not, is a JSON string of the answer.
 */
#include "envelope.h"

static void put(const char *text, size_t length) {
    if (!envelope_write(STDOUT_FILENO, text, length)) {
        envelope_fail("cannot write the answer");
    }
}

static void put_value(json_value value, const char *fallback) {
    if (value.at != NULL && *value.at == '"') {
        put(value.at, (size_t)(value.end - value.at));
    } else {
        put(fallback, strlen(fallback));
    }
}

#define PUT(literal) put(literal, sizeof literal - 1)

__attribute__((export_name("gojinn_handle"))) void gojinn_handle(void) {
    json_value request = envelope_read();
    json_value type = json_element(json_member(json_member(request, "headers"), "Content-Type"), 0);
    json_value encoding = json_member(request, "body_encoding");

    PUT("{\"status\":200,\"headers\":{\"Content-Type\":[");
    put_value(type, "\"application/octet-stream\"");
    PUT("]},\"body\":");
    put_value(json_member(request, "body"), "\"\"");
    if (encoding.at != NULL) {
        PUT(",\"body_encoding\":");
        put_value(encoding, "\"\"");
    }
    PUT("}");
}
