// Benchmark kernel, memory: one iteration sieves the primes below 2^20, one byte a number, over 1 MiB.
#include "kernel.h"

#include <string.h>

enum { NUMBERS = 1 << 20 };

static uint8_t composite[NUMBERS];

int main(void) {
    uint32_t checksum = 0;
    for (uint32_t left = kernel_iterations(); left > 0; left--) {
        memset(composite, 0, sizeof composite);
        uint32_t primes = 0;
        for (uint32_t number = 2; number < NUMBERS; number++) {
            if (composite[number]) {
                continue;
            }
            primes++;
            if (number < 1024) { /* the square of a larger one is past the end */
                for (uint32_t multiple = number * number; multiple < NUMBERS; multiple += number) {
                    composite[multiple] = 1;
                }
            }
        }
        checksum = kernel_fold(checksum, (uint64_t)left << 32 | primes);
    }
    return kernel_print(checksum);
}
