package io.gojinn.runtime.module;

import java.util.List;
import java.util.OptionalLong;

/** The type of something a module imports, defines or exports (core specification, 2.3). */
public sealed interface ExternalType {
    ExternalKind kind();

    /** The type of a function. */
    record Function(List<ValueType> parameters, List<ValueType> results) implements ExternalType {
        public Function {
            parameters = List.copyOf(parameters);
            results = List.copyOf(results);
        }

        @Override
        public ExternalKind kind() {
            return ExternalKind.FUNCTION;
        }

        @Override
        public String toString() {
            return parameters + " -> " + results;
        }
    }

    /** The type of a table; sizes count elements. */
    record Table(ValueType element, long initial, OptionalLong maximum) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.TABLE;
        }
    }

    /** The type of a linear memory; sizes count pages of 64 KiB. */
    record Memory(long initial, OptionalLong maximum) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.MEMORY;
        }
    }

    /** The type of a global. */
    record Global(ValueType value, boolean mutable) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.GLOBAL;
        }
    }
}
