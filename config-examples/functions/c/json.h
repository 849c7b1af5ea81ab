/*
 * A JSON reader and writer without allocation, in one header.
 *
 * Reading: json_parse checks a whole text once. What it yields, and what json_member and json_element find inside,
 * are views into that text: they live as long as it does. An absent value has `at == NULL`, and looking something
 * up in it, or in a value of another type, yields an absent value again, so lookups can be chained. Text is
 * expected to be UTF-8 and passed on as it is; nesting deeper than JSON_MAX_DEPTH is refused.
 *
 * Writing: a json_writer appends to a buffer of fixed size. What does not fit is dropped, and `full` says so.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { JSON_MAX_DEPTH = 64 };

/* The text of one value, without the space around it. */
typedef struct {
    const char *at;
    const char *end;
} json_value;

/* ---- Checking. Each function takes the start of something and returns its end, or NULL when it is malformed. ---- */

static inline const char *json_space(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    return at;
}

/* The value of four hexadecimal digits, or -1. */
static inline int json_hex(const char *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static inline const char *json_skip_string(const char *at, const char *end) {
    for (at++; at < end; at++) {
        if (*at == '"') {
            return at + 1;
        }
        if ((unsigned char)*at < 0x20) {
            return NULL;
        }
        if (*at != '\\') {
            continue;
        }
        if (++at == end) {
            return NULL;
        }
        if (*at == 'u') {
            if (end - at < 5 || json_hex(at + 1) < 0) {
                return NULL;
            }
            at += 4;
        } else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) {
            return NULL;
        }
    }
    return NULL;
}

static inline const char *json_skip_digits(const char *at, const char *end) {
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at == start ? NULL : at;
}

static inline const char *json_skip_number(const char *at, const char *end) {
    if (*at == '-') {
        at++;
    }
    if (at < end && *at == '0') {
        at++;
    } else if ((at = json_skip_digits(at, end)) == NULL) {
        return NULL;
    }
    if (at < end && *at == '.' && (at = json_skip_digits(at + 1, end)) == NULL) {
        return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) {
            at++;
        }
        at = json_skip_digits(at, end);
    }
    return at;
}

static inline const char *json_skip_word(const char *at, const char *end, const char *word) {
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && memcmp(at, word, length) == 0 ? at + length : NULL;
}

static inline const char *json_skip_nested(const char *at, const char *end, int depth);

static inline const char *json_skip(const char *at, const char *end, int depth) {
    if (at == end) {
        return NULL;
    }
    switch (*at) {
    case '{':
    case '[':
        return depth == JSON_MAX_DEPTH ? NULL : json_skip_nested(at, end, depth + 1);
    case '"':
        return json_skip_string(at, end);
    case 't':
        return json_skip_word(at, end, "true");
    case 'f':
        return json_skip_word(at, end, "false");
    case 'n':
        return json_skip_word(at, end, "null");
    default:
        return json_skip_number(at, end);
    }
}

static inline const char *json_skip_nested(const char *at, const char *end, int depth) {
    bool object = *at == '{';
    char close = object ? '}' : ']';
    at = json_space(at + 1, end);
    if (at < end && *at == close) {
        return at + 1;
    }
    for (;;) {
        if (object) {
            if (at == end || *at != '"' || (at = json_skip_string(at, end)) == NULL) {
                return NULL;
            }
            at = json_space(at, end);
            if (at == end || *at != ':') {
                return NULL;
            }
            at = json_space(at + 1, end);
        }
        if ((at = json_skip(at, end, depth)) == NULL) {
            return NULL;
        }
        at = json_space(at, end);
        if (at == end || (*at != close && *at != ',')) {
            return NULL;
        }
        if (*at == close) {
            return at + 1;
        }
        at = json_space(at + 1, end);
    }
}

/* ---- Reading ---- */

