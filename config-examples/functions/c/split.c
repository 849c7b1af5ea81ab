/*
 * Middleware for both phases: sends one of two users to /b, the others to /a, and lets them stay there by a cookie.
 */
#include "envelope.h"

#include <wasi/api.h>

static json_value field(json_value message, const char *name) {
    return json_element(json_member(json_member(message, "headers"), name), 0);
}

/* The variant that a cookie names, or 0. */
static char chosen(json_value request) {
    static char cookies[4096];
    ptrdiff_t length = json_string(field(request, "Cookie"), cookies, sizeof cookies - 1);
    if (length < 0) {
        return 0;
    }
    cookies[length] = '\0';
    for (const char *at = cookies; at != NULL; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (strncmp(at, "variant=", 8) == 0 && (at[8] == 'a' || at[8] == 'b')) {
            return at[8];
        }
    }
    return 0;
}

static char drawn(void) {
    unsigned char random;
    return __wasi_random_get(&random, 1) == 0 && random & 1 ? 'b' : 'a';
}

int main(void) {
    static char buffer[16 * 1024], uri[8 * 1024];
    json_value envelope = envelope_read();
    json_writer answer = {.buffer = buffer, .capacity = sizeof buffer};
    if (json_equals(json_member(envelope, "phase"), "request")) {
        char variant[] = {chosen(envelope), '\0'};
        if (variant[0] == 0) {
            variant[0] = drawn();
        }
        ptrdiff_t length = json_string(json_member(envelope, "uri"), uri, sizeof uri);
        if (length < 0) {
            envelope_fail("the target is too long");
        }
        json_put_text(&answer, "{\"next\":{\"uri\":\"/");
        json_put_text(&answer, variant);
        json_put_content(&answer, uri, (size_t)length);
        json_put_text(&answer, "\",\"headers\":{\"set\":{\"X-Variant\":\"");
        json_put_text(&answer, variant);
        json_put_text(&answer, "\"}}}}");
    } else {
        /* The request is told as it went on, with what the request phase has set. */
        json_put_text(&answer, "{\"response\":{\"headers\":{\"add\":{\"Set-Cookie\":\"variant=");
        json_put_text(&answer, json_equals(field(envelope, "X-Variant"), "b") ? "b" : "a");
        json_put_text(&answer, "; Path=/; HttpOnly; SameSite=Lax\"}}}}");
    }
    return !answer.full && envelope_write(STDOUT_FILENO, answer.buffer, answer.length) ? 0 : 1;
}
