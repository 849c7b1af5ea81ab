/*
 * The two ends of a function: the request envelope from stdin, the response envelope to stdout.
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    ENVELOPE_USUAL_BYTES = 4 * 1024, /* little, so that all that a usual request writes lies together: that is cheap to reset */
    ENVELOPE_MAX_BYTES = 64 * 1024 * 1024
};

/* Writes all these bytes; false when the host refuses. */
static inline bool envelope_write(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = write(fd, bytes, length);
        if (count <= 0) {
            return false;
        }
        bytes += count;
        length -= (size_t)count;
    }
    return true;
}

/* Ends the program with exit code 1, which the client sees as a 500; the reason goes to the log. */
static inline _Noreturn void envelope_fail(const char *reason) {
    envelope_write(STDERR_FILENO, reason, strlen(reason));
    envelope_write(STDERR_FILENO, "\n", 1);
    _Exit(1);
}

/*
 * Reads the request envelope to its end. What it returns is valid until the function ends. The host has written it, so that it
 * is well formed is not checked; a body inside is the client's, and json_parse checks it.
 */
static inline json_value envelope_read(void) {
    static char usual[ENVELOPE_USUAL_BYTES];
    char *buffer = usual;
    size_t capacity = sizeof usual;
    size_t length = 0;
    for (;;) {
        size_t room = capacity - length;
        ssize_t count = read(STDIN_FILENO, buffer + length, room);
        if (count < 0) {
            envelope_fail("cannot read the request");
        }
        length += (size_t)count;
        if ((size_t)count < room) {
            break; /* the contract: a short read is the last */
        }
        if (length == capacity) {
            char *larger = capacity > ENVELOPE_MAX_BYTES / 2 ? NULL : realloc(buffer == usual ? NULL : buffer, capacity * 2);
            if (larger == NULL) {
                envelope_fail("the request is too long");
            }
            if (buffer == usual) {
                memcpy(larger, usual, length);
            }
            buffer = larger;
            capacity *= 2;
        }
    }
    const char *end = buffer + length;
    const char *at = json_space(buffer, end);
    while (end > at && (unsigned char)end[-1] <= ' ') {
        end--;
    }
    if (end - at < 2 || *at != '{' || end[-1] != '}') {
        envelope_fail("the request is no JSON object");
    }
    return (json_value){at, end};
}

/* Begins an answer whose body is JSON: whatever is written until envelope_end goes into the body. */
static inline void envelope_begin(json_writer *answer, unsigned status) {
    json_put_text(answer, "{\"status\":");
    json_put_unsigned(answer, status);
    json_put_text(answer, ",\"headers\":{\"Content-Type\":[\"application/json\"]},\"body\":\"");
    answer->inside = true;
}

/* Ends an answer and sends it; false, with nothing sent, when it did not fit into the writer's buffer. */
static inline bool envelope_end(json_writer *answer) {
    answer->inside = false;
    json_put_text(answer, "\"}");
    return !answer->full && envelope_write(STDOUT_FILENO, answer->buffer, answer->length);
}

#endif