/* The one value the text holds; absent when the text is not well formed. */
static inline json_value json_parse(const char *text, size_t length) {
    const char *end = text + length;
    const char *at = json_space(text, end);
    const char *after = json_skip(at, end, 0);
    if (after == NULL || json_space(after, end) != end) {
        return (json_value){NULL, NULL};
    }
    return (json_value){at, after};
}

/* ---- Walking. What json_parse has checked is not checked again: from the start of something to its end. ---- */

static inline const char *json_walk_string(const char *at) {
    for (at++; *at != '"'; at++) {
        at += *at == '\\';
    }
    return at + 1;
}

/* A value inside an object or an array. */
static inline const char *json_walk(const char *at) {
    int depth = 0;
    do {
        switch (*at) {
        case '"':
            at = json_walk_string(at);
            break;
        case '{':
        case '[':
            depth++;
            at++;
            break;
        case '}':
        case ']':
            depth--;
            at++;
            break;
        default:
            at++;
            if (depth == 0) {
                while (*at != ',' && *at != '}' && *at != ']' && (unsigned char)*at > ' ') {
                    at++;
                }
            }
        }
    } while (depth > 0);
    return at;
}

/* Decodes one character, or one escape, of a string's content into UTF-8; returns the number of bytes, 1 to 4. */
static inline int json_decode(const char **at, char out[4]) {
    if (**at != '\\') {
        out[0] = *(*at)++; /* a byte of a longer sequence is passed on like any other */
        return 1;
    }
    char escape = (*at)[1];
    *at += 2;
    if (escape != 'u') {
        const char *found = strchr("b\bf\fn\nr\rt\t", escape);
        out[0] = found ? found[1] : escape;
        return 1;
    }
    unsigned code = (unsigned)json_hex(*at);
    *at += 4;
    if (code >= 0xd800 && code < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        unsigned low = (unsigned)json_hex(*at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            *at += 6;
        }
    }
    if (code >= 0xd800 && code < 0xe000) {
        code = 0xfffd; /* half of a surrogate pair is no character */
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    int length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)((0xf00 >> length) | code); /* 110x xxxx, 1110 xxxx or 1111 0xxx */
    return length;
}

/* Decodes a string into the buffer, without a terminator: its length, or -1 when it is no string or does not fit. */
static inline ptrdiff_t json_string(json_value value, char *buffer, size_t capacity) {
    if (value.at == NULL || *value.at != '"') {
        return -1;
    }
    size_t length = 0;
    const char *end = value.end - 1;
    for (const char *at = value.at + 1; at < end;) {
        const char *plain = at;
        while (at < end && *at != '\\') {
            at++;
        }
        char bytes[4];
        size_t run = (size_t)(at - plain);
        size_t count = at < end ? (size_t)json_decode(&at, bytes) : 0;
        if (capacity - length < run + count) {
            return -1;
        }
        memcpy(buffer + length, plain, run);
        memcpy(buffer + length + run, bytes, count);
        length += run + count;
    }
    return (ptrdiff_t)length;
}

/* Whether a value is this string, however it is escaped. */
static inline bool json_equals(json_value value, const char *text) {
    if (value.at == NULL || *value.at != '"') {
        return false;
    }
    size_t left = strlen(text);
    size_t length = (size_t)(value.end - value.at) - 2;
    if (length <= left && memchr(value.at + 1, '\\', length) == NULL) {
        return length == left && memcmp(value.at + 1, text, length) == 0;
    }
    for (const char *at = value.at + 1; at < value.end - 1;) {
        char bytes[4];
        size_t count = (size_t)json_decode(&at, bytes);
        if (count > left || memcmp(text, bytes, count) != 0) {
            return false;
        }
        text += count;
        left -= count;
    }
    return left == 0;
}

