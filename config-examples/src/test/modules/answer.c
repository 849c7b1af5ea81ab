/*
 * Does what a request asks for: writes the value of the field that FIELD names to stdout as it is, or, when that begins with
 * an exclamation mark, ends in the way that follows it. Without the field it writes DEFAULT.
 */
#include "../../../functions/c/envelope.h"

static void put(const char *text, size_t length) {
    if (!envelope_write(STDOUT_FILENO, text, length)) {
        envelope_fail("cannot write the answer");
    }
}

#define PUT(literal) put(literal, sizeof literal - 1)

static void put_body(json_value message, const char *fallback) {
    json_value body = json_member(message, "body");
    json_value encoding = json_member(message, "body_encoding");
    PUT("\"body\":");
    if (body.at == NULL) {
        put(fallback, strlen(fallback));
    } else {
        put(body.at, (size_t)(body.end - body.at));
    }
    if (encoding.at != NULL) {
        PUT(",\"body_encoding\":");
        put(encoding.at, (size_t)(encoding.end - encoding.at));
    }
}

/* The body of the message that is on its way, as the change of that message. */
static void echo(json_value envelope) {
    json_value response = json_member(envelope, "response");
    if (response.at != NULL) {
        PUT("{\"response\":{");
        put_body(response, "\"\"");
    } else {
        PUT("{\"next\":{");
        put_body(envelope, "\"\"");
    }
    PUT("}}");
}

/* The envelope as it was read, as the body of an answer. */
static void show(json_value envelope) {
    PUT("{\"status\":200,\"body\":\"");
    static char escaped[6 * 1024];
    for (const char *at = envelope.at; at < envelope.end;) {
        size_t length = 0;
        while (at < envelope.end && length + 6 <= sizeof escaped) {
            length += json_escape(*at++, escaped + length);
        }
        put(escaped, length);
    }
    PUT("\"}");
}

static void flood(void) {
    static char block[64 * 1024];
    memset(block, 'x', sizeof block);
    for (;;) {
        if (!envelope_write(STDOUT_FILENO, block, sizeof block)) {
            return;
        }
    }
}

static volatile unsigned deepest;

/* What follows the call keeps it from becoming a loop. */
static __attribute__((noinline)) unsigned depth(unsigned level) {
    unsigned below = deepest == ~0u ? 0 : depth(level + 1);
    deepest = level;
    return below + deepest;
}

static void hog(void) {
    for (;;) {
        volatile char *block = malloc(1 << 20);
        if (block == NULL) {
            __builtin_trap();
        }
        block[0] = 1;
    }
}

static void spin(void) {
    for (volatile unsigned turn = 0;; turn++) {
    }
}

static bool is(const char *command, const char *word) {
    return strcmp(command, word) == 0;
}

static void obey(const char *command, json_value envelope) {
    if (is(command, "exit")) {
        PUT("{}");
        _Exit(3);
    } else if (is(command, "trap")) {
        __builtin_trap();
    } else if (is(command, "stack")) {
        _Exit((int)(depth(0) & 1));
    } else if (is(command, "memory")) {
        hog();
    } else if (is(command, "spin")) {
        spin();
    } else if (is(command, "flood")) {
        flood();
    } else if (is(command, "echo")) {
        echo(envelope);
    } else if (is(command, "show")) {
        show(envelope);
    } else if (strncmp(command, "log ", 4) == 0) {
        envelope_write(STDERR_FILENO, command + 4, strlen(command + 4));
        PUT("{}");
    } else if (!is(command, "nothing")) {
        envelope_fail("an unknown command");
    }
}

int main(void) {
    static char answer[64 * 1024];
    json_value envelope = envelope_read();
    json_value field = json_element(json_member(json_member(envelope, "headers"), getenv("FIELD")), 0);
    ptrdiff_t length = json_string(field, answer, sizeof answer - 1);
    if (length < 0) {
        const char *fallback = getenv("DEFAULT");
        if (fallback[0] != '!') {
            put(fallback, strlen(fallback));
        } else {
            obey(fallback + 1, envelope);
        }
    } else if (answer[0] == '!') {
        answer[length] = '\0';
        obey(answer + 1, envelope);
    } else {
        put(answer, (size_t)length);
    }
    return 0;
}
