// Reports both clocks, their resolution, two random draws and sched_yield: 200 when all of them work, else 500.
#include "envelope.h"

#include <wasi/api.h>

static void put_hex(json_writer *answer, const unsigned char *bytes, size_t length) {
    json_put_text(answer, "\"");
    for (size_t i = 0; i < length; i++) {
        char digits[2] = {"0123456789abcdef"[bytes[i] >> 4], "0123456789abcdef"[bytes[i] & 15]};
        json_put(answer, digits, sizeof digits);
    }
    json_put_text(answer, "\"");
}

static void put_number(json_writer *answer, const char *name, __wasi_timestamp_t number) {
    json_put_text(answer, "\"");
    json_put_text(answer, name);
    json_put_text(answer, "\":");
    json_put_unsigned(answer, number);
    json_put_text(answer, ",");
}

void _start(void) {
    enum { PRECISION_NANOS = 1 };
    __wasi_timestamp_t realtime = 0, first = 0, second = 0, realtime_resolution = 0, monotonic_resolution = 0;
    unsigned char draws[2][16] = {{0}};

    bool worked = __wasi_clock_time_get(__WASI_CLOCKID_REALTIME, PRECISION_NANOS, &realtime) == 0;
    worked &= __wasi_clock_res_get(__WASI_CLOCKID_REALTIME, &realtime_resolution) == 0;
    worked &= __wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &monotonic_resolution) == 0;
    worked &= __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, PRECISION_NANOS, &first) == 0;
    worked &= __wasi_sched_yield() == 0;
    worked &= __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, PRECISION_NANOS, &second) == 0;
    worked &= __wasi_random_get(draws[0], sizeof draws[0]) == 0;
    worked &= __wasi_random_get(draws[1], sizeof draws[1]) == 0;
    worked &= realtime > 0 && realtime_resolution > 0 && monotonic_resolution > 0 && second >= first;
    worked &= memcmp(draws[0], draws[1], sizeof draws[0]) != 0;

    static char buffer[4096];
    json_writer answer = {.buffer = buffer, .capacity = sizeof buffer};
    envelope_begin(&answer, worked ? 200 : 500);
    json_put_text(&answer, "{");
    put_number(&answer, "realtime_nanos", realtime);
    put_number(&answer, "realtime_resolution_nanos", realtime_resolution);
    put_number(&answer, "monotonic_resolution_nanos", monotonic_resolution);
    put_number(&answer, "monotonic_elapsed_nanos", second - first);
    json_put_text(&answer, "\"draws\":[");
    put_hex(&answer, draws[0], sizeof draws[0]);
    json_put_text(&answer, ",");
    put_hex(&answer, draws[1], sizeof draws[1]);
    json_put_text(&answer, "]}");
    if (!envelope_end(&answer)) {
        __wasi_proc_exit(1);
    }
}
