package io.gojinn.runtime.hostile;

import static io.gojinn.runtime.hostile.Bytes.join;
import static io.gojinn.runtime.hostile.Bytes.raw;
import static io.gojinn.runtime.hostile.Bytes.repeat;
import static io.gojinn.runtime.hostile.Bytes.unsigned;
import static io.gojinn.runtime.hostile.Hostile.ends;
import static io.gojinn.runtime.hostile.Hostile.refused;

import java.util.ArrayList;
import java.util.List;

/** Modules that ask for much with few bytes, and modules at the edge of what is allowed. */
final class BombGuests {
    private static final String ANY = "200 ok|trap|contract|refused: .*";

    private BombGuests() {}

    static List<Hostile> all() {
        List<Hostile> guests = new ArrayList<>();
        declarations(guests);
        segments(guests);
        shapes(guests);
        return guests;
    }

    private static void declarations(List<Hostile> guests) {
        guests.add(refused("table-of-10-million", "table section", table(10_000_000, -1)));
        guests.add(refused("table-of-4-billion", "table section", table(0xFFFF_FFFFL, -1)));
        guests.add(refused("table-just-over", "table section", table(100_001, -1)));
        guests.add(
                ends("table-just-fitting", "contract", table(100_000, 100_000).build()));
        guests.add(ends(
                "table-may-grow-to-4-billion",
                "contract",
                table(1, 0xFFFF_FFFFL).build()));
        guests.add(refused("101-tables", "table section", tables(101, 1)));
        guests.add(ends(
                "100-tables-of-100000",
                "contract|refused: .*",
                tables(100, 100_000).build()));
        guests.add(refused("memory-of-4-gib", "memory", memory(65_536, -1)));
        guests.add(refused("memory-just-over", "memory", memory(257, -1)));
        guests.add(ends("memory-just-fitting", "contract", memory(256, 256).build()));
        guests.add(
                ends("memory-may-grow-to-4-gib", "contract", memory(1, 65_536).build()));
        guests.add(refused("memory-of-no-page-used", "trap", emptyMemory()));
        guests.add(refused(
                "5-billion-locals",
                "code section",
                locals(join(raw(2), unsigned(0xFFFF_FFFFL), raw(0x7F), unsigned(0xFFFF_FFFFL), raw(0x7E)))));
        guests.add(refused("50001-locals", "code section", locals(join(raw(1), unsigned(50_001), raw(0x7F)))));
        guests.add(refused(
                "locals-by-many-groups", "code section", locals(join(unsigned(50_002), repeat(raw(1, 0x7F), 50_002)))));
        guests.add(ends(
                "50000-locals-by-groups",
                "contract",
                locals(join(unsigned(50_000), repeat(raw(1, 0x7F), 50_000))).build()));
        guests.add(ends(
                "4-billion-groups-of-none",
                "contract|refused: .*",
                locals(join(unsigned(100_000), repeat(raw(0, 0x7F), 100_000))).build()));
        guests.add(refused("1001-parameters", "type section", typed("i".repeat(1_001) + ":")));
        guests.add(refused("1001-results", "type section", typed(":" + "i".repeat(1_001))));
        guests.add(ends(
                "1000-parameters-and-results",
                "contract",
                typed("I".repeat(1_000) + ":" + "I".repeat(1_000)).build()));
        guests.add(refused("type-entries", "type section", types(600, 1_000)));
        guests.add(refused("100001-types", "type section", types(100_001, 0)));
        guests.add(ends("90000-types", "contract", types(90_000, 1).build()));
        guests.add(refused("10001-globals", "global section", globals(10_001)));
        guests.add(ends("10000-globals", "contract", globals(10_000).build()));
        guests.add(refused("10001-imports", "import section", imports(10_001)));
        guests.add(ends(
                "10000-imports-of-one-function", "contract", imports(10_000).build()));
        guests.add(ends("20000-functions", "contract", functions(20_000).build()));
        guests.add(ends("50000-exports", "contract", exports(50_000).build()));
    }

    private static Guest table(long initial, long maximum) {
        return Guest.withMemory().table(initial, maximum).start("nop");
    }

    private static Guest tables(int count, int elements) {
        Guest guest = Guest.withMemory();
        for (int i = 0; i < count; i++) {
            guest.table(elements, elements);
        }
        return guest.start("nop");
    }

