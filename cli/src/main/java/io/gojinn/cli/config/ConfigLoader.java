package io.gojinn.cli.config;

import io.gojinn.cli.config.LoadedConfig.Accepted;
import io.gojinn.cli.config.LoadedConfig.Rejected;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseOptions;
import org.tomlj.TomlParseResult;

/**
 * Reads a config file. Whatever the file holds, the answer is a config or its problems, never an exception.
 *
 * <p>A file with syntax errors is not looked at further: what was left of its tables would only make up problems.
 */
public final class ConfigLoader {
    /**
     * Ten thousand functions with a route each take 1.6 MiB. What is refused may be as long, and every table of it costs
     * memory: not much more than is needed.
     */
    static final int MOST_BYTES = 4 << 20;

    private static final int DEEPEST = 32;

    /** The parser needs a kilobyte for each mistake: a file that is no TOML at all is told by its start. */
    private static final int START_CHARACTERS = 64 << 10;

    private final Function<String, @Nullable String> environment;

    /** A loader whose placeholders see this environment. */
    public ConfigLoader(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    /** Reads and checks a file. */
    public LoadedConfig load(Path file) {
        Problems problems = new Problems(Shown.line(file.toString()));
        Path absolute = file.toAbsolutePath();
        Path parent = absolute.getParent();
        Path folder = parent == null ? absolute : parent;
        Placeholders placeholders = new Placeholders(folder, environment);
        String text = read(file, problems);
        if (text != null) {
            TomlParseResult parsed = parse(text, problems);
            if (parsed != null) {
                SyntaxProblems.report(parsed, problems);
            }
            if (parsed != null && problems.isEmpty()) {
                Section root = check(parsed, new Decoding(folder, placeholders, problems));
                if (problems.isEmpty()) {
                    Set<Path> files = new HashSet<>(placeholders.files());
                    files.add(absolute);
                    return new Accepted(new ConfigAssembler(root).assemble(), files);
                }
            }
        }
        return new Rejected(problems.inFileOrder());
    }

    private static @Nullable TomlParseResult parse(String text, Problems problems) {
        try {
            return parse(text);
        } catch (NullPointerException defect) {
            // The parser's, of some malformed inline tables.
            problems.add(Place.FILE, "a malformed table", "TOML");
            return null;
        }
    }

    private static TomlParseResult parse(String text) {
        TomlParseOptions options = TomlParseOptions.sourceless().withMaxNestingDepth(DEEPEST);
        if (text.length() > START_CHARACTERS) {
            TomlParseResult start = Toml.parse(text.substring(0, START_CHARACTERS), options);
            if (start.errors().size() > Problems.MOST) {
                return start;
            }
        }
        return Toml.parse(text, options);
    }

    private static Section check(TomlParseResult parsed, Decoding decoding) {
        Section root = Section.decode(ConfigSchema.FILE, new Place("", 1, 1), parsed, decoding);
        new CrossChecks(root, decoding.problems()).run();
        return root;
    }

    private static @Nullable String read(Path file, Problems problems) {
        try {
            if (!Files.exists(file)) {
                problems.add(Place.FILE, "no such file", "a config file");
                return null;
            }
            if (!Files.isRegularFile(file)) {
                problems.add(Place.FILE, Files.isDirectory(file) ? "a directory" : "a special file", "a config file");
                return null;
            }
            byte[] bytes;
            try (InputStream in = Files.newInputStream(file)) {
                bytes = in.readNBytes(MOST_BYTES + 1);
            }
            if (bytes.length > MOST_BYTES) {
                problems.add(Place.FILE, "more than " + MOST_BYTES + " bytes", "a config file");
                return null;
            }
            return decode(bytes, problems);
        } catch (IOException | SecurityException e) {
            problems.add(Place.FILE, "a file that cannot be read", "a config file");
            return null;
        }
    }

    private static @Nullable String decode(byte[] bytes, Problems problems) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        CharBuffer text = CharBuffer.allocate(bytes.length + 1);
        CoderResult result = decoder.decode(ByteBuffer.wrap(bytes), text, true);
        text.flip();
        if (result.isUnderflow()) {
            return text.toString();
        }
        String before = text.toString();
        int line = 1 + (int) before.chars().filter(c -> c == '\n').count();
        int column = before.length() - before.lastIndexOf('\n');
        problems.add(new Place("", line, column), "a byte that is not UTF-8", "UTF-8 text");
        return null;
    }
}
