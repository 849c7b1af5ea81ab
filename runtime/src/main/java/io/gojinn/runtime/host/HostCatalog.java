package io.gojinn.runtime.host;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every function that a module may import, with its type and the capability it belongs to. */
public final class HostCatalog {
    /** The import module of WASI preview 1. */
    public static final String WASI = "wasi_snapshot_preview1";

    /** The original host functions, frozen. */
    public static final String GOJINN = "gojinn";

    /** The log capability. */
    public static final String LOG = "gojinn:log@1";

    private static final Map<String, Map<String, Entry>> MODULES = new LinkedHashMap<>();

    static {
        wasi("args_get", "ii:i");
        wasi("args_sizes_get", "ii:i");
        wasi("environ_get", "ii:i");
        wasi("environ_sizes_get", "ii:i");
        wasi("clock_res_get", "ii:i");
        wasi("clock_time_get", "iIi:i");
        wasi("fd_advise", "iIIi:i");
        wasi("fd_allocate", "iII:i");
        wasi("fd_close", "i:i");
        wasi("fd_datasync", "i:i");
        wasi("fd_fdstat_get", "ii:i");
        wasi("fd_fdstat_set_flags", "ii:i");
        wasi("fd_fdstat_set_rights", "iII:i");
        wasi("fd_filestat_get", "ii:i");
        wasi("fd_filestat_set_size", "iI:i");
        wasi("fd_filestat_set_times", "iIIi:i");
        wasi("fd_pread", "iiiIi:i");
        wasi("fd_prestat_get", "ii:i");
        wasi("fd_prestat_dir_name", "iii:i");
        wasi("fd_pwrite", "iiiIi:i");
        wasi("fd_read", "iiii:i");
        wasi("fd_readdir", "iiiIi:i");
        wasi("fd_renumber", "ii:i");
        wasi("fd_seek", "iIii:i");
        wasi("fd_sync", "i:i");
        wasi("fd_tell", "ii:i");
        wasi("fd_write", "iiii:i");
        wasi("path_create_directory", "iii:i");
        wasi("path_filestat_get", "iiiii:i");
        wasi("path_filestat_set_times", "iiiiIIi:i");
        wasi("path_link", "iiiiiii:i");
        wasi("path_open", "iiiiiIIii:i");
        wasi("path_readlink", "iiiiii:i");
        wasi("path_remove_directory", "iii:i");
        wasi("path_rename", "iiiiii:i");
        wasi("path_symlink", "iiiii:i");
        wasi("path_unlink_file", "iii:i");
        wasi("poll_oneoff", "iiii:i");
        wasi("proc_exit", "i:v");
        wasi("proc_raise", "i:i");
        wasi("sched_yield", ":i");
        wasi("random_get", "ii:i");
        wasi("sock_accept", "iii:i");
        wasi("sock_recv", "iiiiii:i");
        wasi("sock_send", "iiiii:i");
        wasi("sock_shutdown", "ii:i");

        add(GOJINN, "host_log", Capability.LOG, "iii:v", "iii:i");
        add(LOG, "write", Capability.LOG, "iii:I");

        add(GOJINN, "host_kv_set", Capability.KV, "iiii:v", "iiii:i");
        add(GOJINN, "host_kv_get", Capability.KV, "iiii:i", "iiii:I");
        add(GOJINN, "host_mutex_lock", Capability.LOCK, "iii:i");
        add(GOJINN, "host_mutex_unlock", Capability.LOCK, "ii:i");
        add(GOJINN, "host_db_query", Capability.SQL, "iiii:i");
        add(GOJINN, "host_s3_put", Capability.BLOB, "iiii:i");
        add(GOJINN, "host_s3_get", Capability.BLOB, "iiii:i");
        add(GOJINN, "host_enqueue", Capability.QUEUE, "iiii:i");
        add(GOJINN, "host_ask_ai", Capability.AI, "iiii:I");
        add(GOJINN, "host_http_get", Capability.HTTP, "iiii:I");
        add(GOJINN, "host_ws_upgrade", Capability.WS, ":i");
        add(GOJINN, "host_ws_read", Capability.WS, "ii:I");
        add(GOJINN, "host_ws_write", Capability.WS, "ii:v", "ii:i");
    }

    private HostCatalog() {}

    /**
     * A function of the catalogue.
     *
     * @param signatures the types it may be imported with; a frozen function may have several
     */
    public record Entry(Capability capability, List<Signature> signatures) {}

    /** What a function belongs to. */
    public enum Capability {
        /** Stdio, clocks, randomness: every function has it. */
        WASI("wasi", true),
        /** Diagnostics: every function has it. */
        LOG("log", true),
        KV("kv", false),
        SQL("sql", false),
        HTTP("http", false),
        BLOB("blob", false),
        LOCK("lock", false),
        SECRET("secret", false),
        QUEUE("queue", false),
        AI("ai", false),
        WS("ws", false);

        private final String label;
        private final boolean always;

        Capability(String label, boolean always) {
            this.label = label;
            this.always = always;
        }

        /** Its name in configs and reports. */
        public String label() {
            return label;
        }

        /** Whether a function has it without a grant. */
        public boolean always() {
            return always;
        }

        private static Optional<Capability> ofModule(String module) {
            for (Capability capability : values()) {
                if (module.equals("gojinn:" + capability.label + "@1")) {
                    return Optional.of(capability);
                }
            }
            return Optional.empty();
        }
    }

    /** The function of this name, if there is one. */
    public static Optional<Entry> find(String module, String name) {
        return Optional.ofNullable(MODULES.getOrDefault(module, Map.of()).get(name));
    }

    /** The functions of an import module by name; empty when there is no such module. */
    public static Map<String, Entry> functions(String module) {
        return MODULES.getOrDefault(module, Map.of());
    }

    /** The capability an import belongs to, even when the function itself does not exist. */
    public static Optional<Capability> capability(String module, String name) {
        return find(module, name).map(Entry::capability).or(() -> Capability.ofModule(module));
    }

    private static void wasi(String name, String signature) {
        add(WASI, name, Capability.WASI, signature);
    }

    private static void add(String module, String name, Capability capability, String... signatures) {
        List<Signature> types = new ArrayList<>();
        for (String signature : signatures) {
            types.add(Signature.of(signature));
        }
        MODULES.computeIfAbsent(module, key -> new LinkedHashMap<>())
                .put(name, new Entry(capability, List.copyOf(types)));
    }
}
