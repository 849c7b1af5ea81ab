package io.gojinn.runtime.module;

import java.util.Arrays;

/**
 * Where one function pays, how much, and what its frame takes: the first of the two passes over its code.
 *
 * <p>A charge point covers instructions of which each runs exactly once, unless something traps, whenever the point is
 * passed. A stack of control frames finds them in one pass:
 *
 * <ul>
 *   <li>{@code block} goes on with the point of the code before it; {@code loop}, the arms of {@code if}, and the code
 *       after {@code br_if} get their own; a loop's point lies inside, so that each turn pays.
 *   <li>After an {@code end} the point from before the structure goes on, unless a branch inside leads further out:
 *       then the code after the {@code end} may not run, and gets its own point.
 *   <li>Calls, {@code memory.grow} and bulk instructions end every point around them, as a branch out of everything
 *       would: whoever reads the counter there finds all before it paid and nothing after it.
 *   <li>A point is checked when a path to it may have run up {@link #MOST_OWED} since the last check; every turn of a
 *       loop is checked as it pays. Straight code of any length is split so that it is checked, too.
 *   <li>Code that cannot be reached has no points. The end of a structure is reached when control falls into it, when a
 *       branch that is reached leads there, and for an {@code if} without {@code else}.
 * </ul>
 */
final class MeteringPlan {
    /** Stands before all frames: what leads there leaves every structure. */
    private static final int OUTSIDE = -1;

    /** The most fuel a path may spend before it meets a check, but for the rest of straight code up to four times that. */
    private static final long MOST_OWED = 512;

    /** What a call may leave unchecked when it returns; {@link #needsEntryCheck} keeps small functions to it. */
    private static final long CALLEE_OWES = 64;

    private final ModuleParser.Result module;
    private final Prices prices;
    private final InstructionReader instruction;

    private boolean[] checks = new boolean[32];
    private int[] positions = new int[32];
    private long[] costs = new long[32];
    private int points;
    private int[] turns = new int[16];
    private int turnCount;

    private Frame[] frames = new Frame[16];
    private int depth;
    private int current;
    private boolean live;
    private int height;
    private int maxHeight;
    private boolean exitsEarly;
    private boolean calls;
    private boolean bulk;

    /** By loop that is reached, in the order of the code: whether it is tight. */
    private boolean[] tight = new boolean[4];

    private int loops;
    private boolean hasTightLoops;
    private boolean afterCall;

    /** The most that a path to here has spent since it met a check. */
    private long owed;

    private long mostOwed;

    /** A control structure that is open (core specification, appendix on validation). */
    private static final class Frame {
        int opcode;
        /** Which of the reached loops it is. */
        int loop;
        /** The calls inside that return. */
        int calls;

        int base;
        int parameters;
        int results;
        /** The charge point in force before the structure. */
        int outerPoint;
        /** The outermost frame a branch inside leads to. */
        int outermostTarget;
        /** What was owed before the structure. */
        long outerOwed;
        /** The most owed by a branch to its end. */
        long branchOwed;

        boolean outerLive;
        boolean endReached;
    }

    /** Reads the code that starts at the reader's position, to its last {@code end}. */
    MeteringPlan(
            ModuleParser.Result module,
            Prices prices,
            InstructionReader instruction,
            ExternalType.Function type,
            int locals,
            int position)
            throws InvalidModuleException {
        this.module = module;
        this.prices = prices;
        this.instruction = instruction;
        live = true;
        current = newPoint(position);
        owe(prices.ofEntry(locals));
        owed = 0;
        push(Opcode.BLOCK, 0, type.results().size());
        while (depth > 0) {
            instruction.next();
            step();
        }
    }

