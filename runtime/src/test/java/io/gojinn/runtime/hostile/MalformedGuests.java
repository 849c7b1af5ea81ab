package io.gojinn.runtime.hostile;

import static io.gojinn.runtime.hostile.Bytes.join;
import static io.gojinn.runtime.hostile.Bytes.module;
import static io.gojinn.runtime.hostile.Bytes.name;
import static io.gojinn.runtime.hostile.Bytes.raw;
import static io.gojinn.runtime.hostile.Bytes.section;
import static io.gojinn.runtime.hostile.Bytes.unsigned;
import static io.gojinn.runtime.hostile.Hostile.refused;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Binaries that are not modules, or not valid ones: all are refused before anything runs. */
final class MalformedGuests {
    private static final String[] SECTIONS = {
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count"
    };

    private final List<Hostile> guests = new ArrayList<>();

    private MalformedGuests() {}

    static List<Hostile> all() {
        MalformedGuests all = new MalformedGuests();
        all.headers();
        all.sections();
        all.numbers();
        all.names();
        all.indices();
        all.code();
        return all.guests;
    }

    /** A module with every section but the start function. */
    private static Guest whole() {
        Guest guest = new Guest();
        int write = guest.write();
        guest.memory(1, 2).export("memory", 2, 0).table(2, 4).global(7).elements(0, 1, 1);
        return guest.startAndAnswer(write, "nop");
    }

    private void headers() {
        guests.add(refused("empty", "module section at byte 0", new byte[0]));
        guests.add(refused("magic-only", "module section", raw(0, 'a', 's', 'm')));
        guests.add(refused("wrong-magic", "module section at byte 0", raw(0, 'a', 's', 'n', 1, 0, 0, 0)));
        guests.add(refused("version-2", "module section at byte 4", raw(0, 'a', 's', 'm', 2, 0, 0, 0)));
        guests.add(refused("component", "module section at byte 4", raw(0, 'a', 's', 'm', 0x0D, 0, 1, 0)));
        guests.add(refused("elf", "module section at byte 0", raw(0x7F, 'E', 'L', 'F', 2, 1, 1, 0)));
        guests.add(refused("zip", "module section at byte 0", raw('P', 'K', 3, 4, 0, 0, 0, 0)));
        guests.add(refused("only-a-header", "export section", module()));
    }

    private void sections() {
        List<byte[]> good = whole().sections();
        for (int i = 0; i < good.size(); i++) {
            byte[] section = good.get(i);
            String name = SECTIONS[section[0]];
            byte[] truncated = Arrays.copyOf(section, section.length - 1);
            guests.add(refused("truncated-" + name, "section at byte", with(good, good.size(), truncated)));
            guests.add(refused("twice-" + name, "section at byte .*", with(good, i + 1, section)));
            byte[] longer = section.clone();
            longer[1]++;
            guests.add(refused("too-long-" + name, "section at byte", replaced(good, i, longer)));
            byte[] shorter = section.clone();
            shorter[1]--;
            guests.add(refused("too-short-" + name, "section at byte", replaced(good, i, shorter)));
            byte[] manyMore = section.clone();
            manyMore[2] ^= 0x3F;
            guests.add(refused("miscounted-" + name, "section at byte", replaced(good, i, manyMore)));
            guests.add(refused("huge-count-" + name, "section at byte", replaced(good, i, claims(section[0]))));
        }
        for (int i = 0; i + 1 < good.size(); i++) {
            List<byte[]> swapped = new ArrayList<>(good);
            Collections.swap(swapped, i, i + 1);
            guests.add(refused("out-of-order-" + SECTIONS[good.get(i)[0]], "section at byte", build(swapped)));
        }
        for (int id : new int[] {13, 14, 127, 255}) {
            guests.add(refused("section-" + id, "section", with(good, 0, section(id, raw(0)))));
        }
        guests.add(refused("no-code-for-functions", "section", without(good, 10)));
        guests.add(refused("no-functions-for-code", "section", without(good, 3)));
        guests.add(refused("no-data-count-for-init", "section", without(good, 12)));
        guests.add(refused("data-count-without-data", "section", without(good, 11)));
    }

    /** A section of this kind that says it has four billion items. */
    private static byte[] claims(int id) {
        return section(id, unsigned(0xFFFF_FFFFL), raw(0, 0, 0, 0));
    }

    private static byte[] build(List<byte[]> sections) {
        return module(sections.toArray(byte[][]::new));
    }

    private static byte[] with(List<byte[]> sections, int index, byte[] more) {
        List<byte[]> result = new ArrayList<>(sections);
        result.add(index, more);
        return build(result);
    }

    private static byte[] replaced(List<byte[]> sections, int index, byte[] other) {
        List<byte[]> result = new ArrayList<>(sections);
        result.set(index, other);
        return build(result);
    }

