package io.gojinn.runtime.hostile;

import static io.gojinn.runtime.hostile.Hostile.endless;
import static io.gojinn.runtime.hostile.Hostile.ends;

import java.util.ArrayList;
import java.util.List;

/** Valid commands that take whatever they can get: time, memory, output, the host's attention. */
final class RestlessGuests {
    private static final String FOR_EVER = "loop void %s br 0 end";

    private final List<Hostile> guests = new ArrayList<>();

    private RestlessGuests() {}

    static List<Hostile> all() {
        RestlessGuests all = new RestlessGuests();
        all.loops();
        all.hostCalls();
        all.floods();
        all.growth();
        all.bulk();
        all.traps();
        DeepGuests.all().forEach((name, binary) -> all.guests.add(ends("deep-" + name, "stack", binary)));
        return all.guests;
    }

    private void forEver(String name, String code) {
        guests.add(endless(name, Guest.command(FOR_EVER.formatted(code))));
    }

    private void loops() {
        forEver("loop-empty", "");
        forEver("loop-in-a-loop", "loop void i32.const 0 br_if 0 end");
        forEver("loop-with-memory", "i32.const 0 i32.const 0 i32.load 2 0 i32.const 1 i32.add i32.store 2 0");
        forEver("loop-with-divisions", "i64.const -1 i64.const 3 i64.div_s drop");
        forEver("loop-that-forks", "i32.const 0 if void br 1 else br 1 end");
        forEver("loop-over-straight-code", "i32.const 1 drop ".repeat(5_000));
        Guest calls = Guest.withMemory();
        int empty = calls.function(":", "nop");
        guests.add(endless(
                "loop-of-calls",
                calls.start(FOR_EVER.formatted("call " + empty)).build()));
        Guest indirect = Guest.withMemory();
        int target = indirect.function(":", "nop");
        indirect.table(1, 1).elements(0, target);
        guests.add(endless(
                "loop-of-indirect-calls",
                indirect.start(FOR_EVER.formatted("i32.const 0 call_indirect " + indirect.type(":") + " 0"))
                        .build()));
        Guest tree = Guest.withMemory();
        int self = tree.next();
        tree.function(
                "i:",
                "local.get 0 if void local.get 0 i32.const 1 i32.sub call " + self
                        + " local.get 0 i32.const 1 i32.sub call " + self + " end");
        guests.add(endless(
                "tree-of-2-to-60-calls", tree.start("i32.const 60 call " + self).build()));
        Guest nested = Guest.withMemory();
        StringBuilder code = new StringBuilder();
        int depth = 12;
        for (int i = 0; i < depth; i++) {
            code.append("i32.const 1000 local.set ").append(i).append(" loop void ");
        }
        for (int i = depth - 1; i >= 0; i--) {
            code.append("local.get ")
                    .append(i)
                    .append(" i32.const 1 i32.sub local.tee ")
                    .append(i)
                    .append(" br_if 0 end ");
        }
        nested.export("_start", 0, nested.function(":", depth, 'i', code.toString()));
        guests.add(endless("loops-12-deep", nested.build()));
    }

    private void host(String name, String function, String signature, String arguments) {
        Guest guest = Guest.withMemory();
        int index = guest.wasi(function, signature);
        guests.add(endless(
                name,
                guest.start(FOR_EVER.formatted(arguments + " call " + index + " drop"))
                        .build()));
    }

