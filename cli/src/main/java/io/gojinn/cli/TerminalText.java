package io.gojinn.cli;

/** Text of modules and functions on its way to a terminal, which would obey the control sequences in it. */
final class TerminalText {
    private TerminalText() {}

    /** The text on one line, with control and formatting characters as escapes. */
    static String line(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            switch (Character.getType(point)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> line.append(String.format("\\u%04x", point));
                default -> line.appendCodePoint(point);
            }
        });
        return line.toString();
    }
}
