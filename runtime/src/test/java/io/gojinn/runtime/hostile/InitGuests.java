package io.gojinn.runtime.hostile;

import static io.gojinn.runtime.hostile.Hostile.ends;
import static io.gojinn.runtime.hostile.Hostile.refused;

import java.util.ArrayList;
import java.util.List;

/** Modules that misbehave in their start function or {@code _initialize}, when they are prepared. */
final class InitGuests {
    private InitGuests() {}

    static List<Hostile> all() {
        List<Hostile> guests = new ArrayList<>();
        both(guests, "traps", "unreachable", "trap");
        both(guests, "divides-by-zero", "i32.const 0 i32.const 0 i32.div_s drop", "trap");
        both(guests, "stores-outside", "i32.const -1 i32.const 0 i32.store 2 0", "trap");
        both(guests, "grows-and-traps", "i32.const 255 memory.grow 0 drop unreachable", "trap");
        for (int code : new int[] {1, -1}) {
            host(guests, "exits-with-" + code, "proc_exit", "i:", "i32.const " + code + " call 0", "exit");
        }
        String vector = "i32.const 4 i32.const 60000 i32.store 2 0 ";
        host(
                guests,
                "floods-stdout",
                "fd_write",
                "iiii:i",
                vector + "loop void i32.const 1 i32.const 0 i32.const 1 i32.const 8 call 0 drop br 0 end",
                "output_limit");
        for (boolean isStart : new boolean[] {true, false}) {
            Guest deep = Guest.withMemory();
            int self = deep.next();
            deep.function(":", "call " + self + " nop");
            guests.add(refused(title(isStart, "recurses"), "stack, more than", finish(deep, isStart, "call " + self)));
            Guest exit = Guest.withMemory();
            int end = exit.wasi("proc_exit", "i:");
            guests.add(ends(
                    title(isStart, "exits-with-0"),
                    "contract",
                    finish(exit, isStart, "i32.const 0 call " + end).build()));
            Guest grown = Guest.withMemory();
            guests.add(ends(
                    title(isStart, "grows-to-the-limit"),
                    "contract",
                    finish(
                                    grown,
                                    isStart,
                                    "loop void i32.const 1 memory.grow 0 i32.const -1 i32.ne br_if 0 end"
                                            + " i32.const 0 i32.const 7 memory.size 0 i32.const 65536 i32.mul memory.fill 0")
                            .build()));
            Guest tables = Guest.withMemory().table(1, -1);
            guests.add(ends(
                    title(isStart, "grows-a-table"),
                    "contract",
                    finish(
                                    tables,
                                    isStart,
                                    "loop void ref.null func i32.const 1000 table.grow 0 i32.const -1 i32.ne br_if 0 end")
                            .build()));
        }
        return guests;
    }

    /** Those that nothing but the time limit of preparation ends; seconds each. */
    static List<Hostile> endless() {
        List<Hostile> guests = new ArrayList<>();
        both(guests, "loops", "loop void br 0 end", "ran longer");
        both(guests, "grows-for-ever", "loop void i32.const 1 memory.grow 0 drop br 0 end", "ran longer");
        host(guests, "yields-for-ever", "sched_yield", ":i", "loop void call 0 drop br 0 end", "ran longer");
        host(
                guests,
                "sleeps-for-ever",
                "poll_oneoff",
                "iiii:i",
                "i32.const 16 i32.const 1 i32.store 2 0 i32.const 24 i64.const -1 i64.store 3 0"
                        + " i32.const 0 i32.const 64 i32.const 1 i32.const 128 call 0 drop",
                "ran longer");
        return guests;
    }

    private static void both(List<Hostile> guests, String name, String code, String why) {
        for (boolean isStart : new boolean[] {true, false}) {
            guests.add(refused(title(isStart, name), why, finish(Guest.withMemory(), isStart, code)));
        }
    }

    private static void host(List<Hostile> guests, String name, String function, String type, String code, String why) {
        for (boolean isStart : new boolean[] {true, false}) {
            Guest guest = Guest.withMemory();
            guest.wasi(function, type);
            guests.add(refused(title(isStart, name), why, finish(guest, isStart, code)));
        }
    }

    private static String title(boolean isStart, String name) {
        return (isStart ? "start-" : "initialize-") + name;
    }

    private static Guest finish(Guest guest, boolean isStart, String code) {
        int function = guest.function(":", code);
        if (isStart) {
            guest.startFunction(function);
            return guest.start("nop");
        }
        return guest.export("_initialize", 0, function).handle("nop");
    }
}
