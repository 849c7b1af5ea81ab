/*
 * Middleware for requests: features that are on for a user, as X-Features for whoever answers. FLAGS says for how many of a
 * hundred users each one is on ("search=100 checkout=25"); a user stays on one side of it, whichever node it meets.
 */
#include "envelope.h"

static unsigned hash(unsigned hash, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 16777619u; /* FNV-1a */
    }
    return hash;
}

int main(void) {
    static char user[256], buffer[2048];
    json_value request = envelope_read();
    ptrdiff_t length = json_string(
        json_element(json_member(json_member(request, "headers"), "X-User"), 0), user, sizeof user);
    if (length < 0) {
        length = json_string(json_member(request, "remote_addr"), user, sizeof user);
    }
    json_writer answer = {.buffer = buffer, .capacity = sizeof buffer};
    json_put_text(&answer, "{\"next\":{\"headers\":{\"set\":{\"X-Features\":\"");
    bool any = false;
    for (const char *at = getenv("FLAGS"); at != NULL && *at != '\0';) {
        size_t entry = strcspn(at, " ");
        size_t name = strcspn(at, "=");
        unsigned side = hash(hash(2166136261u, at, name), user, length < 0 ? 0 : (size_t)length);
        if (name < entry && (side ^ side >> 16) % 100 < (unsigned)atoi(at + name + 1)) {
            json_put_text(&answer, any ? "," : "");
            json_put_content(&answer, at, name);
            any = true;
        }
        at += entry + strspn(at + entry, " ");
    }
    json_put_text(&answer, "\"}}}}");
    return !answer.full && envelope_write(STDOUT_FILENO, answer.buffer, answer.length) ? 0 : 1;
}
