package io.gojinn.proxy.failure;

import io.gojinn.runtime.FunctionFailure;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Why a request has no regular answer. A value: it travels to {@link FailureAnswer}, never up a stack. */
public sealed interface Failure {
    /** The stable name in {@code X-Gojinn-Error}, logs and metrics. */
    String label();

    /** For the operator's log, never for the client; empty when the label says it all. */
    String detail();

    /** The client broke a rule or a limit, or went away. */
    record Client(ClientFault fault, String detail) implements Failure {
        @Override
        public String label() {
            return fault.label();
        }
    }

    /**
     * A policy does not let the request pass. The connection may be used again.
     *
     * @param headers fields of the answer beyond {@code X-Gojinn-Error}
     */
    record Denied(Denial denial, String detail, List<Map.Entry<String, String>> headers) implements Failure {
        public Denied {
            headers = List.copyOf(headers);
        }

        /** Without fields of its own. */
        public Denied(Denial denial, String detail) {
            this(denial, detail, List.of());
        }

        @Override
        public String label() {
            return denial.label();
        }
    }

    /** No route takes the request. */
    record NoRoute() implements Failure {
        @Override
        public String label() {
            return "no_route";
        }

        @Override
        public String detail() {
            return "";
        }
    }

    /**
     * Routes take this target, but none with this method.
     *
     * @param allowed the methods they take
     */
    record MethodNotAllowed(Set<String> allowed) implements Failure {
        public MethodNotAllowed {
            allowed = Set.copyOf(allowed);
        }

        @Override
        public String label() {
            return "method";
        }

        @Override
        public String detail() {
            return "";
        }
    }

    /** The upstream did not answer as HTTP asks. */
    record Upstream(UpstreamFault fault, String detail) implements Failure {
        @Override
        public String label() {
            return fault.label();
        }
    }

    /** The function did not answer. */
    record Function(FunctionFailure failure, String detail) implements Failure {
        @Override
        public String label() {
            return failure.label();
        }
    }

    /** A response is larger than the middleware takes that is to see it whole. */
    record ResponseLimit(int maxBytes) implements Failure {
        @Override
        public String label() {
            return "response_limit";
        }

        @Override
        public String detail() {
            return "more than " + maxBytes + " bytes";
        }
    }

    /** There is no file to answer with. */
    record File(FileFault fault, String detail) implements Failure {
        @Override
        public String label() {
            return fault.label();
        }
    }

    /** More requests come than can be answered in time. */
    record Shed() implements Failure {
        @Override
        public String label() {
            return "shed";
        }

        @Override
        public String detail() {
            return "";
        }
    }

    /** A defect of the proxy itself. */
    record Host(String detail) implements Failure {
        @Override
        public String label() {
            return "internal";
        }
    }

    /** The grace of a stop ran out while the exchange was open. */
    record Stopped() implements Failure {
        @Override
        public String label() {
            return "stopped";
        }

        @Override
        public String detail() {
            return "";
        }
    }
}