    private void step() {
        int opcode = instruction.opcode();
        if (live) {
            if (owed > 4 * MOST_OWED) {
                splitAt(instruction.start());
            }
            owe(prices.of(instruction, module.importedFunctions()));
        }
        int takes = StackEffect.takes(instruction, module);
        height = Math.max(height - takes, frames[depth - 1].base);
        switch (opcode) {
            case Opcode.BLOCK, Opcode.LOOP, Opcode.IF -> open(opcode);
            case Opcode.ELSE -> beginElse();
            case Opcode.END -> close();
            case Opcode.BR -> {
                branch(instruction.first());
                die();
            }
            case Opcode.BR_IF -> {
                branch(instruction.first());
                split();
            }
            case Opcode.BR_TABLE -> {
                for (int i = 0; i < instruction.targetCount(); i++) {
                    branch(instruction.target(i));
                }
                die();
            }
            case Opcode.RETURN -> {
                branch(depth - 1);
                die();
            }
            case Opcode.UNREACHABLE -> {
                if (live && afterCall) {
                    frames[depth - 1].calls--;
                }
                die();
            }
            default -> plain(opcode);
        }
        afterCall = opcode == Opcode.CALL || opcode == Opcode.CALL_INDIRECT;
    }

    private void owe(long cost) {
        costs[current] += cost;
        owed += cost;
        mostOwed = Math.max(mostOwed, owed);
    }

    private void plain(int opcode) {
        height += StackEffect.leaves(instruction, module);
        maxHeight = Math.max(maxHeight, height);
        boolean isCall = opcode == Opcode.CALL || opcode == Opcode.CALL_INDIRECT;
        if (live && (isCall || hasLengthPrice(opcode))) {
            calls |= isCall;
            bulk |= !isCall;
            if (isCall) {
                owed += CALLEE_OWES;
                frames[depth - 1].calls++;
            }
            leadOutTo(OUTSIDE);
            split();
        }
    }

    /** Whether what an instruction does is as long as its topmost operand says. */
    static boolean hasLengthPrice(int opcode) {
        return switch (opcode) {
            case Opcode.MEMORY_GROW,
                    Opcode.MEMORY_INIT,
                    Opcode.MEMORY_COPY,
                    Opcode.MEMORY_FILL,
                    Opcode.TABLE_INIT,
                    Opcode.TABLE_COPY,
                    Opcode.TABLE_GROW,
                    Opcode.TABLE_FILL -> true;
            default -> false;
        };
    }

    private void open(int opcode) {
        int type = instruction.blockType();
        int parameters = type >= 0 ? module.types().get(type).parameters().size() : 0;
        int results =
                type >= 0 ? module.types().get(type).results().size() : type == InstructionReader.EMPTY_BLOCK ? 0 : 1;
        push(opcode, parameters, results);
        if (opcode == Opcode.LOOP && live) {
            frames[depth - 1].loop = loops++;
            owed = 0;
        }
        if (opcode != Opcode.BLOCK) {
            split();
        }
    }

    private void push(int opcode, int parameters, int results) {
        if (depth == frames.length) {
            frames = Arrays.copyOf(frames, 2 * depth);
        }
        Frame frame = frames[depth] == null ? new Frame() : frames[depth];
        int outerBase = depth == 0 ? 0 : frames[depth - 1].base;
        frame.opcode = opcode;
        frame.base = Math.max(outerBase, height - parameters);
        frame.parameters = parameters;
        frame.results = results;
        frame.outerPoint = current;
        frame.outermostTarget = depth;
        frame.outerOwed = owed;
        frame.branchOwed = 0;
        frame.calls = 0;
        frame.loop = -1;
        frame.outerLive = live;
        frame.endReached = false;
        frames[depth++] = frame;
        height = frame.base + parameters;
        maxHeight = Math.max(maxHeight, height);
    }

    private void beginElse() {
        Frame frame = frames[depth - 1];
        frame.opcode = Opcode.ELSE;
        if (live) {
            frame.endReached = true;
            frame.branchOwed = Math.max(frame.branchOwed, owed);
        }
        owed = frame.outerOwed;
        height = frame.base + frame.parameters;
        live(frame.outerLive);
        split();
    }

