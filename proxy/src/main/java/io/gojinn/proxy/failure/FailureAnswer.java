package io.gojinn.proxy.failure;

import io.gojinn.runtime.FunctionFailure;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * How a failure is answered: the one place where failures become statuses.
 *
 * @param status what the client gets; 499 is for the log alone, nobody is there to read it
 * @param close whether the connection cannot be used again, because its framing is lost or not to be trusted
 * @param headers fields beyond {@code X-Gojinn-Error}
 */
public record FailureAnswer(int status, String label, boolean close, List<Map.Entry<String, String>> headers) {
    /** The field that names the failure to the client. */
    public static final String HEADER = "X-Gojinn-Error";

    private static final List<Map.Entry<String, String>> RETRY_AFTER = List.of(Map.entry("Retry-After", "1"));

    public FailureAnswer {
        headers = List.copyOf(headers);
    }

    /** Maps a failure. */
    public static FailureAnswer to(Failure failure) {
        return switch (failure) {
            case Failure.Client client ->
                new FailureAnswer(
                        client.fault().status(),
                        client.label(),
                        true,
                        // RFC 9110, 15.5.14: the field says that it will be otherwise.
                        client.fault() == ClientFault.COLLECTED_LIMIT ? RETRY_AFTER : List.of());
            case Failure.Denied denied ->
                new FailureAnswer(denied.denial().status(), denied.label(), false, denied.headers());
            case Failure.NoRoute noRoute -> new FailureAnswer(404, noRoute.label(), false, List.of());
            case Failure.MethodNotAllowed refused ->
                new FailureAnswer(
                        405,
                        refused.label(),
                        false,
                        List.of(Map.entry("Allow", String.join(", ", new TreeSet<>(refused.allowed())))));
            case Failure.Upstream upstream ->
                new FailureAnswer(
                        upstream.fault().status(),
                        upstream.label(),
                        false,
                        upstream.fault().status() == 503 ? RETRY_AFTER : List.of());
            case Failure.Function function ->
                new FailureAnswer(
                        status(function.failure()),
                        function.label(),
                        false,
                        function.failure() == FunctionFailure.OVERLOADED ? RETRY_AFTER : List.of());
            case Failure.ResponseLimit limit -> new FailureAnswer(502, limit.label(), false, List.of());
            case Failure.File file ->
                new FailureAnswer(
                        file.fault().status(),
                        file.label(),
                        false,
                        file.fault() == FileFault.BUSY ? RETRY_AFTER : List.of());
            case Failure.Shed shed -> new FailureAnswer(503, shed.label(), false, RETRY_AFTER);
            case Failure.Host host -> new FailureAnswer(500, host.label(), true, List.of());
            case Failure.Stopped stopped -> new FailureAnswer(503, stopped.label(), true, RETRY_AFTER);
        };
    }

    /**
     * The body of the answer. Labels and trace ids hold no character that JSON escapes.
     *
     * @param traceId what the operator finds in the log
     */
    public String body(String traceId) {
        return "{\"error\":\"" + label + "\",\"trace_id\":\"" + traceId + "\"}";
    }

    private static int status(FunctionFailure failure) {
        return switch (failure) {
            case EXIT, TRAP, STACK, MEMORY, INTERNAL -> 500;
            case FUEL, DEADLINE -> 504;
            case CONTRACT, OUTPUT_LIMIT -> 502;
            case OVERLOADED, CANCELLED -> 503;
        };
    }
}
