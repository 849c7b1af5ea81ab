package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.host.HostCatalog;
import io.gojinn.runtime.host.HostCatalog.Capability;
import io.gojinn.runtime.host.HostCatalog.Entry;
import io.gojinn.runtime.host.Signature;
import io.gojinn.runtime.module.ExternalType;
import io.gojinn.runtime.module.ModuleImport;
import io.gojinn.runtime.module.ValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a module imports, held against what a host offers and what is granted. */
public final class ImportCheck {
    private final Map<String, Map<String, Signature>> functions = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    private ImportCheck() {}

    /** Checks every import. */
    public static ImportCheck of(List<ModuleImport> imports) {
        ImportCheck check = new ImportCheck();
        for (ModuleImport wanted : imports) {
            check.add(wanted);
        }
        return check;
    }

    /** Why the module cannot be linked, a sentence for each import concerned; empty when it can. */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    /** The functions to supply, by module and name. */
    Map<String, Map<String, Signature>> functions() {
        return functions;
    }

    private void add(ModuleImport wanted) {
        String title = "import " + wanted.module() + " " + wanted.name();
        Optional<Capability> capability = HostCatalog.capability(wanted.module(), wanted.name());
        Optional<Entry> entry = HostCatalog.find(wanted.module(), wanted.name());
        if (capability.isPresent() && !capability.get().always()) {
            problems.add(
                    title + " needs the grant \"" + capability.get().label() + "\", which the function does not have");
        } else if (entry.isEmpty()) {
            problems.add(title + " is unknown" + known(wanted.module()));
        } else if (!(wanted.type() instanceof ExternalType.Function type)) {
            problems.add(title + " is a function, found a " + wanted.kind());
        } else {
            link(wanted, title, entry.get(), type);
        }
    }

    private void link(ModuleImport wanted, String title, Entry entry, ExternalType.Function type) {
        Optional<Signature> signature = entry.signatures().stream()
                .filter(candidate -> matches(candidate, type))
                .findFirst();
        if (signature.isEmpty()) {
            problems.add(title + " has the type " + type + ", expected "
                    + String.join(
                            " or ",
                            entry.signatures().stream().map(Signature::toString).toList()));
            return;
        }
        Map<String, Signature> module = functions.computeIfAbsent(wanted.module(), ImportCheck::all);
        module.put(wanted.name(), signature.get());
    }

    /** An import object that names WASI has to hold all of it; of our own modules only what is imported is supplied. */
    private static Map<String, Signature> all(String module) {
        Map<String, Signature> functions = new LinkedHashMap<>();
        if (module.equals(HostCatalog.WASI)) {
            HostCatalog.functions(module)
                    .forEach((name, entry) ->
                            functions.put(name, entry.signatures().getFirst()));
        }
        return functions;
    }

    private static boolean matches(Signature signature, ExternalType.Function type) {
        String parameters = signature.parameters();
        if (type.parameters().size() != parameters.length()) {
            return false;
        }
        for (int i = 0; i < parameters.length(); i++) {
            if (type.parameters().get(i) != valueType(parameters.charAt(i))) {
                return false;
            }
        }
        return signature.result() == 'v'
                ? type.results().isEmpty()
                : type.results().equals(List.of(valueType(signature.result())));
    }

    private static ValueType valueType(char letter) {
        return letter == 'I' ? ValueType.I64 : ValueType.I32;
    }

    private static String known(String module) {
        return HostCatalog.functions(module).isEmpty()
                ? "; known modules are " + HostCatalog.WASI + ", " + HostCatalog.GOJINN + " and gojinn:<capability>@1"
                : "; the module " + module + " has no such function";
    }
}
