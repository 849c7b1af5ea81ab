package io.gojinn.density;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/**
 * Modules that differ in code and data: each is the example {@code greet} with its own word in place of "Hello", and with
 * functions and data of its own, some of which every request runs and reads.
 */
public final class DistinctModules {
    /** The least that each module measures. */
    static final int LEAST_BYTES = 100 << 10;

    private static final int HEADER_BYTES = 8;
    private static final int FUNCTIONS = 40;
    private static final int STEPS = 32;
    private static final int DATA_BYTES = 32 << 10;

    /** The page that the module's own data fill; {@code greet} has the two before. */
    private static final int DATA_ADDRESS = 2 << 16;

    private static final int TYPE = 1;
    private static final int IMPORT = 2;
    private static final int FUNCTION = 3;
    private static final int MEMORY = 5;
    private static final int EXPORT = 7;
    private static final int CODE = 10;
    private static final int DATA = 11;

    private static final byte[] WORD = "Hello".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ENTRY = "_start".getBytes(StandardCharsets.US_ASCII);

    private final byte[] greet;
    private final int types;
    private final int functions;

    public DistinctModules(byte[] greet) {
        this.greet = greet;
        this.types = count(TYPE);
        this.functions = count(IMPORT) + count(FUNCTION);
    }

    /** What a module says instead of "Hello". */
    public static String word(int number) {
        return "%05d".formatted(number);
    }

    /** The module of this number, below 100,000; the same bytes every time. */
    public byte[] module(int number) {
        Random random = new Random(number);
        Bytes out = new Bytes();
        out.raw(greet, 0, HEADER_BYTES);
        for (int at = HEADER_BYTES; at < greet.length; ) {
            int id = greet[at];
            Leb size = leb(at + 1);
            Bytes payload = switch (id) {
                case TYPE -> appended(size, 1, new Bytes().raw(0x60, 1, 0x7F, 1, 0x7F));
                case FUNCTION -> appended(size, FUNCTIONS + 1, functionTypes());
                case MEMORY -> new Bytes().raw(1, 0, 3);
                case EXPORT -> exports(size);
                case CODE -> appended(size, FUNCTIONS + 1, code(random));
                case DATA -> appended(size, 1, data(random));
                default -> new Bytes().raw(greet, size.next, size.next + size.value);
            };
            out.raw(id).u32(payload.size()).raw(payload.bytes());
            at = size.next + size.value;
        }
        byte[] module = out.bytes();
        byte[] word = word(number).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(word, 0, module, indexOf(module, WORD), word.length);
        if (module.length < LEAST_BYTES) {
            throw new IllegalStateException("only " + module.length + " bytes");
        }
        return module;
    }

    private Bytes appended(Leb size, int more, Bytes items) {
        Leb count = leb(size.next);
        return new Bytes()
                .u32(count.value + more)
                .raw(greet, count.next, size.next + size.value)
                .raw(items.bytes());
    }

    private Bytes functionTypes() {
        Bytes items = new Bytes();
        for (int i = 0; i < FUNCTIONS; i++) {
            items.u32(types);
        }
        return items.u32(typeOfEntry());
    }

    /** The export of the entry leads to our last function, which calls the old entry. */
    private Bytes exports(Leb size) {
        byte[] section = Arrays.copyOfRange(greet, size.next, size.next + size.value);
        int at = indexOf(section, ENTRY) + ENTRY.length + 1;
        int end = at;
        while (section[end++] < 0) {}
        return new Bytes().raw(section, 0, at).u32(functions + FUNCTIONS).raw(section, end, section.length);
    }

    private int entry() {
        return leb(indexOf(greet, ENTRY) + ENTRY.length + 1).value;
    }

    private int typeOfEntry() {
        int at = leb(section(FUNCTION)).next;
        for (int i = count(IMPORT); i < entry(); i++) {
            at = leb(at).next;
        }
        return leb(at).value;
    }

    /** Functions of arithmetic, loads and branches, each of which may call the one before it; then the entry. */
    private Bytes code(Random random) {
        Bytes items = new Bytes();
        for (int i = 0; i < FUNCTIONS; i++) {
            Bytes body = new Bytes().raw(1, 1, 0x7F);
            for (int step = 0; step < STEPS; step++) {
                body.raw(0x20, 0, 0x41).s32(random.nextInt()).raw(0x73); // local 0 xor a constant
                body.raw(0x22, 1, 0x41).s32(random.nextInt() | 1).raw(0x6C, 0x21, 0); // times another, to local 0
                body.raw(0x20, 1, 0x41).u32(4).raw(0x71, 0x04, 0x40); // if (local 1 & 4)
                body.raw(0x20, 0, 0x41, 0xFC, 0xFF, 0x00, 0x71); // local 0 & 0x3FFC, an address
                body.raw(0x28, 2).u32(DATA_ADDRESS + 4 * random.nextInt(2_048)); // i32.load
                body.raw(0x20, 0, 0x6A, 0x21, 0, 0x0B); // added to local 0; end
            }
            if (i % 10 != 0) {
                body.raw(0x20, 0, 0x10).u32(functions + i - 1).raw(0x21, 0);
            }
            body.raw(0x20, 0, 0x0B);
            items.u32(body.size()).raw(body.bytes());
        }
        Bytes entry = new Bytes().raw(0, 0x41).s32(random.nextInt());
        entry.raw(0x10).u32(functions + FUNCTIONS - 1).raw(0x1A); // call our last function, drop
        entry.raw(0x10).u32(entry()).raw(0x0B);
        return items.u32(entry.size()).raw(entry.bytes());
    }

    private static Bytes data(Random random) {
        byte[] data = new byte[DATA_BYTES];
        random.nextBytes(data);
        return new Bytes()
                .raw(0, 0x41)
                .s32(DATA_ADDRESS)
                .raw(0x0B)
                .u32(data.length)
                .raw(data);
    }

    private int count(int section) {
        return leb(section(section)).value;
    }

    /** Where the payload of a section starts. */
    private int section(int wanted) {
        for (int at = HEADER_BYTES; at < greet.length; ) {
            Leb size = leb(at + 1);
            if (greet[at] == wanted) {
                return size.next;
            }
            at = size.next + size.value;
        }
        throw new IllegalStateException("greet.wasm has no section " + wanted);
    }

    private record Leb(int value, int next) {}

    private Leb leb(int start) {
        int value = 0;
        int at = start;
        int shift = 0;
        do {
            value |= (greet[at] & 0x7F) << shift;
            shift += 7;
        } while (greet[at++] < 0);
        return new Leb(value, at);
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        for (int at = 0; at <= bytes.length - wanted.length; at++) {
            if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                return at;
            }
        }
        throw new IllegalStateException("greet.wasm is not what was expected");
    }

    /** A binary in the making. */
    private static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Bytes raw(int... values) {
            for (int value : values) {
                out.write(value);
            }
            return this;
        }

        Bytes raw(byte[] bytes) {
            out.writeBytes(bytes);
            return this;
        }

        Bytes raw(byte[] bytes, int start, int end) {
            out.write(bytes, start, end - start);
            return this;
        }

        Bytes u32(int value) {
            int rest = value;
            while (rest >>> 7 != 0) {
                out.write(rest & 0x7F | 0x80);
                rest >>>= 7;
            }
            out.write(rest);
            return this;
        }

        Bytes s32(int value) {
            int rest = value;
            while (rest != rest << 25 >> 25) {
                out.write(rest & 0x7F | 0x80);
                rest >>= 7;
            }
            out.write(rest & 0x7F);
            return this;
        }

        int size() {
            return out.size();
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
