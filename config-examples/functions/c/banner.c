/*
 * Middleware for responses, with bodies: puts BANNER in front of the end of every HTML page.
 */
#include "envelope.h"

#define END "</body>"

static void put(const char *text, size_t length) {
    if (!envelope_write(STDOUT_FILENO, text, length)) {
        envelope_fail("cannot write the answer");
    }
}

static void put_text(const char *text) {
    put(text, strlen(text));
}

int main(void) {
    json_value response = json_member(envelope_read(), "response");
    json_value type = json_element(json_member(json_member(response, "headers"), "Content-Type"), 0);
    json_value body = json_member(response, "body");
    const char *banner = getenv("BANNER");
    bool html = type.at != NULL && type.end - type.at > 10 && memcmp(type.at, "\"text/html", 10) == 0;
    /* The body is never decoded: what is looked for stands in it as it is, but for a slash that need not be escaped. */
    const char *end = NULL;
    for (const char *at = body.at; html && at != NULL && (size_t)(body.end - at) >= sizeof END - 1; at++) {
        if (memcmp(at, END, sizeof END - 1) == 0) {
            end = at;
        }
    }
    if (end == NULL || banner == NULL || json_member(response, "body_encoding").at != NULL) {
        put_text("{}");
        return 0;
    }
    static char escaped[8 * 1024];
    json_writer writer = {.buffer = escaped, .capacity = sizeof escaped};
    json_put_content(&writer, banner, strlen(banner));
    if (writer.full) {
        envelope_fail("BANNER is too long");
    }
    put_text("{\"response\":{\"body\":");
    put(body.at, (size_t)(end - body.at));
    put(escaped, writer.length);
    put(end, (size_t)(body.end - end));
    put_text("}}");
    return 0;
}
