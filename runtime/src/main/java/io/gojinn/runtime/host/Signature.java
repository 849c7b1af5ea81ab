package io.gojinn.runtime.host;

/**
 * The type of a host function, written like {@code (i32, i64) -> i32}. Only i32 and i64 occur.
 *
 * @param parameters one letter a parameter: {@code i} for i32, {@code I} for i64
 * @param result {@code i}, {@code I}, or {@code v} for none
 */
public record Signature(String parameters, char result) {
    /** Parses the compact form, such as {@code iiI:i}. */
    static Signature of(String compact) {
        int colon = compact.indexOf(':');
        return new Signature(compact.substring(0, colon), compact.charAt(colon + 1));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("(");
        for (int i = 0; i < parameters.length(); i++) {
            text.append(i == 0 ? "" : ", ").append(name(parameters.charAt(i)));
        }
        text.append(')');
        return result == 'v'
                ? text.toString()
                : text.append(" -> ").append(name(result)).toString();
    }

    private static String name(char letter) {
        return letter == 'I' ? "i64" : "i32";
    }
}
