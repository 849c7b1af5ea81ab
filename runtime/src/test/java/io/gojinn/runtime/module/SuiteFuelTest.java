package io.gojinn.runtime.module;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import run.endive.runtime.HostFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Instance;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.OpCode;
import run.endive.wasm.types.ValType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs the calls of the specification suite in the engine, plain and metered, and in an independent interpreter: the
 * results are the same, and with unit prices the fuel used is the interpreter's number of instructions ({@code block},
 * {@code loop}, {@code else} and {@code end} not counted).
 */
class SuiteFuelTest {
    private static final int DEPTH = 200_000;

    /** Little, so that much of the suite is run in slices. */
    private static final int GRANT = 1_000;

    /** Engines differ in what their stacks bear, and the interpreter's is small. */
    private static final List<String> DEEP = List.of("runaway", "mutual-runaway", "runaway-with-many-params");

    private final Map<String, byte[]> files = SpecSuite.files();
    private final List<String> differences = new ArrayList<>();
    private long compared;
    private long counted;

    private static final class Subject {
        final WasmModule module;
        final GraalInstance plain;
        final GraalInstance metered;
        final Instance interpreted;
        long steps;
        long granted;

        Subject(Context context, byte[] binary) throws InvalidModuleException {
            module = WasmModule.parse(binary);
            AdaptedModule adapted =
                    ModuleAdapter.adapt(module, new AdaptOptions(32_767, 10_000_000, Optional.of(Prices.UNIT)));
            plain = new GraalInstance(context, binary, Map.of("spectest", ProxyObject.fromMap(GraalInstance.SPECTEST)));
            ProxyExecutable refuel = left -> {
                granted += GRANT;
                return GRANT;
            };
            metered = new GraalInstance(
                    context,
                    adapted.binary(),
                    Map.of(
                            "spectest",
                            ProxyObject.fromMap(GraalInstance.SPECTEST),
                            Metering.IMPORT_MODULE,
                            GraalInstance.meter(refuel)));
            if (adapted.hasStart()) {
                refill();
                metered.run(AdaptedModule.START);
            }
            interpreted = Instance.builder(Parser.parse(binary))
                    .withImportValues(spectest())
                    .withUnsafeExecutionListener((instruction, stack) -> {
                        switch (instruction.opcode()) {
                            case OpCode.BLOCK, OpCode.LOOP, OpCode.ELSE, OpCode.END -> {}
                            default -> steps++;
                        }
                    })
                    .build();
        }

        void refill() {
            granted = GRANT;
            metered.set(Metering.SET, Metering.counter(GRANT, DEPTH));
        }
    }

    private static ImportValues spectest() {
        Map<String, List<ValType>> functions = Map.of(
                "print", List.of(),
                "print_i32", List.of(ValType.I32),
                "print_i64", List.of(ValType.I64),
                "print_f32", List.of(ValType.F32),
                "print_f64", List.of(ValType.F64),
                "print_i32_f32", List.of(ValType.I32, ValType.F32),
                "print_f64_f64", List.of(ValType.F64, ValType.F64));
        var builder = ImportValues.builder();
        functions.forEach((name, parameters) -> builder.addFunction(new HostFunction(
                "spectest",
                name,
                run.endive.wasm.types.FunctionType.of(parameters, List.of()),
                (instance, arguments) -> new long[0])));
        return builder.build();
    }

    @Test
    void usesAsMuchFuelAsAnIndependentInterpreterCounts() {
        for (String name : files.keySet()) {
            if (name.endsWith(".json")) {
                script(name);
            }
        }
        assertThat(differences).isEmpty();
        assertThat(compared).isGreaterThan(15_000);
        assertThat(counted).isGreaterThan(14_000);
    }

    private void script(String name) {
        String folder = name.substring(0, name.lastIndexOf('/') + 1);
        Map<String, Subject> named = new HashMap<>();
        Subject current = null;
        try (Context context = Context.newBuilder("wasm").build()) {
            for (JsonNode command : new JsonMapper().readTree(files.get(name)).get("commands")) {
                switch (command.get("type").asString()) {
                    case "module" -> {
                        current = subject(
                                context, folder + command.get("filename").asString());
                        if (current != null && command.has("name")) {
                            named.put(command.get("name").asString(), current);
                        }
                    }
                    case "action", "assert_return", "assert_trap" -> {
                        JsonNode action = command.get("action");
                        Subject subject = action.has("module")
                                ? named.get(action.get("module").asString())
                                : current;
                        if (subject != null && action.get("type").asString().equals("invoke")) {
                            invoke(name + ":" + command.get("line").asInt(), subject, action);
                        }
                    }
                    default -> {}
                }
            }
        }
    }

    private @Nullable Subject subject(Context context, String file) {
        try {
            byte[] binary = requireNonNull(files.get(file), file);
            boolean selfContained = WasmModule.parse(binary).imports().stream()
                    .allMatch(wanted -> wanted.module().equals("spectest") && wanted.kind() == ExternalKind.FUNCTION);
            return selfContained ? new Subject(context, binary) : null;
        } catch (InvalidModuleException e) {
            throw new AssertionError(file, e);
        }
    }

    private void invoke(String where, Subject subject, JsonNode action) {
        String field = action.get("field").asString();
        ModuleExport export = subject.module.export(field).orElseThrow();
        ExternalType.Function type = subject.module.parsed().functionType(export.index());
        if (DEEP.contains(field) || !isScalar(type.parameters()) || !isScalar(type.results())) {
            return;
        }
        List<Long> arguments = new ArrayList<>();
        for (JsonNode argument : action.get("args")) {
            arguments.add(Long.parseUnsignedLong(argument.get("value").asString()));
        }
        Optional<List<Long>> plain = subject.plain.call(field, type, arguments);
        subject.refill();
        Optional<List<Long>> metered = subject.metered.call(field, type, arguments);
        long counter = subject.metered.get(Metering.GET);
        long fuel = subject.granted - Metering.fuel(counter);
        long depth = Metering.depth(counter);
        long before = subject.steps;
        boolean returned = interpret(subject, field, arguments);
        long steps = subject.steps - before;
        compared++;
        if (!plain.equals(metered)) {
            differences.add(where + " " + field + ": plain " + plain + ", metered " + metered);
        }
        if (returned && metered.isPresent()) {
            counted++;
            if (steps != fuel) {
                differences.add(where + " " + field + ": " + steps + " instructions, fuel " + fuel);
            }
            if (depth != DEPTH) {
                differences.add(where + " " + field + ": depth " + depth + " left of " + DEPTH);
            }
        }
    }

    private static boolean interpret(Subject subject, String field, List<Long> arguments) {
        try {
            subject.interpreted
                    .export(field)
                    .apply(arguments.stream().mapToLong(Long::longValue).toArray());
            return true;
        } catch (WasmEngineException e) {
            return false;
        }
    }

    private static boolean isScalar(List<ValueType> types) {
        return types.stream().noneMatch(type -> type == ValueType.V128 || type.isReference());
    }
}
