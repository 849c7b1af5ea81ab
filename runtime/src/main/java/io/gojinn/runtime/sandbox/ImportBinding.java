package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.host.Arguments;
import io.gojinn.runtime.host.HostFunction;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/** A host function as the engine calls it. One object an import and instance; host functions never call back into guests. */
final class ImportBinding implements ProxyExecutable, Arguments {
    private final HostFunction function;
    private final char result;
    private Value[] arguments = {};

    ImportBinding(HostFunction function, char result) {
        this.function = function;
        this.result = result;
    }

    @Override
    public @Nullable Object execute(Value... values) {
        arguments = values;
        long returned = function.call(this);
        return switch (result) {
            case 'i' -> (Object) (int) returned;
            case 'I' -> (Object) returned;
            default -> null;
        };
    }

    @Override
    public int i32(int index) {
        return arguments[index].asInt();
    }

    @Override
    public long i64(int index) {
        return arguments[index].asLong();
    }
}