    private void hostCalls() {
        host("yields-for-ever", "sched_yield", ":i", "");
        host("reads-clocks-for-ever", "clock_time_get", "iIi:i", "i32.const 1 i64.const 0 i32.const 8");
        host("draws-a-page-for-ever", "random_get", "ii:i", "i32.const 0 i32.const 65536");
        host("draws-nothing-for-ever", "random_get", "ii:i", "i32.const 0 i32.const 0");
        host("reads-for-ever", "fd_read", "iiii:i", "i32.const 0 i32.const 0 i32.const 1024 i32.const 60000");
        host("writes-nothing-for-ever", "fd_write", "iiii:i", "i32.const 1 i32.const 0 i32.const 1024 i32.const 60000");
        host("asks-for-arguments-for-ever", "args_get", "ii:i", "i32.const 0 i32.const 64");
        host(
                "fails-for-ever",
                "path_open",
                "iiiiiIIii:i",
                "i32.const 3 i32.const 0 i32.const 0 i32.const 9 i32.const 0 i64.const 0 i64.const 0 i32.const 0 i32.const 0");
        Guest draw = new Guest().memory(256, 256).export("memory", 2, 0);
        int random = draw.wasi("random_get", "ii:i");
        guests.add(endless(
                "draws-all-of-memory-for-ever",
                draw.start(FOR_EVER.formatted("i32.const 0 i32.const 16777216 call " + random + " drop"))
                        .build()));
        sleeps("sleeps-for-ever", -1);
        sleeps("sleeps-for-292-years", Long.MAX_VALUE);
        sleeps("sleeps-a-nanosecond-for-ever", 1);
        Guest absolute = Guest.withMemory();
        int poll = absolute.wasi("poll_oneoff", "iiii:i");
        guests.add(endless(
                "sleeps-until-the-end-of-time",
                absolute.start("i32.const 16 i32.const 1 i32.store 2 0 i32.const 24 i64.const " + Long.MAX_VALUE
                                + " i64.store 3 0"
                                + " i32.const 40 i32.const 1 i32.store 2 0 "
                                + FOR_EVER.formatted(
                                        "i32.const 0 i32.const 64 i32.const 1 i32.const 128 call " + poll + " drop"))
                        .build()));
        host("polls-1024-for-ever", "poll_oneoff", "iiii:i", "i32.const 0 i32.const 0 i32.const 1024 i32.const 60000");
        for (int code : new int[] {1, 255, 256, -1, Integer.MIN_VALUE}) {
            Guest exit = Guest.withMemory();
            int end = exit.wasi("proc_exit", "i:");
            int inner = exit.function(":", "i32.const " + code + " call " + end);
            guests.add(ends(
                    "exits-with-" + code,
                    "exit",
                    exit.start("loop void call " + inner + " br 0 end").build()));
        }
    }

    private void sleeps(String name, long nanos) {
        Guest guest = Guest.withMemory();
        int poll = guest.wasi("poll_oneoff", "iiii:i");
        guests.add(endless(
                name,
                guest.start("i32.const 16 i32.const 1 i32.store 2 0 i32.const 24 i64.const " + nanos
                                + " i64.store 3 0 "
                                + FOR_EVER.formatted(
                                        "i32.const 0 i32.const 64 i32.const 1 i32.const 128 call " + poll + " drop"))
                        .build()));
    }

    private void floods() {
        flood("floods-stdout-by-bytes", 1, 1, 1, "output_limit|deadline");
        flood("floods-stdout-by-pages", 1, 60_000, 1, "output_limit|deadline");
        flood("floods-stdout-by-1024-vectors", 1, 50_000, 1_024, "output_limit|deadline");
        flood("floods-stderr-by-bytes", 2, 1, 1, "deadline");
        flood("floods-stderr-by-pages", 2, 60_000, 1, "deadline");
        flood("floods-stderr-by-1024-vectors", 2, 50_000, 1_024, "deadline");
        for (int length : new int[] {0, 1, 65_000}) {
            Guest guest = Guest.withMemory();
            int log = guest.imports("gojinn", "host_log", "iii:");
            guests.add(endless(
                    "floods-the-log-by-" + length,
                    guest.start(FOR_EVER.formatted("i32.const 3 i32.const 0 i32.const " + length + " call " + log))
                            .build()));
        }
        Guest lines = Guest.withMemory();
        int write = lines.write();
        guests.add(endless(
                "floods-stderr-by-empty-lines",
                lines.start("i32.const 100 i32.const 10 i32.const 60000 memory.fill 0"
                                + " i32.const 0 i32.const 100 i32.store 2 0 i32.const 4 i32.const 60000 i32.store 2 0 "
                                + FOR_EVER.formatted(
                                        "i32.const 2 i32.const 0 i32.const 1 i32.const 64 call " + write + " drop"))
                        .build()));
    }

    /** Every vector is the same: one starts at each multiple of 8 below 8,192 and they overlap. */
    private void flood(String name, int descriptor, int bytes, int vectors, String ending) {
        Guest guest = Guest.withMemory();
        int write = guest.write();
        int fill = guest.function(
                ":",
                1,
                'i',
                "loop void local.get 0 i32.const 4 i32.add i32.const " + bytes
                        + " i32.store 2 0 local.get 0 i32.const 8 i32.add local.tee 0 i32.const 8192 i32.lt_u br_if 0 end");
        byte[] binary = guest.start("call " + fill + " "
                        + FOR_EVER.formatted("i32.const " + descriptor + " i32.const 0 i32.const " + vectors
                                + " i32.const 8200 call " + write + " drop"))
                .build();
        guests.add(new Hostile(name, binary, ending, true));
    }

