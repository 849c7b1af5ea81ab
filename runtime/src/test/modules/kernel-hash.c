// Benchmark kernel, integers: one iteration mixes 4 KiB, byte by byte, into a 64-bit hash.
#include "kernel.h"

int main(void) {
    static uint8_t bytes[4096];
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 2654435761u >> 24);
    }
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint32_t left = kernel_iterations(); left > 0; left--) {
        for (uint32_t i = 0; i < sizeof bytes; i++) {
            hash = (hash ^ bytes[i]) * 0x100000001b3u;
            hash ^= hash >> 29;
        }
    }
    return kernel_print(kernel_fold(0, hash));
}
