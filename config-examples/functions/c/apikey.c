/*
 * Middleware for requests: who shows a key of KEYS ("name=key name=key") in X-Api-Key goes on as X-User, without the key;
 * anybody else gets 401. Every key is compared to its end, so that the time that takes says nothing of how much was right.
 *
 * A reactor: the environment, which is the same for all requests, is asked for once, when the module is prepared.
 */
#include "envelope.h"

static const char *keys;

__attribute__((constructor)) static void read_keys(void) {
    keys = getenv("KEYS");
}

static bool same(const char *one, const char *other, size_t length) {
    unsigned char difference = 0;
    for (size_t i = 0; i < length; i++) {
        difference |= (unsigned char)(one[i] ^ other[i]);
    }
    return difference == 0;
}

/* Writes the name that a key stands for; false when there is none. */
static bool user_of(const char *shown, size_t length, char name[64]) {
    bool found = false;
    for (const char *at = keys; at != NULL && *at != '\0';) {
        size_t entry = strcspn(at, " ");
        const char *equals = memchr(at, '=', entry);
        if (equals != NULL) {
            size_t name_length = (size_t)(equals - at);
            size_t key_length = entry - name_length - 1;
            if (key_length == length && name_length < 64 && same(equals + 1, shown, length)) {
                memcpy(name, at, name_length);
                name[name_length] = '\0';
                found = true;
            }
        }
        at += entry + strspn(at + entry, " ");
    }
    return found;
}

__attribute__((export_name("gojinn_handle"))) void gojinn_handle(void) {
    static char key[256], user[64], buffer[512];
    json_value request = envelope_read();
    json_value shown = json_member(json_member(request, "headers"), "X-Api-Key");
    ptrdiff_t length = json_string(json_element(shown, 0), key, sizeof key);
    json_writer answer = {.buffer = buffer, .capacity = sizeof buffer};
    if (length > 0 && json_element(shown, 1).at == NULL && user_of(key, (size_t)length, user)) {
        json_put_text(&answer, "{\"next\":{\"headers\":{\"remove\":[\"X-Api-Key\"],\"set\":{\"X-User\":");
        json_put_string(&answer, user);
        json_put_text(&answer, "}}}}");
    } else {
        json_put_text(&answer, "{\"status\":401,\"headers\":{\"WWW-Authenticate\":\"ApiKey\"}}");
    }
    if (answer.full || !envelope_write(STDOUT_FILENO, answer.buffer, answer.length)) {
        envelope_fail("cannot write the answer");
    }
}