    private void growth() {
        forEver("grows-by-a-page-for-ever", "i32.const 1 memory.grow 0 drop");
        forEver("grows-by-nothing-for-ever", "i32.const 0 memory.grow 0 drop");
        forEver("grows-by-too-much-for-ever", "i32.const -1 memory.grow 0 drop");
        forEver("grows-by-2-gib-for-ever", "i32.const 32767 memory.grow 0 drop");
        guests.add(ends(
                "grows-then-traps",
                "memory",
                Guest.command("loop void i32.const 1 memory.grow 0 i32.const -1 i32.ne br_if 0 end unreachable")));
        guests.add(ends("grows-and-touches-every-page", "memory", touching("unreachable")));
        guests.add(endless("touches-every-page-for-ever", touching("br 0")));
        Guest declared = new Guest().memory(256, 256).export("memory", 2, 0);
        guests.add(ends(
                "touches-what-it-declared",
                "contract",
                declared.start("i32.const 0 i32.const 1 i32.const 16777216 memory.fill 0")
                        .build()));
        table("table-grows-by-one-for-ever", 1);
        table("table-grows-by-nothing-for-ever", 0);
        table("table-grows-by-a-lot-for-ever", 99_990);
        table("table-grows-by-4-billion-for-ever", -1);
        Guest fill = Guest.withMemory().table(100_000, 100_000);
        guests.add(endless(
                "fills-its-table-for-ever",
                fill.start(FOR_EVER.formatted("i32.const 0 ref.null func i32.const 100000 table.fill 0"))
                        .build()));
        Guest copy = Guest.withMemory().table(100_000, 100_000);
        guests.add(endless(
                "copies-its-table-for-ever",
                copy.start(FOR_EVER.formatted("i32.const 0 i32.const 1 i32.const 99999 table.copy 0 0"))
                        .build()));
    }

    private static byte[] touching(String end) {
        return Guest.command("loop void loop void i32.const 1 memory.grow 0 i32.const -1 i32.ne br_if 0 end"
                + " i32.const 0 i32.const 1 memory.size 0 i32.const 65536 i32.mul memory.fill 0 " + end + " end");
    }

    private void table(String name, int elements) {
        Guest guest = Guest.withMemory().table(1, -1);
        guests.add(endless(
                name,
                guest.start(FOR_EVER.formatted("ref.null func i32.const " + elements + " table.grow 0 drop"))
                        .build()));
    }

