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
 *   <li>A point is checked when a path to it may have run up {@link #MOST_OWED} since the last check; what a call adds is
 *       known ({@link FunctionSummaries}). Straight code of any length is split so that it is checked, too.
 *   <li>A loop is checked as each turn pays, unless every path from its header back to it meets a check anyway: of a call,
 *       of a loop inside, or of a point.
 *   <li>Code that cannot be reached has no points. The end of a structure is reached when control falls into it, when a
 *       branch that is reached leads there, and for an {@code if} without {@code else}.
 * </ul>
 */
final class MeteringPlan {
    /** Stands before all frames: what leads there leaves every structure. */
    private static final int OUTSIDE = -1;

    /** The most fuel a path may spend before it meets a check, but for the rest of straight code up to four times that. */
    private static final long MOST_OWED = 512;

    private final ModuleParser.Result module;
    private final Prices prices;
    private final FunctionSummaries callees;
    private final InstructionReader instruction;
    private final int locals;
    private final int codeStart;

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
    private boolean bulk;

    /** By loop that is reached, in the order of the code. */
    private LoopKind[] kinds = new LoopKind[4];

    private int loops;
    private boolean hasTightLoops;
    private boolean afterCall;

    /** How many loops that are reached are open. */
    private int openLoops;

    /** How many of the open loops, from the outermost, have met a check on every path from their header to here. */
    private int checkedLoops;

    /** The most that a path to here has spent since it met a check. */
    private long owed;

    private long mostOwed;

    /** A control structure that is open (core specification, appendix on validation). */
    private static final class Frame {
        int opcode;
        /** Which of the reached loops it is. */
        int loop;
        /** How many loops are open around it. */
        int outerLoops;
        /** Whether a turn may come to its end without a check. */
        boolean turnsUnchecked;
        /** See {@link #checkedLoops}: before it, and the least of the branches to its end. */
        int outerChecked;

        int branchChecked;
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

    /** What is looked at when a turn of a loop begins. */
    enum LoopKind {
        /** The fuel: the loop is an innermost one, calls nothing that returns and has no parameters. */
        TIGHT,
        /** The fuel. */
        CHECKED,
        /** Nothing, for every turn meets a check anyway. */
        UNCHECKED,
        /** Nothing, but the fuel before the first. */
        CHECKED_BEFORE
    }

    /**
     * Reads a function.
     *
     * @param callees known of all that it calls, but for what calls itself
     * @param body where its locals start
     */
    MeteringPlan(
            ModuleParser.Result module,
            Prices prices,
            FunctionSummaries callees,
            InstructionReader instruction,
            int function,
            int body)
            throws InvalidModuleException {
        this.module = module;
        this.prices = prices;
        this.callees = callees;
        this.instruction = instruction;
        ExternalType.Function type = module.functionType(function);
        locals = type.parameters().size() + instruction.locals(body);
        codeStart = instruction.end();
        live = true;
        current = newPoint(codeStart);
        owe(prices.ofEntry(locals));
        if (owed > MOST_OWED) {
            // So much that it looks at its entry.
            owed = 0;
        }
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
            bulk |= !isCall;
            if (isCall) {
                call(opcode == Opcode.CALL && instruction.first() >= module.importedFunctions());
                frames[depth - 1].calls++;
            }
            leadOutTo(OUTSIDE);
            split();
        }
    }

    private void call(boolean isKnown) {
        if (!isKnown) {
            owed += FunctionSummaries.MOST_UNCHECKED;
        } else if (callees.checksAtEntry(instruction.first())) {
            owed = callees.owes(instruction.first());
            checkedLoops = openLoops;
        } else {
            owed += callees.owes(instruction.first());
        }
        mostOwed = Math.max(mostOwed, owed);
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
            openLoop(frames[depth - 1]);
        }
        if (opcode != Opcode.BLOCK) {
            split();
        }
    }

    private void openLoop(Frame frame) {
        if (loops == kinds.length) {
            kinds = Arrays.copyOf(kinds, 2 * loops);
        }
        frame.loop = loops++;
        openLoops++;
        kinds[frame.loop] = LoopKind.UNCHECKED;
        if (owed > FunctionSummaries.MOST_UNCHECKED) {
            kinds[frame.loop] = LoopKind.CHECKED_BEFORE;
            checkedLoops = frame.outerLoops;
            owed = 0;
        }
    }

    private void closeLoop(Frame frame) {
        if (frame.calls == 0 && frame.parameters == 0 && loops == frame.loop + 1) {
            kinds[frame.loop] = LoopKind.TIGHT;
            hasTightLoops = true;
        } else if (frame.turnsUnchecked) {
            kinds[frame.loop] = LoopKind.CHECKED;
        } else {
            return;
        }
        checkedLoops = openLoops;
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
        frame.outerLoops = openLoops;
        frame.turnsUnchecked = false;
        frame.outerChecked = checkedLoops;
        frame.branchChecked = Integer.MAX_VALUE;
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
            frame.branchChecked = Math.min(frame.branchChecked, checkedLoops);
        }
        owed = frame.outerOwed;
        checkedLoops = frame.outerChecked;
        height = frame.base + frame.parameters;
        live(frame.outerLive);
        split();
    }

    private void close() {
        Frame frame = frames[--depth];
        boolean skipsOver = frame.opcode == Opcode.IF && frame.outerLive;
        boolean reached = live || frame.endReached || skipsOver;
        owed = Math.max(live ? owed : 0, Math.max(frame.branchOwed, skipsOver ? frame.outerOwed : 0));
        openLoops = frame.outerLoops;
        if (frame.loop >= 0) {
            closeLoop(frame);
        }
        checkedLoops = Math.min(
                Math.min(live ? checkedLoops : openLoops, frame.branchChecked),
                Math.min(openLoops, skipsOver ? frame.outerChecked : openLoops));
        height = frame.base + frame.results;
        maxHeight = Math.max(maxHeight, height);
        if (depth == 0) {
            return;
        }
        frames[depth - 1].calls += frame.calls;
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
            Frame frame = frames[target];
            if (frame.opcode == Opcode.LOOP) {
                frame.turnsUnchecked |= checkedLoops <= frame.outerLoops;
            } else {
                frame.endReached = true;
                frame.branchOwed = Math.max(frame.branchOwed, owed);
                frame.branchChecked = Math.min(frame.branchChecked, checkedLoops);
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
            checkedLoops = openLoops;
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

    /** The most fuel that a path has spent at any place since it met a check, the entry not being one. */
    long mostOwed() {
        return mostOwed;
    }

    /** The most that a path has spent since it met a check when it returns. */
    long owedAtReturn() {
        return owed;
    }

    /** The parameters and locals. */
    int locals() {
        return locals;
    }

    /** Where the first instruction is. */
    int codeStart() {
        return codeStart;
    }

    /** What the frame takes of the stack; see {@link Metering}. */
    int slots() {
        return Metering.FRAME_SLOTS + locals + maxHeight;
    }

    /** The number of places where reachability changes; the code starts reachable. */
    int turnCount() {
        return turnCount;
    }

    int turn(int i) {
        return turns[i];
    }

    /** Whether it leaves by other ways than its last {@code end}. */
    boolean exitsEarly() {
        return exitsEarly;
    }

    /**
     * What a loop looks at.
     *
     * @param loop counts the loops that are reached, in the order of the code
     */
    LoopKind kind(int loop) {
        return kinds[loop];
    }

    boolean hasTightLoops() {
        return hasTightLoops;
    }

    /** Whether it pays for lengths. */
    boolean paysLengths() {
        return bulk;
    }

    /** Whether it pays and looks nowhere but at its entry, so that it needs no copy of the counter. */
    boolean paysAtEntryOnly() {
        if (bulk) {
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