/* The first member of this name. */
static inline json_value json_member(json_value object, const char *name) {
    if (object.at != NULL && *object.at == '{') {
        const char *end = object.end;
        const char *at = json_space(object.at + 1, end);
        while (*at == '"') {
            json_value key = {at, json_walk_string(at)};
            at = json_space(json_space(key.end, end) + 1, end); /* past the colon */
            json_value value = {at, json_walk(at)};
            if (json_equals(key, name)) {
                return value;
            }
            at = json_space(value.end, end);
            if (*at == ',') {
                at = json_space(at + 1, end);
            }
        }
    }
    return (json_value){NULL, NULL};
}

/* The element at this index, from 0. */
static inline json_value json_element(json_value array, size_t index) {
    if (array.at != NULL && *array.at == '[') {
        const char *end = array.end;
        const char *at = json_space(array.at + 1, end);
        while (*at != ']') {
            json_value value = {at, json_walk(at)};
            if (index-- == 0) {
                return value;
            }
            at = json_space(value.end, end);
            if (*at == ',') {
                at = json_space(at + 1, end);
            }
        }
    }
    return (json_value){NULL, NULL};
}

/* ---- Writing ---- */

typedef struct {
    char *buffer;
    size_t capacity;
    size_t length;
    bool full;   /* something did not fit */
    bool inside; /* all that is written goes inside a string: JSON in JSON, as in the body of an envelope */
} json_writer;

static inline void json_append(json_writer *writer, const char *bytes, size_t length) {
    if (writer->capacity - writer->length < length) {
        writer->full = true;
        return;
    }
    memcpy(writer->buffer + writer->length, bytes, length);
    writer->length += length;
}

/* The escaped form of one byte of a string's content; returns its length, 1 to 6. */
static inline size_t json_escape(char byte, char out[6]) {
    unsigned char c = (unsigned char)byte;
    if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') {
        out[0] = '\\';
        out[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : byte;
        return 2;
    }
    if (c < 0x20) {
        memcpy(out, "\\u00", 4);
        out[4] = (char)('0' + (c >> 4));
        out[5] = "0123456789abcdef"[c & 15];
        return 6;
    }
    out[0] = byte;
    return 1;
}

/* How many bytes of a string's content, from here on, are their own escaped form. */
static inline size_t json_plain(const char *bytes, size_t length) {
    size_t count = 0;
    while (count < length && (unsigned char)bytes[count] >= 0x20 && bytes[count] != '"' && bytes[count] != '\\') {
        count++;
    }
    return count;
}

/* Writes JSON text as it is. */
static inline void json_put(json_writer *writer, const char *text, size_t length) {
    if (!writer->inside) {
        json_append(writer, text, length);
        return;
    }
    while (length > 0) {
        size_t plain = json_plain(text, length);
        json_append(writer, text, plain);
        text += plain;
        length -= plain;
        if (length > 0) {
            char escaped[6];
            json_append(writer, escaped, json_escape(*text, escaped));
            text++;
            length--;
        }
    }
}

static inline void json_put_text(json_writer *writer, const char *text) {
    json_put(writer, text, strlen(text));
}

/* Writes a value that was read; an absent one as null. */
static inline void json_put_value(json_writer *writer, json_value value) {
    if (value.at == NULL) {
        json_put_text(writer, "null");
    } else {
        json_put(writer, value.at, (size_t)(value.end - value.at));
    }
}

/* Writes the content of a string, without the quotes around it. */
static inline void json_put_content(json_writer *writer, const char *bytes, size_t length) {
    while (length > 0) {
        size_t plain = json_plain(bytes, length);
        json_put(writer, bytes, plain);
        bytes += plain;
        length -= plain;
        if (length > 0) {
            char escaped[6];
            json_put(writer, escaped, json_escape(*bytes, escaped));
            bytes++;
            length--;
        }
    }
}

static inline void json_put_string(json_writer *writer, const char *text) {
    json_put(writer, "\"", 1);
    json_put_content(writer, text, strlen(text));
    json_put(writer, "\"", 1);
}

static inline void json_put_unsigned(json_writer *writer, unsigned long long number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    json_put(writer, digits + at, sizeof digits - at);
}

#endif
