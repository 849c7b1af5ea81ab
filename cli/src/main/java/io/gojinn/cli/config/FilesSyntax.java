package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.route.RouteAction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code [route.static]}. */
final class FilesSyntax {
    private static final Key<Sited<Path>> ROOT = Key.required(
            "root",
            Types.sited(Types.path("the path of a folder")),
            "The folder whose files are answered, with all that is beneath it.");
    private static final Key<String> INDEX = Key.defaulted(
            "index",
            fileName(),
            "index.html",
            "The file that stands for a folder; empty for none. Folders are never listed.");
    private static final Key<String> FALLBACK = Key.defaulted(
            "fallback",
            fileName(),
            "",
            "The file right beneath `root` that is answered where there is none; empty for 404.");
    private static final Key<List<Coding>> PRECOMPRESSED = Key.defaulted(
            "precompressed",
            CompressionSyntax.codings(),
            List.of(),
            "Codings in which files may lie beside themselves, with `.zst`, `.br` or `.gz` behind their names.");
    private static final Key<Boolean> SYMLINKS = Key.defaulted(
            "symlinks",
            Types.choice(List.of(false, true), followed -> followed ? "inside" : "deny"),
            false,
            "`deny`: no symbolic link beneath `root` is followed. `inside`: those are that lead to what is beneath `root`.");

    static final Schema TABLE = new Schema(
            "[route.static]",
            "Answers with files, see [static files](static-files.md).",
            "",
            List.of(ROOT, INDEX, FALLBACK, PRECOMPRESSED, SYMLINKS));

    private FilesSyntax() {}

    private static ValueType<String> fileName() {
        return Types.checked("the name of a file, or nothing", HttpSyntax::fileNameOrNothing);
    }

    static RouteAction.Files of(Section table) {
        return new RouteAction.Files(
                table.get(ROOT).value(),
                table.get(INDEX),
                table.get(FALLBACK),
                table.get(PRECOMPRESSED),
                table.get(SYMLINKS));
    }

    static void check(Section table, CrossChecks checks) {
        table.find(ROOT).ifPresent(root -> {
            if (!Files.isDirectory(root.value())) {
                checks.problems().add(root.place(), root.shown(), "a folder that exists");
            } else if (!Files.isReadable(root.value()) || !Files.isExecutable(root.value())) {
                checks.problems().add(root.place(), root.shown(), "a folder that can be read");
            }
        });
    }
}
