package io.gojinn.runtime.module;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Which of a module's functions may call which, as groups of functions that can reach each other: a group is a single
 * function that is not recursive, or functions of which each may be on the stack any number of times.
 *
 * <p>A call through a table may lead to every function of its type to which the module makes a reference; one node for each
 * type stands for those. Imports are left out: the host calls nothing back.
 *
 * <p>The groups are the strongly connected components (R. Tarjan, Depth-first search and linear graph algorithms, 1972),
 * found without recursion, in time and memory linear in the size of the code.
 */
final class CallGraph {
    private final int functions;

    /** The nodes: defined functions, then types. Where the targets of each start, and after the last one where they end. */
    private final int[] starts;

    private int[] targets = new int[64];
    private int edges;

    /** By node: the last one, plus 1, with an edge to it, so that each edge is kept once. */
    private final int[] lastCaller;

    /** The nodes, callees first; the members of a group stand together. */
    private final int[] order;

    /** By node: where its group begins in {@link #order}. */
    private final int[] groups;

    private final boolean[] recursive;

    CallGraph(ModuleParser.Result module) throws InvalidModuleException {
        int[] bodies = module.bodies();
        functions = Math.max(0, bodies.length - 1);
        int[] types = canonicalTypes(module);
        int nodes = functions + types.length;
        starts = new int[nodes + 1];
        lastCaller = new int[nodes];
        order = new int[nodes];
        groups = new int[nodes];
        recursive = new boolean[nodes];

        boolean[] referenced = new boolean[functions];
        readReferences(module, referenced);
        InstructionReader instruction = new InstructionReader(new ByteReader(module.binary()));
        for (int i = 0; i < functions; i++) {
            starts[i] = edges;
            instruction.locals(bodies[i]);
            readCalls(i, module, instruction, types, referenced);
        }
        addTypes(module, types, referenced);
        findGroups();
    }

    /** By type: the first one that is the same. */
    private static int[] canonicalTypes(ModuleParser.Result module) {
        int[] canonical = new int[module.types().size()];
        Map<ExternalType.Function, Integer> first = new HashMap<>();
        for (int i = 0; i < canonical.length; i++) {
            Integer known = first.putIfAbsent(module.types().get(i), i);
            canonical[i] = known == null ? i : known;
        }
        return canonical;
    }

    /** Notes the functions named outside of code, but for exports: what the host calls is at the bottom of the stack. */
    private static void readReferences(ModuleParser.Result module, boolean[] referenced) throws InvalidModuleException {
        ByteReader in = new ByteReader(module.binary());
        Section exports = module.sections().stream()
                .filter(section -> section.id() == Section.EXPORT)
                .findFirst()
                .orElse(null);
        for (int position : module.functionReferences()) {
            if (exports == null || position < exports.start() || position >= exports.end()) {
                in.position(position);
                note(referenced, (int) in.u32() - module.importedFunctions());
            }
        }
    }

    private static void note(boolean[] referenced, int function) {
        if (function >= 0) {
            referenced[function] = true;
        }
    }

    private void readCalls(
            int caller, ModuleParser.Result module, InstructionReader instruction, int[] types, boolean[] referenced)
            throws InvalidModuleException {
        for (int depth = 1; depth > 0; ) {
            switch (instruction.next()) {
                case Opcode.BLOCK, Opcode.LOOP, Opcode.IF -> depth++;
                case Opcode.END -> depth--;
                case Opcode.CALL -> {
                    int callee = instruction.first() - module.importedFunctions();
                    if (callee >= 0) {
                        addCall(caller, callee);
                    }
                }
                case Opcode.CALL_INDIRECT -> addCall(caller, functions + types[instruction.first()]);
                case Opcode.REF_FUNC -> note(referenced, instruction.first() - module.importedFunctions());
                default -> {}
            }
        }
    }

    private void addCall(int caller, int target) {
        if (lastCaller[target] != caller + 1) {
            lastCaller[target] = caller + 1;
            addEdge(target);
        }
    }

    private void addEdge(int target) {
        if (edges == targets.length) {
            targets = Arrays.copyOf(targets, 2 * edges);
        }
        targets[edges++] = target;
    }

    private void addTypes(ModuleParser.Result module, int[] types, boolean[] referenced) {
        int[] sizes = new int[types.length + 1];
        for (int i = 0; i < functions; i++) {
            if (referenced[i]) {
                sizes[typeOf(module, types, i)]++;
            }
        }
        for (int i = 0; i < types.length; i++) {
            starts[functions + i] = edges;
            for (int j = 0; j < sizes[i]; j++) {
                addEdge(0);
            }
        }
        starts[functions + types.length] = edges;
        for (int i = functions - 1; i >= 0; i--) {
            if (referenced[i]) {
                int type = typeOf(module, types, i);
                targets[starts[functions + type] + --sizes[type]] = i;
            }
        }
    }

    private static int typeOf(ModuleParser.Result module, int[] types, int function) {
        return types[module.functionTypes()[module.importedFunctions() + function]];
    }

    private void findGroups() {
        int nodes = groups.length;
        int[] numbers = new int[nodes];
        int[] lowest = new int[nodes];
        int[] nextEdge = new int[nodes];
        int[] path = new int[nodes];
        int[] open = new int[nodes];
        boolean[] isOpen = new boolean[nodes];
        int number = 0;
        int opened = 0;
        int ordered = 0;
        for (int root = 0; root < nodes; root++) {
            if (numbers[root] != 0) {
                continue;
            }
            int length = 0;
            path[length++] = root;
            while (length > 0) {
                int node = path[length - 1];
                if (numbers[node] == 0) {
                    numbers[node] = ++number;
                    lowest[node] = number;
                    nextEdge[node] = starts[node];
                    open[opened++] = node;
                    isOpen[node] = true;
                }
                if (nextEdge[node] < starts[node + 1]) {
                    int target = targets[nextEdge[node]++];
                    recursive[node] |= target == node;
                    if (numbers[target] == 0) {
                        path[length++] = target;
                    } else if (isOpen[target]) {
                        lowest[node] = Math.min(lowest[node], numbers[target]);
                    }
                    continue;
                }
                length--;
                if (length > 0) {
                    lowest[path[length - 1]] = Math.min(lowest[path[length - 1]], lowest[node]);
                }
                if (lowest[node] == numbers[node]) {
                    int start = ordered;
                    boolean several = open[opened - 1] != node;
                    int member;
                    do {
                        member = open[--opened];
                        isOpen[member] = false;
                        groups[member] = start;
                        recursive[member] |= several;
                        order[ordered++] = member;
                    } while (member != node);
                }
            }
        }
    }

    /** The defined functions and the nodes of types, those that are called before those that call them. */
    int[] order() {
        return order;
    }

    /** Whether a node is a defined function, counted from 0, and not a type. */
    boolean isFunction(int node) {
        return node < functions;
    }

    boolean isRecursive(int node) {
        return recursive[node];
    }

    /** The largest of these values among what a node calls outside its group, 0 when there is none. */
    int mostOfCallees(int node, int[] values) {
        int most = 0;
        for (int i = starts[node]; i < starts[node + 1]; i++) {
            if (groups[targets[i]] != groups[node]) {
                most = Math.max(most, values[targets[i]]);
            }
        }
        return most;
    }

    /** Whether two nodes can reach each other. */
    boolean areInOneGroup(int node, int other) {
        return groups[node] == groups[other];
    }
}
