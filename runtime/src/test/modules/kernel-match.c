// Benchmark kernel, branches: one iteration matches five patterns against five texts by backtracking.
#include "kernel.h"

#include <stdbool.h>

static bool matches_here(const char *pattern, const char *text);

static bool matches_char(char wanted, char c) {
    return c != '\0' && (wanted == '.' || wanted == c);
}

static bool matches_star(char repeated, const char *rest, const char *text) {
    do {
        if (matches_here(rest, text)) {
            return true;
        }
    } while (matches_char(repeated, *text++));
    return false;
}

static bool matches_here(const char *pattern, const char *text) {
    for (;; pattern++, text++) {
        if (pattern[0] == '\0') {
            return true;
        }
        if (pattern[1] == '*') {
            return matches_star(pattern[0], pattern + 2, text);
        }
        if (pattern[0] == '$' && pattern[1] == '\0') {
            return *text == '\0';
        }
        if (!matches_char(pattern[0], *text)) {
            return false;
        }
    }
}

/* Whether the pattern, made of characters, '.', 'x*', a leading '^' and a final '$', occurs in the text. */
static bool matches(const char *pattern, const char *text) {
    if (pattern[0] == '^') {
        return matches_here(pattern + 1, text);
    }
    do {
        if (matches_here(pattern, text)) {
            return true;
        }
    } while (*text++ != '\0');
    return false;
}

int main(void) {
    static const char *const patterns[] = {"^/api/.*/items$", "a*a*a*b", "x.z", ".*=.*;.*=.*$", "Mozilla.*Gecko"};
    static const char *const texts[] = {
        "/api/v1/customers/42/items",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "session=8f14e45f; theme=dark; lang=en; xyz",
        "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
        "",
    };
    uint32_t checksum = 0;
    for (uint32_t left = kernel_iterations(); left > 0; left--) {
        uint32_t found = 0;
        for (unsigned p = 0; p < sizeof patterns / sizeof *patterns; p++) {
            for (unsigned t = 0; t < sizeof texts / sizeof *texts; t++) {
                const char *volatile text = texts[t]; /* so that no match is moved out of the loop */
                found = found << 1 | matches(patterns[p], text);
            }
        }
        checksum = kernel_fold(checksum, (uint64_t)left << 32 | found);
    }
    return kernel_print(checksum);
}
