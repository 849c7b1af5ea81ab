// Benchmark kernel, calls: one iteration is the 20th Fibonacci number by recursion, 21,891 calls.
#include "kernel.h"

__attribute__((noinline)) static uint32_t fibonacci(uint32_t n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main(void) {
    uint32_t checksum = 0;
    for (uint32_t left = kernel_iterations(); left > 0; left--) {
        volatile uint32_t n = 20; /* so that no call is moved out of the loop */
        checksum = kernel_fold(checksum, (uint64_t)left << 32 | fibonacci(n));
    }
    return kernel_print(checksum);
}
