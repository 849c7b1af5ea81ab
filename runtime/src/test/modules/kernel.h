/*
 * What the kernel-*.c have in common: they read a number of iterations as decimal text from stdin and print a checksum
 * as eight hexadecimal digits. They use read and write only, so any C compiler builds them natively, for comparison.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>
#include <unistd.h>

/* The number on stdin, at most ten digits; 1 when there is none. */
static inline uint32_t kernel_iterations(void) {
    char text[10];
    size_t length = 0;
    ssize_t count;
    while (length < sizeof text && (count = read(STDIN_FILENO, text + length, sizeof text - length)) > 0) {
        length += (size_t)count;
    }
    uint32_t iterations = 0;
    size_t at = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
        iterations = iterations * 10 + (uint32_t)(text[at] - '0');
    }
    return at == 0 ? 1 : iterations;
}

/* Prints the checksum; returns the exit code. */
static inline int kernel_print(uint32_t checksum) {
    char text[9];
    for (int i = 7; i >= 0; i--) {
        text[i] = "0123456789abcdef"[checksum & 15];
        checksum >>= 4;
    }
    text[8] = '\n';
    return write(STDOUT_FILENO, text, sizeof text) == (ssize_t)sizeof text ? 0 : 1;
}

/* Folds 64 bits into a checksum. */
static inline uint32_t kernel_fold(uint32_t checksum, uint64_t bits) {
    return (checksum ^ (uint32_t)(bits ^ bits >> 32)) * 0x01000193u;
}

#endif