    private static Guest memory(long initial, long maximum) {
        return new Guest().memory(initial, maximum).export("memory", 2, 0).start("nop");
    }

    private static Guest emptyMemory() {
        Guest guest = new Guest().memory(0, 0).export("memory", 2, 0).start("nop");
        return guest.startFunction(guest.function(":", "i32.const 0 i32.const 1 i32.store 2 0"));
    }

    private static Guest locals(byte[] declared) {
        Guest guest = Guest.withMemory();
        int big = guest.rawFunction(":", join(declared, raw(0x0B)));
        return guest.start("call " + big);
    }

    private static Guest typed(String signature) {
        Guest guest = Guest.withMemory();
        guest.type(signature);
        return guest.start("nop");
    }

    private static Guest types(int count, int entries) {
        Guest guest = Guest.withMemory();
        guest.type(":");
        byte[] values = repeat(raw(0x7F), entries);
        for (int i = 0; i < count; i++) {
            guest.item(1, raw(0x60), Bytes.sized(values), Bytes.sized(values));
        }
        return guest.start("nop");
    }

    private static Guest globals(int count) {
        Guest guest = Guest.withMemory();
        for (int i = 0; i < count; i++) {
            guest.global(i);
        }
        return guest.start("nop");
    }

    private static Guest imports(int count) {
        Guest guest = Guest.withMemory();
        for (int i = 0; i < count; i++) {
            guest.wasi("sched_yield", ":i");
        }
        return guest.start("nop");
    }

    private static Guest functions(int count) {
        Guest guest = Guest.withMemory();
        for (int i = 0; i < count; i++) {
            guest.function(":", "nop");
        }
        return guest.start("nop");
    }

    private static Guest exports(int count) {
        Guest guest = Guest.withMemory();
        int function = guest.function(":", "nop");
        for (int i = 0; i < count; i++) {
            guest.export("e" + i, 0, function);
        }
        return guest.start("nop");
    }

    private static void segments(List<Hostile> guests) {
        byte[] word = raw(1, 2, 3, 4);
        guests.add(refused(
                "data-beyond-memory",
                "engine|data|out",
                Guest.withMemory().data(65_536, word).start("nop")));
        guests.add(refused(
                "data-across-the-end",
                "engine|data|out",
                Guest.withMemory().data(65_534, word).start("nop")));
        guests.add(refused(
                "data-at-minus-one",
                "engine|data|out",
                Guest.withMemory().data(-1, word).start("nop")));
        guests.add(refused(
                "data-at-minus-four",
                "engine|data|out",
                Guest.withMemory().data(-4, word).start("nop")));
        guests.add(ends(
                "data-up-to-the-end",
                "contract",
                Guest.withMemory().data(65_532, word).start("nop").build()));
        guests.add(ends(
                "data-at-odd-places",
                "contract",
                Guest.withMemory()
                        .data(3, word)
                        .data(5, word)
                        .data(7, word)
                        .start("nop")
                        .build()));
        guests.add(refused(
                "empty-data-beyond-memory",
                "engine|data|out",
                Guest.withMemory().data(65_537, raw()).start("nop")));
        guests.add(refused("elements-beyond-table", "engine|element|out", elements(2)));
        guests.add(refused("elements-at-minus-one", "engine|element|out", elements(-1)));
        guests.add(refused(
                "elements-of-a-billion",
                "element section",
                Guest.withMemory()
                        .table(1, 1)
                        .item(9, raw(0, 0x41, 0, 0x0B), unsigned(1_000_000_000))
                        .start("nop")));
        Guest many = Guest.withMemory();
        for (int i = 0; i < 100_000; i++) {
            many.data(i % 65_000, word);
        }
        guests.add(ends("100000-data-segments", "contract", many.start("nop").build()));
        Guest passive = Guest.withMemory();
        for (int i = 0; i < 50_000; i++) {
            passive.passiveData(word);
        }
        guests.add(ends(
                "50000-passive-segments",
                "contract",
                passive.dataCount(50_000).start("nop").build()));
        guests.add(refused(
                "data-count-lies",
                "data",
                Guest.withMemory().passiveData(word).dataCount(2).start("nop")));
    }

