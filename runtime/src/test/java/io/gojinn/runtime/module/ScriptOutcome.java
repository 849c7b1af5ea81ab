package io.gojinn.runtime.module;

import java.util.List;

/** What a command of a specification script led to, or is to lead to. */
sealed interface ScriptOutcome {
    /** Results as text: bits in decimal, or the class of NaN that was asked for. */
    record Returned(List<String> results) implements ScriptOutcome {}

    /**
     * @param failure the kind of trap, in the words of the specification
     * @param message the engine's words, which may tell more: addresses, sizes, types
     */
    record Trapped(String failure, String message) implements ScriptOutcome {}

    record Unlinkable(String failure) implements ScriptOutcome {}

    /** The module is malformed, invalid, or more than is supported. Whose words say so, and which, does not matter. */
    record Refused() implements ScriptOutcome {}

    /** The module was decoded and found valid, or instantiated. */
    record Accepted() implements ScriptOutcome {}

    /** The command is about an instance that an earlier command failed to make. */
    record NoInstance() implements ScriptOutcome {}

    /** Whether another outcome is as this one expects: messages need only begin so, as the suite defines. */
    default boolean admits(ScriptOutcome actual) {
        return switch (this) {
            case Trapped trapped -> actual instanceof Trapped other && other.failure.startsWith(trapped.failure);
            case Unlinkable unlinkable ->
                actual instanceof Unlinkable other && other.failure.startsWith(unlinkable.failure);
            case Returned _, Refused _, Accepted _, NoInstance _ -> equals(actual);
        };
    }
}
