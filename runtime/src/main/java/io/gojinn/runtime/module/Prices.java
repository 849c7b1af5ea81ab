package io.gojinn.runtime.module;

/**
 * What execution costs, in fuel. The structure of code ({@code block}, {@code loop}, {@code else}, {@code end}) is free
 * in every table: it does not exist at run time. One unit is about one simple instruction; a new version of the table
 * changes the fuel of existing functions, so a table is never edited once released.
 *
 * @param version names the table in records and reports
 * @param instruction each instruction not named below
 * @param vector each SIMD instruction
 * @param call each direct call of a function of the module
 * @param indirectCall each {@code call_indirect}, whoever is called
 * @param hostCall each direct call of an import
 * @param frame every full 16 parameters and locals of a function, per entry: they are set to zero
 * @param bulk every full 64 bytes of {@code memory.copy}, {@code memory.fill} and {@code memory.init}
 * @param element each element of {@code table.copy}, {@code table.fill}, {@code table.init} and of the new total of
 *     {@code table.grow}
 * @param page each page of the new total of {@code memory.grow}: the engine copies the whole memory
 */
public record Prices(
        int version,
        int instruction,
        int vector,
        int call,
        int indirectCall,
        int hostCall,
        int frame,
        int bulk,
        int element,
        int page) {
    /** {@code bulk} is for 2 to this many bytes. */
    static final int BULK_SHIFT = 6;

    /** Keeps all that runs up between two checks of a counter within its 31 bits: 32,767 pages cost less than 2^29. */
    private static final int MOST_PER_PAGE = 16_384;

    /** The released table. 64 KiB copied and 64 KiB of growth cost the same. */
    public static final Prices VERSION_1 = new Prices(1, 1, 2, 4, 8, 100, 2, 8, 2, 8192);

    /** Every instruction costs one and nothing else does: the instruction count. */
    public static final Prices UNIT = new Prices(0, 1, 1, 1, 1, 1, 0, 0, 0, 0);

    public Prices {
        for (int price : new int[] {instruction, vector, call, indirectCall, hostCall, frame, bulk, element}) {
            require(price, 256);
        }
        require(page, MOST_PER_PAGE);
    }

    /** What a host function costs that moves bytes between itself and so many places of the guest's memory. */
    public long ofTransfer(long bytes, int places) {
        return (bytes >> BULK_SHIFT) * bulk + (long) places * indirectCall;
    }

    private static void require(int price, int most) {
        if (price < 0 || price > most) {
            throw new IllegalArgumentException("a price is " + price + ", expected 0 to " + most);
        }
    }

    /** What an instruction costs whatever its operands are. */
    int of(InstructionReader instruction, int importedFunctions) {
        return switch (instruction.opcode()) {
            case Opcode.BLOCK, Opcode.LOOP, Opcode.ELSE, Opcode.END -> 0;
            case Opcode.CALL -> instruction.first() < importedFunctions ? hostCall : call;
            case Opcode.CALL_INDIRECT -> indirectCall;
            default -> Opcode.isSimd(instruction.opcode()) ? vector : this.instruction;
        };
    }

    /** What entering a function costs besides its instructions. */
    int ofEntry(int parametersAndLocals) {
        return parametersAndLocals / 16 * frame;
    }
}
