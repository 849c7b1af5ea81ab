package io.gojinn.proxy.admin;

import io.gojinn.proxy.upstream.TargetStatus;
import java.util.List;
import java.util.Map;

/** What operators ask of the process beyond the data plane. Thread-safe; may block. */
public interface Operations {
    /**
     * Makes the document behind {@code GET /status}, JSON.
     *
     * @param targets what is known of the targets of each upstream
     */
    String status(Map<String, List<TargetStatus>> targets);

    /** Does what {@code POST /reload} asks for: replaces the config by what its file says now. */
    Reloaded reload();

    /**
     * What became of a reload.
     *
     * @param status of the answer: 200 when it was done, 422 when the config was refused, 202 when it still goes on
     * @param body JSON
     */
    record Reloaded(int status, String body) {}
}
