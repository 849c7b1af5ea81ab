package io.gojinn.runtime.module;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SpecSuiteParseTest {
    private static final AdaptOptions WIDE = new AdaptOptions(65_536, Integer.MAX_VALUE, Optional.of(Prices.VERSION_1));

    private final Map<String, byte[]> files = SpecSuite.files();

    private record Command(String file, String type, String text) {}

    private List<Command> binaries() {
        List<Command> commands = new ArrayList<>();
        for (String name : files.keySet()) {
            if (name.endsWith(".json")) {
                String folder = name.substring(0, name.lastIndexOf('/') + 1);
                for (JsonNode command :
                        new JsonMapper().readTree(files.get(name)).get("commands")) {
                    String file = command.path("filename").asString("");
                    if (file.endsWith(".wasm")) {
                        commands.add(new Command(
                                folder + file,
                                command.get("type").asString(),
                                command.path("text").asString("")));
                    }
                }
            }
        }
        return commands;
    }

    private Optional<InvalidModuleException> refusal(Command command) {
        try {
            byte[] binary = requireNonNull(files.get(command.file()), command.file());
            WasmModule module = WasmModule.parse(binary);
            AdaptedModule adapted = ModuleAdapter.adapt(module, WIDE);
            WasmModule again = parseAdapted(adapted);
            assertThat(again.proposals()).containsAll(module.proposals());
            return Optional.empty();
        } catch (InvalidModuleException e) {
            return Optional.of(e);
        }
    }

    private static WasmModule parseAdapted(AdaptedModule adapted) throws InvalidModuleException {
        return WasmModule.parseAdapted(adapted.binary());
    }

    @Test
    void acceptsAndAdaptsEveryModuleThatTheSuiteInstantiates() {
        List<String> refused = binaries().stream()
                .filter(command -> List.of("module", "assert_uninstantiable", "assert_unlinkable")
                        .contains(command.type()))
                .flatMap(command -> refusal(command).stream().map(e -> command.file() + ": " + e.getMessage()))
                .toList();
        assertThat(refused).isEmpty();
    }

    @Test
    void refusesEveryMalformedModule() {
        List<Command> accepted = binaries().stream()
                .filter(command -> command.type().equals("assert_malformed"))
                .filter(command -> refusal(command).isEmpty())
                .toList();
        assertThat(accepted).isEmpty();
    }

    @Test
    void refusesEveryModuleWithAnIndexOutOfItsSpace() {
        List<Command> accepted = binaries().stream()
                .filter(command -> command.type().equals("assert_invalid"))
                .filter(command -> command.text().startsWith("unknown "))
                .filter(command -> refusal(command).isEmpty())
                .toList();
        assertThat(accepted).isEmpty();
    }
}