    private void bulk() {
        String huge = " i32.const -1 ";
        guests.add(ends("fill-of-4-gib", "trap", Guest.command("i32.const 0 i32.const 1" + huge + "memory.fill 0")));
        guests.add(ends(
                "fill-across-the-end", "trap", Guest.command("i32.const 65535 i32.const 1 i32.const 2 memory.fill 0")));
        guests.add(
                ends("fill-that-wraps", "trap", Guest.command("i32.const -8 i32.const 1 i32.const 16 memory.fill 0")));
        guests.add(ends(
                "fill-that-wraps-in-steps",
                "trap",
                Guest.command("i32.const -65536 i32.const 1 i32.const 131072 memory.fill 0")));
        guests.add(ends("copy-of-4-gib", "trap", Guest.command("i32.const 0 i32.const 1" + huge + "memory.copy 0 0")));
        guests.add(ends(
                "copy-that-wraps", "trap", Guest.command("i32.const -1 i32.const 0 i32.const 100000 memory.copy 0 0")));
        guests.add(ends(
                "copy-from-behind-that-wraps",
                "trap",
                Guest.command("i32.const 0 i32.const -1 i32.const 100000 memory.copy 0 0")));
        guests.add(ends(
                "init-of-4-gib",
                "trap",
                Guest.withMemory()
                        .passiveData(Bytes.raw(1, 2))
                        .dataCount(1)
                        .start("i32.const 0 i32.const 0" + huge + "memory.init 0 0")
                        .build()));
        guests.add(ends(
                "init-from-far-behind",
                "trap",
                Guest.withMemory()
                        .passiveData(Bytes.raw(1, 2))
                        .dataCount(1)
                        .start("i32.const 0 i32.const -1 i32.const 1 memory.init 0 0")
                        .build()));
        guests.add(ends(
                "init-after-drop",
                "trap",
                Guest.withMemory()
                        .passiveData(Bytes.raw(1, 2))
                        .dataCount(1)
                        .start("data.drop 0 i32.const 0 i32.const 0 i32.const 1 memory.init 0 0")
                        .build()));
        guests.add(ends(
                "table-fill-of-4-billion",
                "trap",
                Guest.withMemory()
                        .table(1, 1)
                        .start("i32.const 0 ref.null func" + huge + "table.fill 0")
                        .build()));
        guests.add(ends(
                "table-copy-of-4-billion",
                "trap",
                Guest.withMemory()
                        .table(1, 1)
                        .start("i32.const 0 i32.const 0" + huge + "table.copy 0 0")
                        .build()));
        Guest large = new Guest().memory(256, 256).export("memory", 2, 0);
        guests.add(endless(
                "fills-all-for-ever",
                large.start(FOR_EVER.formatted("i32.const 0 i32.const 1 i32.const 16777216 memory.fill 0"))
                        .build()));
        Guest copies = new Guest().memory(256, 256).export("memory", 2, 0);
        guests.add(endless(
                "copies-all-for-ever",
                copies.start(FOR_EVER.formatted("i32.const 1 i32.const 0 i32.const 16777215 memory.copy 0 0"))
                        .build()));
        forEver("fills-nothing-for-ever", "i32.const 0 i32.const 1 i32.const 0 memory.fill 0");
    }

    private void traps() {
        trap("unreachable", "unreachable");
        trap("divides-by-zero", "i32.const 1 i32.const 0 i32.div_u drop");
        trap("remainder-by-zero", "i64.const 1 i64.const 0 i64.rem_s drop");
        trap("overflows-a-division", "i32.const -2147483648 i32.const -1 i32.div_s drop");
        trap("overflows-a-long-division", "i64.const -9223372036854775808 i64.const -1 i64.div_s drop");
        trap("truncates-nan", "0x43 0x00 0x00 0xC0 0x7F i32.trunc_f32_s drop");
        trap("truncates-infinity", "0x43 0x00 0x00 0x80 0x7F i64.trunc_f32_u drop");
        trap("truncates-a-double-nan", "0x44 0x01 0x00 0x00 0x00 0x00 0x00 0xF0 0x7F i64.trunc_f64_s drop");
        trap("truncates-a-huge-double", "0x44 0xFF 0xFF 0xFF 0xFF 0xFF 0xFF 0xEF 0x7F i32.trunc_f64_u drop");
        trap("loads-past-the-end", "i32.const 65533 i32.load 2 0 drop");
        trap("loads-at-minus-one", "i32.const -1 i32.load8_u 0 0 drop");
        trap("loads-by-a-wrapping-offset", "i32.const -1 i64.load 3 4294967295 drop");
        trap("stores-past-the-end", "i32.const 65529 i64.const 0 i64.store 3 0");
        trap("stores-far-away", "i32.const 2147483647 i32.const 0 i32.store8 0 2147483647");
        Guest missing = Guest.withMemory().table(2, 2);
        guests.add(ends(
                "calls-a-null",
                "trap",
                missing.start("i32.const 0 call_indirect " + missing.type(":") + " 0")
                        .build()));
        Guest outside = Guest.withMemory().table(2, 2);
        guests.add(ends(
                "calls-outside-of-the-table",
                "trap",
                outside.start("i32.const -1 call_indirect " + outside.type(":") + " 0")
                        .build()));
        Guest other = Guest.withMemory().table(1, 1);
        int takesOne = other.function("i:", "nop");
        other.elements(0, takesOne);
        guests.add(ends(
                "calls-by-another-type",
                "trap",
                other.start("i32.const 0 call_indirect " + other.type(":") + " 0")
                        .build()));
        Guest none = Guest.withMemory().table(1, 1);
        guests.add(ends(
                "reads-outside-of-the-table",
                "trap",
                none.start("i32.const 1 table.get 0 drop").build()));
    }

    private void trap(String name, String code) {
        guests.add(ends(name, "trap", Guest.command(code)));
    }
}
