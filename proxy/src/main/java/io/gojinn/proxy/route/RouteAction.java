package io.gojinn.proxy.route;

import io.gojinn.proxy.middleware.Coding;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What is done with a request that a route takes. */
public sealed interface RouteAction {
    /** Forwards to the upstream, or the split of upstreams, of this name. */
    record Forward(String upstream) implements RouteAction {}

    /** Runs the function of this name. */
    record Call(String function) implements RouteAction {}

    /**
     * Answers with files.
     *
     * @param root the folder that they are in
     * @param index the file that stands for a folder; empty for none
     * @param fallback the file that is answered where there is none; empty for 404
     * @param precompressed codings in which a file may lie beside itself, the best first
     * @param followsLinks whether symbolic links beneath the root are followed that stay there
     */
    record Files(Path root, String index, String fallback, List<Coding> precompressed, boolean followsLinks)
            implements RouteAction {
        public Files {
            precompressed = List.copyOf(precompressed);
        }
    }

    /** Answers with fixed content, UTF-8. */
    record Respond(int status, Map<String, String> headers, String body) implements RouteAction {
        public Respond {
            headers = Map.copyOf(headers);
        }
    }

    /**
     * Sends the client elsewhere.
     *
     * @param status 301, 302, 303, 307 or 308
     * @param location an absolute URI or an absolute path
     */
    record Redirect(int status, String location) implements RouteAction {}
}
