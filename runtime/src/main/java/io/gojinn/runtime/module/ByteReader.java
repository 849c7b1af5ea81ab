package io.gojinn.runtime.module;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** A cursor over a binary that never reads past its end and says where it was when something was wrong (5.2). */
final class ByteReader {
    private final byte[] bytes;
    private int position;
    private int end;
    private String section = "module";
    private long nameBytes;

    ByteReader(byte[] bytes) {
        this.bytes = bytes;
        this.end = bytes.length;
    }

    int position() {
        return position;
    }

    void position(int newPosition) {
        position = newPosition;
    }

    int end() {
        return end;
    }

    /** Moves the fence that reads must not cross. */
    void end(int newEnd) {
        end = newEnd;
    }

    void section(String name) {
        section = name;
    }

    int remaining() {
        return end - position;
    }

    InvalidModuleException invalid(int offset, String reason) {
        return new InvalidModuleException(section, offset, reason);
    }

    InvalidModuleException needs(int offset, Proposal proposal) {
        return new InvalidModuleException(
                section, offset, "the module needs " + proposal.title() + ", which is not supported");
    }

    int u8() throws InvalidModuleException {
        if (position >= end) {
            throw invalid(position, "found the end, expected a byte");
        }
        return bytes[position++] & 0xFF;
    }

    void skip(int count) throws InvalidModuleException {
        if (count > remaining()) {
            throw invalid(position, "found the end after " + remaining() + " bytes, expected " + count);
        }
        position += count;
    }

    /** An unsigned 32-bit LEB128 number. */
    long u32() throws InvalidModuleException {
        int start = position;
        long value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int b = u8();
            value |= (long) (b & 0x7F) << shift;
            if ((b & 0x80) == 0) {
                if (value > 0xFFFF_FFFFL) {
                    throw invalid(start, "found an integer over 32 bits");
                }
                return value;
            }
        }
        throw invalid(start, "found an integer longer than 5 bytes");
    }

    /** An unsigned number below 2^31 that was read before and found to be valid. */
    int parsedU32() {
        int value = 0;
        int shift = 0;
        while (bytes[position] < 0) {
            value |= (bytes[position++] & 0x7F) << shift;
            shift += 7;
        }
        return value | bytes[position++] << shift;
    }

    /** An index that must be below a size. */
    int index(String what, int size) throws InvalidModuleException {
        int start = position;
        long value = u32();
        if (value >= size) {
            throw invalid(start, "found " + what + " " + value + ", there are " + size);
        }
        return (int) value;
    }

    /**
     * A count of items that follow.
     *
     * @param bound the most allowed
     * @param leastBytes the fewest bytes an item takes; a count the rest of the section cannot hold is refused here
     */
    int count(String what, int bound, int leastBytes) throws InvalidModuleException {
        int start = position;
        long value = u32();
        if (value > bound) {
            throw invalid(start, "found " + value + " " + what + ", at most " + bound + " are allowed");
        }
        if (value * leastBytes > remaining()) {
            throw invalid(start, "found " + value + " " + what + " in " + remaining() + " bytes");
        }
        return (int) value;
    }

    /** A signed LEB128 number of the given width. */
    long signed(int bits) throws InvalidModuleException {
        int start = position;
        int longest = (bits + 6) / 7;
        long value = 0;
        int shift = 0;
        for (int i = 1; i <= longest; i++) {
            int b = u8();
            value |= (long) (b & 0x7F) << shift;
            shift += 7;
            if ((b & 0x80) == 0) {
                if (i == longest && !fitsLastByte(b, bits - (longest - 1) * 7)) {
                    throw invalid(start, "found an integer over " + bits + " bits");
                }
                return shift < 64 && (b & 0x40) != 0 ? value | -1L << shift : value;
            }
        }
        throw invalid(start, "found an integer longer than " + longest + " bytes");
    }

    /** Whether the bits above those used repeat the sign. */
    private static boolean fitsLastByte(int b, int usedBits) {
        int signAndAbove = (b & 0x7F) >> (usedBits - 1);
        return signAndAbove == 0 || signAndAbove == 0x7F >> (usedBits - 1);
    }

    /** A name in UTF-8 (5.2.4). */
    String name() throws InvalidModuleException {
        int start = position;
        int length = count("bytes of a name", ModuleBounds.NAME_BYTES, 1);
        nameBytes += length;
        if (nameBytes > ModuleBounds.ALL_NAME_BYTES) {
            throw invalid(start, "found over " + ModuleBounds.ALL_NAME_BYTES + " bytes of names");
        }
        try {
            // The JDK's decoder refuses overlong forms, surrogates and values over U+10FFFF, as the standard asks.
            String name = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes, position, length))
                    .toString();
            position += length;
            return name;
        } catch (CharacterCodingException e) {
            throw invalid(start, "found a name that is not UTF-8");
        }
    }

    ValueType valueType() throws InvalidModuleException {
        int start = position;
        int code = u8();
        ValueType type = ValueType.ofCode(code);
        if (type != null) {
            return type;
        }
        throw unknownType(start, code, "a value type");
    }

    ValueType referenceType() throws InvalidModuleException {
        int start = position;
        int code = u8();
        ValueType type = ValueType.ofCode(code);
        if (type != null && type.isReference()) {
            return type;
        }
        throw unknownType(start, code, "a reference type");
    }

    InvalidModuleException unknownType(int start, int code, String expected) {
        return switch (code) {
            case 0x69, 0x74 -> needs(start, Proposal.EXCEPTIONS);
            case 0x63, 0x64, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x71, 0x72, 0x73, 0x77, 0x78 ->
                needs(start, Proposal.GARBAGE_COLLECTION);
            default -> invalid(start, "found 0x%02x, expected %s".formatted(code, expected));
        };
    }
}