    private static Guest elements(int offset) {
        Guest guest = Guest.withMemory().table(2, 2);
        int function = guest.function(":", "nop");
        return guest.elements(offset, function).start("nop");
    }

    private static void shapes(List<Hostile> guests) {
        for (String structure : List.of("block void", "loop void", "i32.const 0 if void")) {
            String name = structure.contains("if") ? "if" : structure.substring(0, structure.indexOf(' '));
            guests.add(ends(
                    name + "-5000-deep",
                    "contract",
                    Guest.command((structure + " ").repeat(5_000) + "end ".repeat(5_000))));
            guests.add(ends(
                    name + "-20000-deep",
                    ANY,
                    Guest.command((structure + " ").repeat(20_000) + "end ".repeat(20_000))));
            guests.add(refused(
                    name + "-50001-deep",
                    "code section",
                    Guest.command((structure + " ").repeat(50_001) + "end ".repeat(50_001))));
        }
        guests.add(ends(
                "branch-out-of-5000",
                "contract",
                Guest.command("block void ".repeat(5_000) + "br 5000 " + "end ".repeat(5_000))));
        guests.add(ends(
                "branch-table-of-65000",
                "contract",
                Guest.command("block void i32.const 7 br_table 65000" + " 0".repeat(65_001) + " end")));
        guests.add(refused(
                "branch-table-of-65521",
                "code section",
                Guest.command("block void i32.const 7 br_table 65521" + " 0".repeat(65_522) + " end")));
        guests.add(ends("branch-tables-to-everywhere", "contract", Guest.command(everywhere(300))));
        guests.add(Hostile.endless(
                "branch-table-in-a-loop", Guest.command("loop void i32.const -1 br_table 3 0 0 0 0 end")));
        guests.add(ends("30000-calls-in-a-row", "contract", calls(30_000)));
        guests.add(ends("a-million-constants", "contract", Guest.command("i32.const 1 drop ".repeat(500_000))));
        guests.add(ends(
                "20000-operands",
                "contract|refused: .*",
                Guest.command("i32.const 1 ".repeat(20_000) + "drop ".repeat(20_000))));
        guests.add(refused("function-of-8-mb", "code section", Guest.command("nop ".repeat(8_000_000))));
        guests.add(ends(
                "dead-code-of-a-megabyte",
                "trap",
                Guest.command("unreachable " + "i32.const 1 drop ".repeat(300_000))));
        guests.add(ends(
                "blocks-in-dead-code",
                "trap",
                Guest.command("unreachable " + "block void loop void ".repeat(10_000) + "end end ".repeat(10_000))));
        Guest values = Guest.withMemory();
        int twice = values.type("II:II");
        guests.add(ends(
                "blocks-of-many-values",
                "contract",
                values.start("i64.const 1 i64.const 2 " + ("block " + twice + " ").repeat(2_000) + "end ".repeat(2_000)
                                + "drop drop")
                        .build()));
        Guest loop = Guest.withMemory();
        int pair = loop.type("ii:ii");
        guests.add(Hostile.endless(
                "loop-with-parameters",
                loop.start("i32.const 1 i32.const 2 loop " + pair + " br 0 end drop drop")
                        .build()));
        Guest counted = Guest.withMemory();
        int one = counted.type("i:i");
        int count = counted.function(
                ":",
                1,
                'i',
                "i32.const 100000 loop " + one + " i32.const 1 i32.sub local.tee 0 local.get 0 br_if 0 end drop");
        guests.add(ends(
                "loop-with-a-parameter-counts",
                "contract",
                counted.export("_start", 0, count).build()));
    }

    /** Tables in nested blocks, each of which leads to all of them. */
    private static String everywhere(int depth) {
        StringBuilder code = new StringBuilder("block void ".repeat(depth));
        for (int i = 0; i < depth; i++) {
            code.append("i32.const ").append(i).append(" br_table ").append(depth - i - 1);
            for (int target = 0; target < depth - i; target++) {
                code.append(' ').append(target);
            }
            code.append(" end ");
        }
        return code.toString();
    }

    private static byte[] calls(int count) {
        Guest guest = Guest.withMemory();
        int empty = guest.function(":", "nop");
        return guest.start(("call " + empty + " ").repeat(count)).build();
    }
}
