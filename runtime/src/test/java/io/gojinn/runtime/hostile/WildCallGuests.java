package io.gojinn.runtime.hostile;

import io.gojinn.runtime.host.HostCatalog;
import java.util.ArrayList;
import java.util.List;

/**
 * Commands that call a host function with arguments no honest program passes, then answer: the function has to return an
 * error, or do what it was told inside the guest's own memory.
 */
final class WildCallGuests {
    /** Null, the last bytes, the end, what wraps around, what is negative, and counts whose size in bytes wraps to 0. */
    private static final long[] NUMBERS = {
        0, 65_532, 65_535, 65_536, 0x1FFF_FFFF, 0x2000_0000, 0x7FFF_FFFF, -0x8000_0000L, -8, -1
    };

    private WildCallGuests() {}

    static List<Hostile> all() {
        List<Hostile> guests = new ArrayList<>();
        HostCatalog.functions(HostCatalog.WASI).forEach((name, entry) -> {
            if (!name.equals("proc_exit")) {
                String signature = entry.signatures().getFirst().parameters() + ":i";
                guests.add(calling(HostCatalog.WASI, name, signature));
            }
        });
        guests.add(calling(HostCatalog.GOJINN, "host_log", "iii:i"));
        guests.add(calling(HostCatalog.LOG, "write", "iii:I"));
        guests.add(vectors("vectors-over-themselves", 0, 1_024));
        guests.add(vectors("vectors-up-to-the-end", 65_536 - 8 * 1_024, 1_024));
        guests.add(vectors("vectors-across-the-end", 65_536 - 8, 2));
        guests.add(vectors("vectors-one-too-many", 0, 1_025));
        return guests;
    }

    /** Passes each number in each place, and each in all places, for every descriptor there is and two that are not. */
    private static Hostile calling(String module, String name, String signature) {
        Guest guest = Guest.withMemory();
        int write = guest.write();
        int function = guest.imports(module, name, signature);
        String parameters = signature.substring(0, signature.indexOf(':'));
        StringBuilder code = new StringBuilder();
        for (long number : NUMBERS) {
            long[] all = new long[parameters.length()];
            java.util.Arrays.fill(all, number);
            call(code, function, parameters, all);
            for (int descriptor = 0; descriptor <= 3; descriptor++) {
                for (int place = 1; place < parameters.length(); place++) {
                    long[] one = new long[parameters.length()];
                    java.util.Arrays.fill(one, 64);
                    one[0] = descriptor;
                    one[place] = number;
                    if (!closesStdout(name, one)) {
                        call(code, function, parameters, one);
                    }
                }
            }
        }
        boolean mayMeddle = name.equals("fd_write") || name.equals("fd_fdstat_set_rights");
        byte[] binary = guest.startAndAnswer(write, code.toString()).build();
        return Hostile.ends("wild-" + name, mayMeddle ? "200 ok|contract|output_limit" : "200 ok", binary);
    }

    private static boolean closesStdout(String name, long[] arguments) {
        return name.equals("fd_close") && arguments[0] == 1;
    }

    private static void call(StringBuilder code, int function, String parameters, long[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            code.append(parameters.charAt(i) == 'I' ? " i64.const " : " i32.const ")
                    .append(arguments[i]);
        }
        code.append(" call ").append(function).append(" drop ");
    }

    private static Hostile vectors(String name, int address, int count) {
        Guest guest = Guest.withMemory();
        int write = guest.write();
        int read = guest.wasi("fd_read", "iiii:i");
        String arguments = " i32.const " + address + " i32.const " + count + " i32.const " + address;
        return Hostile.ends(
                name,
                "200 ok",
                guest.startAndAnswer(
                                write,
                                "i32.const 0" + arguments + " call " + read + " drop i32.const 2" + arguments + " call "
                                        + write + " drop ")
                        .build());
    }
}
