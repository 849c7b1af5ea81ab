// Benchmark kernel, nested loops: one iteration multiplies two matrices of 48 by 48 doubles.
#include "kernel.h"

#include <string.h>

enum { SIZE = 48 };

static double a[SIZE][SIZE], b[SIZE][SIZE], product[SIZE][SIZE];

int main(void) {
    for (int i = 0; i < SIZE; i++) {
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = (i * 7 + j * 3) % 11 - 5;
            b[i][j] = (i * 5 + j * 13) % 17 - 8;
        }
    }
    uint32_t checksum = 0;
    for (uint32_t left = kernel_iterations(); left > 0; left--) {
        for (int i = 0; i < SIZE; i++) {
            for (int j = 0; j < SIZE; j++) {
                double sum = 0;
                for (int k = 0; k < SIZE; k++) {
                    sum += a[i][k] * b[k][j];
                }
                product[i][j] = sum;
            }
        }
        uint64_t bits;
        memcpy(&bits, &product[left % SIZE][left / SIZE % SIZE], sizeof bits);
        checksum = kernel_fold(checksum, bits);
        a[left % SIZE][left / SIZE % SIZE] += 1; /* so that the next product differs; the sums stay exact */
    }
    return kernel_print(checksum);
}
