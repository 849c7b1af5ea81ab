package io.gojinn.runtime.module;

/**
 * Something the module offers.
 *
 * @param index its place in the index space of its kind, imports first
 */
public record ModuleExport(String name, ExternalKind kind, int index) {}
