package io.gojinn.runtime.exec;

import io.gojinn.runtime.Tenant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Executions of one function that wait: first come first served within a tenant, in turn between tenants, so that a busy
 * tenant delays another by one execution. Those of no tenant count as one. Guarded by the scheduler's lock.
 */
final class WaitingExecutions {
    private final ArrayDeque<AdmittedExecution> ofNobody = new ArrayDeque<>();
    // Of tenants with something that waits.
    private final Map<Tenant, ArrayDeque<AdmittedExecution>> ofTenants = new HashMap<>();
    // Those that are not empty, the next to be served first.
    private final ArrayDeque<ArrayDeque<AdmittedExecution>> turns = new ArrayDeque<>();
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** How many of a tenant wait. */
    int of(Tenant tenant) {
        ArrayDeque<AdmittedExecution> queue = ofTenants.get(tenant);
        return queue == null ? 0 : queue.size();
    }

    void addLast(AdmittedExecution execution) {
        Tenant tenant = execution.tenant();
        ArrayDeque<AdmittedExecution> queue =
                tenant == null ? ofNobody : ofTenants.computeIfAbsent(tenant, key -> new ArrayDeque<>());
        if (queue.isEmpty()) {
            turns.addLast(queue);
        }
        queue.addLast(execution);
        size++;
    }

    AdmittedExecution removeFirst() {
        ArrayDeque<AdmittedExecution> queue = turns.removeFirst();
        AdmittedExecution execution = queue.removeFirst();
        size--;
        if (queue.isEmpty()) {
            forget(execution.tenant());
        } else {
            turns.addLast(queue);
        }
        return execution;
    }

    /** Takes one out of the middle; false when it does not wait. */
    @SuppressWarnings("ReferenceEquality") // turns are of queues, not of what they hold
    boolean remove(AdmittedExecution execution) {
        Tenant tenant = execution.tenant();
        ArrayDeque<AdmittedExecution> queue = tenant == null ? ofNobody : ofTenants.get(tenant);
        if (queue == null || !queue.remove(execution)) {
            return false;
        }
        size--;
        if (queue.isEmpty()) {
            turns.removeIf(other -> other == queue);
            forget(tenant);
        }
        return true;
    }

    private void forget(@Nullable Tenant tenant) {
        if (tenant != null) {
            ofTenants.remove(tenant);
        }
    }
}