    private void close() {
        Frame frame = frames[--depth];
        boolean skipsOver = frame.opcode == Opcode.IF && frame.outerLive;
        boolean reached = live || frame.endReached || skipsOver;
        owed = Math.max(live ? owed : 0, Math.max(frame.branchOwed, skipsOver ? frame.outerOwed : 0));
        height = frame.base + frame.results;
        maxHeight = Math.max(maxHeight, height);
        if (depth == 0) {
            return;
        }
        frames[depth - 1].calls += frame.calls;
        if (frame.loop >= 0 && frame.calls == 0 && frame.parameters == 0) {
            if (frame.loop >= tight.length) {
                tight = Arrays.copyOf(tight, 2 * frame.loop);
            }
            tight[frame.loop] = true;
            hasTightLoops = true;
        }
        live(reached);
        current = frame.outerPoint;
        leadOutTo(frame.outermostTarget);
        if (frame.outermostTarget < depth) {
            split();
        }
    }

    private void branch(int label) {
        int target = depth - 1 - label;
        exitsEarly |= target == 0;
        if (live) {
            leadOutTo(target);
            if (frames[target].opcode != Opcode.LOOP) {
                frames[target].endReached = true;
                frames[target].branchOwed = Math.max(frames[target].branchOwed, owed);
            }
        }
    }

    private void leadOutTo(int target) {
        Frame frame = frames[depth - 1];
        frame.outermostTarget = Math.min(frame.outermostTarget, target);
    }

    private void split() {
        if (live) {
            splitAt(instruction.end());
        }
    }

    private void splitAt(int position) {
        current = newPoint(position);
        if (owed > MOST_OWED) {
            checks[current] = true;
            owed = 0;
        }
    }

    private void die() {
        height = frames[depth - 1].base;
        live(false);
    }

    /** Notes where reachable and unreachable code take turns. */
    private void live(boolean now) {
        if (now != live) {
            live = now;
            if (turnCount == turns.length) {
                turns = Arrays.copyOf(turns, 2 * turnCount);
            }
            turns[turnCount++] = instruction.end();
        }
    }

    private int newPoint(int position) {
        if (points == positions.length) {
            positions = Arrays.copyOf(positions, 2 * points);
            costs = Arrays.copyOf(costs, 2 * points);
            checks = Arrays.copyOf(checks, 2 * points);
        }
        positions[points] = position;
        return points++;
    }

    int points() {
        return points;
    }

    /** Before which instruction a point lies; points are in the order of the code. */
    int position(int point) {
        return positions[point];
    }

    long cost(int point) {
        return costs[point];
    }

    /** Whether the counter has to be checked at a point, before its cost is taken. */
    boolean isChecked(int point) {
        return checks[point];
    }

    /** Whether a call may spend so much without meeting a check that one is due at the entry. */
    boolean needsEntryCheck() {
        return calls || bulk || loops > 0 || mostOwed > CALLEE_OWES;
    }

    /** The number of places where reachability changes; the code starts reachable. */
    int turnCount() {
        return turnCount;
    }

    int turn(int i) {
        return turns[i];
    }

    /** The most operands that are on the stack at once. */
    int maxHeight() {
        return maxHeight;
    }

    /** Whether it leaves by other ways than its last {@code end}. */
    boolean exitsEarly() {
        return exitsEarly;
    }

    boolean calls() {
        return calls;
    }

    /**
     * Whether a loop calls nothing that returns and has no parameters.
     *
     * @param loop counts the loops that are reached, in the order of the code
     */
    boolean isTight(int loop) {
        return loop < tight.length && tight[loop];
    }

    boolean hasTightLoops() {
        return hasTightLoops;
    }

    /** Whether it pays for lengths. */
    boolean paysLengths() {
        return bulk;
    }

    /** Whether it pays nowhere but at its entry, so that it needs no copy of the counter. */
    boolean paysAtEntryOnly() {
        if (calls || bulk) {
            return false;
        }
        for (int i = 1; i < points; i++) {
            if (costs[i] > 0 || checks[i]) {
                return false;
            }
        }
        return loops == 0;
    }
}
