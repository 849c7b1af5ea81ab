package io.gojinn.runtime.module;

/** Something the host must provide. */
public record ModuleImport(String module, String name, ExternalType type) {
    public ExternalKind kind() {
        return type.kind();
    }
}
