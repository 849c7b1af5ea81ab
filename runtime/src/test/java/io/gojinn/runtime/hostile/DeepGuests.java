package io.gojinn.runtime.hostile;

import java.util.LinkedHashMap;
import java.util.Map;

/** Commands that call without end, in every shape that uses the stack in a way of its own. */
public final class DeepGuests {
    private DeepGuests() {}

    /** By name. Each ends by {@code stack} and nothing else. */
    public static Map<String, byte[]> all() {
        Map<String, byte[]> guests = new LinkedHashMap<>();
        guests.put("direct", recursion(":", "", "", 0, 'i'));
        guests.put("with-result", recursion("i:i", "i32.const 1", "local.get 0", 0, 'i'));
        for (int parameters : new int[] {16, 100, 1_000}) {
            guests.put(parameters + "-parameters", parameters(parameters));
        }
        guests.put("1000-results", results(1_000));
        guests.put("1000-operands", operands(1_000));
        for (int locals : new int[] {100, 1_000, 10_000, 49_000}) {
            guests.put(locals + "-locals", recursion(":", "", "", locals, 'I'));
        }
        guests.put("100-vectors", recursion(":", "", "", 100, 'v'));
        guests.put("100-references", recursion(":", "", "", 100, 'e'));
        guests.put("mutual", mutual(2));
        guests.put("ring-of-100", mutual(100));
        guests.put("chain-of-9000", chain(9_000));
        guests.put("line-of-9000", line(9_000));
        guests.put("indirect", indirect());
        guests.put("host-call-at-each-level", hostCalls());
        guests.put("nested-blocks", nested(500));
        guests.put("inside-a-loop", inLoop());
        guests.put("tree", tree());
        guests.put("by-branch-table", branchTable());
        guests.put("leaf-at-the-bottom", leaf());
        return guests;
    }

    /** One that does so when it is prepared. */
    public static byte[] initializing() {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.function(":", "call " + self + " nop");
        return guest.export("_initialize", 0, self).handle("nop").build();
    }

    /** A function that calls itself and uses what comes back, so that it is no tail call. */
    private static byte[] recursion(String type, String first, String again, int locals, char local) {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        String after = type.endsWith(":") ? "nop" : "i32.const 1 i32.add";
        guest.function(type, locals, local, again + " call " + self + " " + after);
        return guest.start(first + " call " + self + (type.endsWith(":") ? "" : " drop"))
                .build();
    }

    private static byte[] parameters(int count) {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        StringBuilder code = new StringBuilder();
        for (int i = 0; i < count; i++) {
            code.append(" local.get ").append(i);
        }
        guest.function("I".repeat(count) + ":", code + " call " + self + " nop");
        return guest.start(" i64.const 7".repeat(count) + " call " + self).build();
    }

    private static byte[] results(int count) {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.function(":" + "I".repeat(count), "call " + self);
        return guest.start("call " + self + " drop".repeat(count)).build();
    }

    private static byte[] operands(int count) {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.function(":", " i64.const 7".repeat(count) + " call " + self + " drop".repeat(count));
        return guest.start("call " + self).build();
    }

    private static byte[] mutual(int count) {
        Guest guest = Guest.withMemory();
        int first = guest.next();
        for (int i = 0; i < count; i++) {
            guest.function("i:i", "local.get 0 call " + (first + (i + 1) % count) + " i32.const 1 i32.add");
        }
        return guest.start("i32.const 1 call " + first + " drop").build();
    }

    /** Each function another one, so that none is warm when it is called. */
    private static byte[] chain(int count) {
        Guest guest = Guest.withMemory();
        int first = guest.next();
        for (int i = 0; i < count; i++) {
            guest.function("i:i", "local.get 0 call " + (first + (i + 1) % count) + " i32.const 1 i32.add");
        }
        return guest.start("i32.const 1 call " + first + " drop").build();
    }

    /** No function calls itself, not even through others, but they are many. */
    private static byte[] line(int count) {
        Guest guest = Guest.withMemory();
        int first = guest.next();
        for (int i = 1; i < count; i++) {
            guest.function("i:i", "local.get 0 call " + (first + i) + " i32.const 1 i32.add");
        }
        guest.function("i:i", "local.get 0");
        return guest.start("i32.const 1 call " + first + " drop").build();
    }

    private static byte[] indirect() {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.table(1, 1).elements(0, self);
        int type = guest.type(":");
        guest.function(":", "i32.const 0 call_indirect " + type + " 0 nop");
        return guest.start("call " + self).build();
    }

    private static byte[] hostCalls() {
        Guest guest = Guest.withMemory();
        int random = guest.wasi("random_get", "ii:i");
        int self = guest.next();
        guest.function(":", "i32.const 0 i32.const 8 call " + random + " drop call " + self + " nop");
        return guest.start("call " + self).build();
    }

    private static byte[] nested(int depth) {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.function(":", " block void".repeat(depth) + " call " + self + " end".repeat(depth) + " nop");
        return guest.start("call " + self).build();
    }

    private static byte[] inLoop() {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.function("i:i", "loop i32 local.get 0 call " + self + " br_if 0 i32.const 1 end i32.const 1 i32.add");
        return guest.start("i32.const 1 call " + self + " drop").build();
    }

    private static byte[] tree() {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.function("i:i", "local.get 0 call " + self + " local.get 0 call " + self + " i32.add");
        return guest.start("i32.const 1 call " + self + " drop").build();
    }

    private static byte[] branchTable() {
        Guest guest = Guest.withMemory();
        int self = guest.next();
        guest.function(
                "i:i",
                "block void block void block void local.get 0 br_table 2 0 1 2 end end end local.get 0 call " + self
                        + " i32.const 1 i32.add");
        return guest.start("i32.const 1 call " + self + " drop").build();
    }

    /** Leaves with frames of their own, called at every level. */
    private static byte[] leaf() {
        Guest guest = Guest.withMemory();
        int leaf = guest.function("i:i", 60, 'I', "local.get 0 i32.const 1 i32.add");
        int self = guest.next();
        guest.function("i:i", "local.get 0 call " + leaf + " call " + self + " call " + leaf);
        return guest.start("i32.const 1 call " + self + " drop").build();
    }
}
