package io.gojinn.cli.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;

/** Turns what the TOML parser complains of into problems. */
final class SyntaxProblems {
    private static final Pattern UNEXPECTED = Pattern.compile("Unexpected (.+?), expected (.+)", Pattern.DOTALL);
    private static final Pattern AGAIN =
            Pattern.compile("(.+) previously defined at line (\\d+), column \\d+", Pattern.DOTALL);

    private SyntaxProblems() {}

    static void report(TomlParseResult parsed, Problems problems) {
        for (TomlParseError error : parsed.errors()) {
            TomlPosition position = error.position();
            Place place = new Place("", position.line(), position.column());
            String message = String.valueOf(error.getMessage());
            Matcher unexpected = UNEXPECTED.matcher(message);
            Matcher again = AGAIN.matcher(message);
            if (unexpected.matches()) {
                problems.add(place, Shown.line(unexpected.group(1)), Shown.line(unexpected.group(2)));
            } else if (again.matches()) {
                problems.add(place, "a second " + Shown.line(again.group(1)), "only the one on line " + again.group(2));
            } else {
                problems.add(place, "a mistake", "valid TOML: " + Shown.line(message));
            }
        }
    }
}
