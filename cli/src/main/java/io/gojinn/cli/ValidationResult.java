package io.gojinn.cli;

import io.gojinn.runtime.ModuleReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/**
 * What {@code gojinn validate} found out of one module.
 *
 * @param report null when the file could not be read
 * @param run null when the module was not run
 */
record ValidationResult(
        Path file,
        @Nullable ModuleReport report,
        List<String> problems,
        @Nullable OneShotRun run) {
    /** Whether the module may be served, and ran well if it ran. */
    boolean acceptable() {
        return problems.isEmpty() && (run == null || run.failure() == null);
    }

    void print(PrintWriter out, Ansi ansi) {
        String verdict = acceptable() ? "@|green,bold good|@" : "@|red,bold not acceptable|@";
        out.println(TerminalText.line(file.toString()) + ": " + ansi.string(verdict));
        for (String problem : problems) {
            out.println("  problem     " + TerminalText.line(problem));
        }
        if (report != null) {
            print(out, report);
        }
        if (run != null) {
            run.print(out);
        }
    }

    private static void print(PrintWriter out, ModuleReport report) {
        out.println("  sha256      " + report.sha256());
        out.println("  size        " + report.sizeBytes() + " bytes");
        report.shape()
                .ifPresent(shape ->
                        out.println("  shape       " + shape + (report.initializes() ? ", initializes once" : "")));
        out.println("  memory      starts with " + report.initialMemoryBytes() + " bytes"
                + (report.maximumMemoryBytes().isPresent()
                        ? ", allows itself " + report.maximumMemoryBytes().getAsLong()
                        : ""));
        if (!report.proposals().isEmpty()) {
            out.println("  needs       " + String.join(", ", report.proposals()));
        }
        for (ModuleReport.Import wanted : report.imports()) {
            out.println("  import      " + TerminalText.line(wanted.module() + " " + wanted.name()) + "  "
                    + capability(wanted));
        }
    }

    private static String capability(ModuleReport.Import wanted) {
        return wanted.capability()
                .map(capability -> wanted.granted() ? capability : capability + ", needs a grant")
                .orElse("unknown");
    }

    Map<String, Object> toMap() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("file", file.toString());
        members.put("acceptable", acceptable());
        members.put("problems", problems);
        if (report != null) {
            members.put("sha256", report.sha256());
            members.put("size_bytes", report.sizeBytes());
            report.shape().ifPresent(shape -> members.put("shape", shape));
            members.put("initializes", report.initializes());
            members.put("initial_memory_bytes", report.initialMemoryBytes());
            report.maximumMemoryBytes().ifPresent(bytes -> members.put("maximum_memory_bytes", bytes));
            members.put("proposals", report.proposals());
            members.put(
                    "imports",
                    report.imports().stream().map(ValidationResult::toMap).toList());
        }
        if (run != null) {
            members.put("run", run.toMap());
        }
        return members;
    }

    private static Map<String, Object> toMap(ModuleReport.Import wanted) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("module", wanted.module());
        members.put("name", wanted.name());
        members.put("type", wanted.type());
        wanted.capability().ifPresent(capability -> members.put("capability", capability));
        members.put("granted", wanted.granted());
        return members;
    }
}
