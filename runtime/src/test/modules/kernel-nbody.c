// Benchmark kernel, floating point: one iteration moves five bodies under their gravity by one step.
#include "kernel.h"

#include <string.h>

enum { BODIES = 5 };

typedef struct {
    double x, y, z, vx, vy, vz, mass;
} body;

static double square_root(double value) {
    return __builtin_sqrt(value);
}

static void step(body bodies[BODIES], double time) {
    for (int i = 0; i < BODIES; i++) {
        body *a = &bodies[i];
        for (int j = i + 1; j < BODIES; j++) {
            body *b = &bodies[j];
            double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            double distance_squared = dx * dx + dy * dy + dz * dz + 0.01; /* softened, so that nothing is flung away */
            double pull = time / (distance_squared * square_root(distance_squared));
            a->vx -= dx * b->mass * pull;
            a->vy -= dy * b->mass * pull;
            a->vz -= dz * b->mass * pull;
            b->vx += dx * a->mass * pull;
            b->vy += dy * a->mass * pull;
            b->vz += dz * a->mass * pull;
        }
    }
    for (int i = 0; i < BODIES; i++) {
        bodies[i].x += time * bodies[i].vx;
        bodies[i].y += time * bodies[i].vy;
        bodies[i].z += time * bodies[i].vz;
    }
}

int main(void) {
    static body bodies[BODIES] = {
        {0, 0, 0, 0, 0, 0, 10},
        {1, 0, 0.1, 0, 3, 0, 0.01},
        {0, 2, -0.1, -2.2, 0, 0.1, 0.02},
        {-4, 0, 0.2, 0, -1.6, 0, 0.05},
        {0, -7, 0, 1.2, 0, -0.1, 0.03},
    };
    for (uint32_t left = kernel_iterations(); left > 0; left--) {
        step(bodies, 0.001);
    }
    uint32_t checksum = 0;
    for (int i = 0; i < BODIES; i++) {
        double state[6] = {bodies[i].x, bodies[i].y, bodies[i].z, bodies[i].vx, bodies[i].vy, bodies[i].vz};
        for (int j = 0; j < 6; j++) {
            uint64_t bits;
            memcpy(&bits, &state[j], sizeof bits);
            checksum = kernel_fold(checksum, bits);
        }
    }
    return kernel_print(checksum);
}
