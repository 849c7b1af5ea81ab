package io.gojinn.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Rounds of {@code wrk}: 64 connections that ask for one thing after the other, and what that took of the proxy. */
final class Wrk {
    private Wrk() {}

    /** What was measured in one round. */
    record Round(double perSecond, double microsARequest) {}

    /**
     * Runs one round.
     *
     * @param fields of each request, as {@code Name: value}
     */
    static Round round(Distribution proxy, String url, int seconds, List<String> fields)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("wrk", "-t1", "-c64", "-d" + seconds + "s"));
        for (String field : fields) {
            command.add("-H");
            command.add(field);
        }
        command.add(url);
        long before = proxy.processorTime().toNanos();
        Process wrk = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(wrk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!wrk.waitFor(60, TimeUnit.SECONDS) || output.contains("Non-2xx")) {
            throw new IllegalStateException(url + "\n" + output);
        }
        long nanos = proxy.processorTime().toNanos() - before;
        double perSecond = output.lines()
                .filter(line -> line.startsWith("Requests/sec:"))
                .mapToDouble(line -> Double.parseDouble(line.substring(13).strip()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(output));
        return new Round(perSecond, nanos / 1e3 / (perSecond * seconds));
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
