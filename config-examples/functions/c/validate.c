/*
 * Middleware for requests, with bodies: a payload that is no order is answered with 422 and what is wrong with it.
 *
 * An order is a JSON object with a string "item", not empty, and a whole number "quantity" from 1 to 99.
 */
#include "envelope.h"

static bool is_item(json_value value) {
    return value.at != NULL && *value.at == '"' && value.end - value.at > 2;
}

static bool is_quantity(json_value value) {
    ptrdiff_t digits = value.at == NULL ? 0 : value.end - value.at;
    if (digits < 1 || digits > 2 || *value.at == '0') {
        return false;
    }
    for (const char *at = value.at; at < value.end; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
    }
    return true;
}

static int refuse(const char *problem) {
    static char buffer[1024];
    json_writer answer = {.buffer = buffer, .capacity = sizeof buffer};
    envelope_begin(&answer, 422);
    json_put_text(&answer, "{\"problem\":");
    json_put_string(&answer, problem);
    json_put_text(&answer, "}");
    return envelope_end(&answer) ? 0 : 1;
}

int main(void) {
    static char payload[16 * 1024];
    json_value request = envelope_read();
    ptrdiff_t length = json_string(json_member(request, "body"), payload, sizeof payload);
    if (length < 0 || json_member(request, "body_encoding").at != NULL) {
        return refuse("the payload is too long, or no text");
    }
    json_value order = json_parse(payload, (size_t)length);
    if (order.at == NULL || *order.at != '{') {
        return refuse("the payload is no JSON object");
    }
    if (!is_item(json_member(order, "item"))) {
        return refuse("item is no text");
    }
    if (!is_quantity(json_member(order, "quantity"))) {
        return refuse("quantity is no number from 1 to 99");
    }
    return envelope_write(STDOUT_FILENO, "{}", 2) ? 0 : 1;
}
