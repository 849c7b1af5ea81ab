package io.gojinn.cli.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Replaces <code>${env:NAME}</code> and <code>${file:path}</code> in strings, so that secrets stay out of the config
 * file; <code>$${</code> stands for <code>${</code>. What was replaced is not looked at again.
 */
final class Placeholders {
    /** Room for a certificate chain; no secret is longer. */
    static final int MOST_FILE_BYTES = 64 << 10;

    private static final String FORMS = "${env:NAME} or ${file:path} ($${ for a literal ${)";

    private final Path folder;
    private final Function<String, @Nullable String> environment;
    private final Set<Path> files = new HashSet<>();

    /** {@code folder} is where relative paths start. */
    Placeholders(Path folder, Function<String, @Nullable String> environment) {
        this.folder = folder;
        this.environment = environment;
    }

    /** The files that were looked at. */
    Set<Path> files() {
        return files;
    }

    String replaceIn(String text) throws Refused {
        int open = text.indexOf("${");
        if (open < 0) {
            return text;
        }
        StringBuilder replaced = new StringBuilder();
        int done = 0;
        while (open >= 0) {
            if (open > done && text.charAt(open - 1) == '$') {
                replaced.append(text, done, open - 1).append("${");
                done = open + 2;
            } else {
                int close = text.indexOf('}', open);
                if (close < 0) {
                    throw new Refused("a closing } after ${");
                }
                replaced.append(text, done, open).append(valueOf(text.substring(open + 2, close)));
                done = close + 1;
            }
            open = text.indexOf("${", done);
        }
        return replaced.append(text, done, text.length()).toString();
    }

    private String valueOf(String placeholder) throws Refused {
        if (placeholder.startsWith("env:")) {
            return variable(placeholder.substring("env:".length()));
        }
        if (placeholder.startsWith("file:")) {
            return content(placeholder.substring("file:".length()));
        }
        throw new Refused(FORMS);
    }

    private String variable(String name) throws Refused {
        String value = name.isEmpty() || name.indexOf('\0') >= 0 ? null : environment.apply(name);
        if (value == null) {
            throw new Refused("the environment variable " + Shown.quoted(name) + " to be set");
        }
        return value;
    }

    private String content(String name) throws Refused {
        String shown = "the file " + Shown.quoted(name);
        try {
            Path file = folder.resolve(name);
            files.add(file);
            if (!Files.isRegularFile(file)) {
                throw new Refused(shown + " to exist and be a regular file");
            }
            byte[] bytes;
            try (InputStream in = Files.newInputStream(file)) {
                bytes = in.readNBytes(MOST_FILE_BYTES + 1);
            }
            if (bytes.length > MOST_FILE_BYTES) {
                throw new Refused(shown + " to hold at most " + MOST_FILE_BYTES + " bytes");
            }
            return withoutLastLineEnd(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new Refused(shown + " to hold UTF-8 text");
        } catch (IOException | InvalidPathException e) {
            throw new Refused(shown + " to be readable");
        }
    }

    private static String withoutLastLineEnd(String text) {
        if (text.endsWith("\r\n")) {
            return text.substring(0, text.length() - 2);
        }
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }
}
