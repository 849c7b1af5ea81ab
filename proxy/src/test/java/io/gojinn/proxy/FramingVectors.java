package io.gojinn.proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The desync vectors of http-desync-guardian: request heads with a verdict. Reads as much of YAML as these files use.
 */
final class FramingVectors {
    static final Path FOLDER = Path.of(System.getProperty("gojinn.vectors", ""), "http-desync");
    private static final List<String> FILES = List.of("severe", "ambiguous", "acceptable", "rfc-compliant");

    private FramingVectors() {}

    /** A field as it is sent, without any change. */
    record Field(String name, String value) {}

    /** A request head, and what the guardian holds of it. */
    record Vector(
            String name, String method, String uri, String version, List<Field> fields, String tier, String reason) {
        @Override
        public String toString() {
            return tier + ": " + name;
        }
    }

    static List<Vector> read() {
        List<Vector> vectors = new ArrayList<>();
        for (String file : FILES) {
            try {
                Reader reader = new Reader();
                Files.readAllLines(FOLDER.resolve(file + ".yaml")).forEach(reader::line);
                vectors.addAll(reader.finish());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return vectors;
    }

    private static final class Reader {
        private final List<Vector> vectors = new ArrayList<>();
        private String name = "";
        private String method = "";
        private String uri = "";
        private String version = "";
        private String fieldName = "";
        private List<Field> fields = new ArrayList<>();
        private String tier = "";
        private String reason = "";

        void line(String line) {
            String text = line.strip();
            int colon = text.indexOf(':');
            if (text.startsWith("#") || colon < 0) {
                return;
            }
            String key = text.substring(0, colon);
            String value = scalar(text.substring(colon + 1).strip());
            switch (line.substring(0, line.indexOf(text)).length() + key) {
                case "0- name" -> {
                    end();
                    name = value;
                }
                case "2uri" -> uri = value;
                case "2method" -> method = value;
                case "2version" -> version = value;
                case "4- name" -> fieldName = value;
                case "6value" -> fields.add(new Field(fieldName, value));
                case "4tier" -> tier = value;
                case "4reason" -> reason = value;
                default -> {
                    // the guardian's own opinion of a field, and its messages
                }
            }
        }

        private void end() {
            if (!name.isEmpty()) {
                vectors.add(new Vector(name, method, uri, version, List.copyOf(fields), tier, reason));
            }
            fields = new ArrayList<>();
        }

        List<Vector> finish() {
            end();
            return vectors;
        }

        private static String scalar(String text) {
            if (text.length() >= 2 && text.startsWith("'") && text.endsWith("'")) {
                return text.substring(1, text.length() - 1).replace("''", "'");
            }
            if (text.length() < 2 || !text.startsWith("\"")) {
                return text;
            }
            StringBuilder plain = new StringBuilder();
            for (int i = 1; i < text.length() - 1; i++) {
                char c = text.charAt(i);
                if (c == '\\') {
                    i++;
                    switch (text.charAt(i)) {
                        case 'r' -> plain.append('\r');
                        case 'n' -> plain.append('\n');
                        case 't' -> plain.append('\t');
                        case 'x' -> {
                            plain.append((char) Integer.parseInt(text, i + 1, i + 3, 16));
                            i += 2;
                        }
                        default -> plain.append(text.charAt(i));
                    }
                } else {
                    plain.append(c);
                }
            }
            return plain.toString();
        }
    }
}
