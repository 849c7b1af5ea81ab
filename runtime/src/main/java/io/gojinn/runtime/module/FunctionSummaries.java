package io.gojinn.runtime.module;

import java.util.Arrays;

/**
 * What the callers of a module's functions go by: whether a function's frame is counted, whether it looks at the fuel when it
 * is entered, and how much may be owed when it returns.
 *
 * <p>Functions that are recursive count and look always, so that no stack grows and no calls go on unseen. Of the others most
 * need neither: what they owe without looking is little and known, and those that can be on the stack together are few and
 * known, too.
 */
final class FunctionSummaries {
    /** What a function that does not look at its entry owes at most. */
    static final int MOST_UNCHECKED = 128;

    /** What a recursive function is taken to owe when it returns. */
    private static final int RECURSIVE_OWES = 256;

    private final int importedFunctions;
    private final boolean[] counted;
    private final boolean[] checked;
    private final int[] owes;

    /** Plans every function, those that are called before their callers. */
    FunctionSummaries(ModuleParser.Result module, Prices prices) throws InvalidModuleException {
        int[] bodies = module.bodies();
        int functions = Math.max(0, bodies.length - 1);
        importedFunctions = module.importedFunctions();
        counted = new boolean[functions];
        checked = new boolean[functions];
        owes = new int[functions];
        Arrays.fill(counted, true);
        Arrays.fill(checked, true);
        Arrays.fill(owes, RECURSIVE_OWES);

        CallGraph graph = new CallGraph(module);
        InstructionReader instruction = new InstructionReader(new ByteReader(module.binary()));
        int[] order = graph.order();
        // By node: the most slots that are not counted from it to the top of a stack.
        int[] uncounted = new int[order.length];
        for (int first = 0, end; first < order.length; first = end) {
            int most = 0;
            for (end = first; end < order.length && graph.areInOneGroup(order[first], order[end]); end++) {
                most = Math.max(most, graph.mostOfCallees(order[end], uncounted));
            }
            for (int i = first; i < end; i++) {
                uncounted[order[i]] = most;
            }
            int node = order[first];
            if (graph.isFunction(node) && !graph.isRecursive(node)) {
                MeteringPlan plan =
                        new MeteringPlan(module, prices, this, instruction, importedFunctions + node, bodies[node]);
                int slots = most + plan.slots();
                counted[node] = slots > Metering.UNCOUNTED_SLOTS;
                if (!counted[node]) {
                    uncounted[node] = slots;
                }
                checked[node] = counted[node] || plan.mostOwed() > MOST_UNCHECKED;
                owes[node] = (int) (checked[node] ? plan.owedAtReturn() : plan.mostOwed());
            }
        }
    }

    /** Whether a function of the module takes from the depth when it is entered, and gives back. */
    boolean countsDepth(int function) {
        return counted[function - importedFunctions];
    }

    /** Whether it looks at the fuel when it is entered. */
    boolean checksAtEntry(int function) {
        return checked[function - importedFunctions];
    }

    /** The most fuel it has spent without looking when it returns. */
    int owes(int function) {
        return owes[function - importedFunctions];
    }
}
