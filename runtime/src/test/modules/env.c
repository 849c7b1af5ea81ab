// Reports its arguments, its environment and the errno that a file, a preopened folder and a socket are refused with.
#include "envelope.h"

#include <wasi/api.h>

enum { MAX_STRINGS = 256, MAX_BYTES = 16 * 1024 };

static uint8_t *strings[MAX_STRINGS];
static uint8_t bytes[MAX_BYTES];

static void check(__wasi_errno_t error) {
    if (error != 0) {
        __wasi_proc_exit(error);
    }
}

static void put_refusal(json_writer *answer, const char *name, unsigned error) {
    json_put_text(answer, ",");
    json_put_string(answer, name);
    json_put_text(answer, ":{\"refused\":");
    json_put_text(answer, error == 0 ? "false" : "true");
    json_put_text(answer, ",\"errno\":");
    json_put_unsigned(answer, error);
    json_put_text(answer, "}");
}

void _start(void) {
    static char buffer[32 * 1024];
    json_writer answer = {.buffer = buffer, .capacity = sizeof buffer};
    __wasi_size_t count, size;

    check(__wasi_args_sizes_get(&count, &size));
    check(count > MAX_STRINGS || size > MAX_BYTES ? __WASI_ERRNO_OVERFLOW : 0);
    check(count == 0 ? 0 : __wasi_args_get(strings, bytes)); /* some hosts refuse buffers that nothing goes into */
    envelope_begin(&answer, 200);
    json_put_text(&answer, "{\"arguments\":[");
    for (__wasi_size_t i = 0; i < count; i++) {
        json_put_text(&answer, i == 0 ? "" : ",");
        json_put_string(&answer, (char *)strings[i]);
    }

    check(__wasi_environ_sizes_get(&count, &size));
    check(count > MAX_STRINGS || size > MAX_BYTES ? __WASI_ERRNO_OVERFLOW : 0);
    check(count == 0 ? 0 : __wasi_environ_get(strings, bytes));
    json_put_text(&answer, "],\"environment\":{");
    for (__wasi_size_t i = 0; i < count; i++) {
        char *entry = (char *)strings[i];
        size_t name = 0;
        while (entry[name] != '=' && entry[name] != '\0') {
            name++;
        }
        json_put_text(&answer, i == 0 ? "\"" : ",\"");
        json_put_content(&answer, entry, name);
        json_put_text(&answer, "\":");
        json_put_string(&answer, entry + name + (entry[name] == '='));
    }
    json_put_text(&answer, "}");

    __wasi_fd_t opened;
    __wasi_prestat_t prestat;
    put_refusal(&answer, "path_open", __wasi_path_open(3, 0, "etc/passwd", 0, __WASI_RIGHTS_FD_READ, 0, 0, &opened));
    put_refusal(&answer, "fd_prestat_get", __wasi_fd_prestat_get(3, &prestat));
    put_refusal(&answer, "sock_shutdown", __wasi_sock_shutdown(3, __WASI_SDFLAGS_RD));
    json_put_text(&answer, "}");
    check(envelope_end(&answer) ? 0 : __WASI_ERRNO_OVERFLOW);
}
