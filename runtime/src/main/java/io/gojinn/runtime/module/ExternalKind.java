package io.gojinn.runtime.module;

/** What an import or export is (core specification, 5.5.5). */
public enum ExternalKind {
    FUNCTION,
    TABLE,
    MEMORY,
    GLOBAL
}