    private static byte[] without(List<byte[]> sections, int id) {
        return build(sections.stream().filter(section -> section[0] != id).toList());
    }

    private void numbers() {
        byte[] endless = raw(0x80, 0x80, 0x80, 0x80, 0x80, 0x00);
        byte[] over = raw(0xFF, 0xFF, 0xFF, 0xFF, 0x1F);
        byte[] unfinished = raw(0x80);
        for (int id : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}) {
            guests.add(refused("six-byte-number-" + SECTIONS[id], "section at byte", section(id, endless)));
            guests.add(refused("33-bit-number-" + SECTIONS[id], "section at byte", section(id, over)));
        }
        guests.add(refused("six-byte-size", "section at byte 9", module(join(raw(1), endless))));
        guests.add(refused("33-bit-size", "section at byte 9", module(join(raw(1), over))));
        guests.add(refused("unfinished-size", "section at byte 10", module(join(raw(1), unfinished))));
        guests.add(refused("size-of-4-gib", "section at byte [89]", module(join(raw(1), unsigned(0xFFFF_FFFFL)))));
        guests.add(
                refused("size-of-2-gib", "section at byte [89]", module(join(raw(0), unsigned(0x8000_0000L), raw(0)))));
        guests.add(refusedCode("six-byte-constant", raw(0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1A)));
        guests.add(refusedCode("33-bit-constant", raw(0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x4F, 0x1A)));
        guests.add(refusedCode(
                "65-bit-constant", raw(0x42, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7E, 0x1A)));
        guests.add(refusedCode("huge-alignment", raw(0x41, 0, 0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0x1A)));
        guests.add(refusedCode("huge-offset", raw(0x41, 0, 0x28, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0x1A)));
    }

    private static Hostile refusedCode(String name, byte[] code) {
        Guest guest = Guest.withMemory();
        guest.rawFunction(":", join(raw(0), code, raw(0x0B)));
        return refused(name, "code section at byte", guest.start("nop").build());
    }

    private void names() {
        for (byte[] bad : List.of(
                raw(0x80), raw(0xC0, 0x80), raw(0xED, 0xA0, 0x80), raw(0xF4, 0x90, 0x80, 0x80), raw(0xE2, 0x82))) {
            String title = "utf8-" + java.util.HexFormat.of().formatHex(bad);
            guests.add(refused("export-" + title, "export section", whole().item(7, Bytes.sized(bad), raw(0, 0))));
            guests.add(refused("custom-" + title, "custom section", module(section(0, Bytes.sized(bad)))));
            guests.add(refused(
                    "import-" + title,
                    "import section",
                    module(
                            section(1, raw(1, 0x60, 0, 0)),
                            section(2, raw(1), Bytes.sized(bad), name("x"), raw(0, 0)))));
        }
        guests.add(refused(
                "name-of-4-gib", "export section", module(section(7, raw(1), unsigned(0xFFFF_FFFFL), raw('a', 0, 0)))));
        guests.add(refused("name-of-200-kb", "export section", whole().item(7, name("x".repeat(200_000)), raw(0, 0))));
        guests.add(refused("names-of-20-mb", "import section", manyNames()));
        guests.add(refused("export-twice", "export section", whole().export("memory", 0, 1)));
        for (String reserved :
                List.of("gojinn:", "gojinn:start", "gojinn:restore", "gojinn:meter:set", "gojinn:get:0")) {
            guests.add(refused("exports-" + reserved, "reserved", whole().export(reserved, 0, 1)));
        }
        guests.add(refused("imports-meter", "reserved", importing("gojinn:meter", "refuel", "i:i")));
        guests.add(refused("imports-meter-unknown", "reserved", importing("gojinn:meter", "x", ":")));
        guests.add(refused("imports-unknown-module", "unknown", importing("env", "abort", ":")));
        guests.add(refused("imports-unknown-function", "unknown", importing("wasi_snapshot_preview1", "fork", ":i")));
        guests.add(refused("imports-old-wasi", "unknown", importing("wasi_unstable", "fd_write", "iiii:i")));
        guests.add(refused("imports-wrong-type", "type", importing("wasi_snapshot_preview1", "fd_write", "i:i")));
        guests.add(refused("imports-ungranted", "grant", importing("gojinn:kv@1", "get", "ii:i")));
        guests.add(refused("imports-engine", "unknown", importing("WebAssembly", "mem_alloc", ":")));
        guests.add(refused(
                "imports-a-memory",
                "import|memory",
                new Guest()
                        .item(2, name("env"), name("memory"), raw(2, 0, 1))
                        .export("memory", 2, 0)
                        .start("nop")));
        guests.add(refused(
                "imports-a-table", "unknown", Guest.withMemory().item(2, name("env"), name("t"), raw(1, 0x70, 0, 1))));
        guests.add(refused(
                "imports-a-global-as-wasi",
                "function",
                Guest.withMemory()
                        .item(2, name("wasi_snapshot_preview1"), name("fd_write"), raw(3, 0x7F, 0))
                        .start("nop")));
    }

    private static Guest importing(String module, String function, String type) {
        Guest guest = Guest.withMemory();
        guest.imports(module, function, type);
        return guest.start("nop");
    }

    private static Guest manyNames() {
        Guest guest = Guest.withMemory();
        for (int i = 0; i < 200; i++) {
            guest.imports("m".repeat(99_000), "f" + i, ":");
        }
        return guest.start("nop");
    }

    private void indices() {
        guests.add(refused("type-out-of-range", "function section", whole().item(3, raw(99))));
        guests.add(refused("export-out-of-range", "export section", whole().export("x", 0, 99)));
        guests.add(refused("export-of-no-kind", "export section", whole().export("x", 9, 0)));
        guests.add(refused("start-out-of-range", "start section", whole().startFunction(99)));
        guests.add(refused("start-takes-parameters", "start", whole().startFunction(0)));
        guests.add(refused("element-out-of-range", "element section", whole().elements(0, 99)));
        guests.add(refused("element-kind-9", "element section", whole().item(9, raw(9))));
        guests.add(refused("data-for-memory-7", "data section", whole().item(11, raw(2, 7, 0x41, 0, 0x0B, 0))));
        guests.add(refused("data-offset-without-end", "data section", whole().item(11, raw(0, 0x41, 0, 1))));
        guests.add(refused("global-of-no-type", "global section", whole().item(6, raw(0x11, 0, 0x41, 0, 0x0B))));
        guests.add(refused("global-mutability-2", "global section", whole().item(6, raw(0x7F, 2, 0x41, 0, 0x0B))));
        guests.add(refused("global-of-itself", "global", whole().item(6, raw(0x7F, 0, 0x23, 1, 0x0B))));
        guests.add(refused("memory-twice", "memory", whole().memory(1, 1)));
        guests.add(refused(
                "memory-of-64-bits", "memory", new Guest().item(5, raw(4, 1)).export("memory", 2, 0)));
        guests.add(refused(
                "memory-shared", "memory", new Guest().item(5, raw(3, 1, 1)).export("memory", 2, 0)));
        guests.add(refused(
                "memory-below-itself", "memory", new Guest().memory(2, 1).export("memory", 2, 0)));
        guests.add(refused(
                "memory-65537-pages", "memory", new Guest().memory(65_537, -1).export("memory", 2, 0)));
        guests.add(refused("table-below-itself", "table", whole().table(3, 2)));
        guests.add(refused("type-of-no-form", "type section", whole().item(1, raw(0x50, 0))));
    }

    private void code() {
        guests.add(refusedCode("unknown-opcode", raw(0x27)));
        guests.add(refusedCode("unknown-bulk-opcode", raw(0xFC, 99)));
        guests.add(refusedCode("unknown-vector-opcode", raw(0xFD, 0xFF, 0x7F)));
        guests.add(refusedCode("atomic", raw(0xFE, 0)));
        guests.add(refusedCode("tail-call", raw(0x12, 0)));
        guests.add(refusedCode("exception", raw(0x06, 0x40)));
        guests.add(refusedCode("local-out-of-range", raw(0x20, 9, 0x1A)));
        guests.add(refusedCode("global-out-of-range", raw(0x23, 9, 0x1A)));
        guests.add(refusedCode("call-out-of-range", raw(0x10, 99)));
        guests.add(refusedCode("branch-out-of-range", raw(0x0C, 9)));
        guests.add(refusedCode("else-without-if", raw(0x05)));
        guests.add(refusedCode("block-never-ends", raw(0x02, 0x40)));
        guests.add(refusedCode("ends-too-early", raw(0x0B, 0x01)));
        guests.add(refusedCode("branch-table-of-4-billion", raw(0x41, 0, 0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F)));
        guests.add(refusedCode("block-of-no-type", raw(0x02, 0x33, 0x0B)));
        guests.add(refusedCode("init-of-no-segment", raw(0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 8, 9, 0)));
        guests.add(refused("underflow", "engine", Guest.command("drop")));
        guests.add(refused("wrong-operand", "engine", Guest.command("i64.const 0 i32.eqz drop")));
        guests.add(refused("left-over", "engine", Guest.command("i32.const 0")));
        guests.add(refused("immutable-global", "engine", immutableGlobal()));
        guests.add(refused("overaligned", "engine|align", Guest.command("i32.const 0 i32.load 9 0 drop")));
    }

    private static Guest immutableGlobal() {
        return Guest.withMemory().item(6, raw(0x7F, 0, 0x41, 0, 0x0B)).start("i32.const 1 global.set 0");
    }
}
