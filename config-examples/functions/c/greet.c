/*
 * A command that greets: GET /?name=Ada answers {"message":"Hello, Ada!", ...}.
 *
 * GREETING and GREETING_NAME in the function's environment replace "Hello" and the name used when none is given.
 */
#include "envelope.h"

static const char *environment(const char *name, const char *fallback) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : fallback;
}

int main(void) {
    json_value request = envelope_read();

    static char given[1024];
    const char *name = environment("GREETING_NAME", "world");
    size_t name_length = strlen(name);
    json_value wanted = json_element(json_member(json_member(request, "query"), "name"), 0);
    if (wanted.at != NULL) {
        ptrdiff_t length = json_string(wanted, given, sizeof given);
        if (length < 0) {
            static const char refusal[] = "{\"status\":400,\"headers\":{\"Content-Type\":[\"application/json\"]},"
                                          "\"body\":\"{\\\"error\\\":\\\"the name is too long\\\"}\"}";
            return envelope_write(STDOUT_FILENO, refusal, sizeof refusal - 1) ? 0 : 1;
        }
        name = given;
        name_length = (size_t)length;
    }

    static char buffer[16 * 1024];
    json_writer answer = {.buffer = buffer, .capacity = sizeof buffer};
    const char *greeting = environment("GREETING", "Hello");
    envelope_begin(&answer, 200);
    json_put_text(&answer, "{\"message\":\"");
    json_put_content(&answer, greeting, strlen(greeting));
    json_put_text(&answer, ", ");
    json_put_content(&answer, name, name_length);
    json_put_text(&answer, "!\",\"method\":");
    json_put_value(&answer, json_member(request, "method"));
    json_put_text(&answer, ",\"path\":");
    json_put_value(&answer, json_member(request, "path"));
    json_put_text(&answer, ",\"language\":\"C\"}");
    if (!envelope_end(&answer)) {
        envelope_fail("the answer is too long");
    }
    return 0;
}
