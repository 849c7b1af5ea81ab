package io.gojinn.proxy.upstream;

import io.gojinn.proxy.observe.LogLimit;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the addresses of one name: asks again when an answer has lived its time, and keeps the last good answer while there
 * is none. Confined to the control loop of an upstream.
 */
final class NameWatch implements NameService.Caller {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn.upstream");
    private static final int MAX_ADDRESSES = 256;

    private final String host;
    private final NameService names;
    private final EventLoop control;
    private final Runnable changed;
    private final CompletableFuture<Void> asked = new CompletableFuture<>();
    private final LogLimit lines = LogLimit.sparse();

    private List<InetAddress> addresses = List.of();
    private boolean failing;
    private boolean closed;
    private @Nullable Future<?> next;

    /**
     * A watch that has not begun.
     *
     * @param changed told on the control loop when there are other addresses than before
     */
    NameWatch(String host, NameService names, EventLoop control, Runnable changed) {
        this.host = host;
        this.names = names;
        this.control = control;
        this.changed = changed;
    }

    /** Done when the first question has an answer, or has none. Thread-safe. */
    CompletableFuture<Void> asked() {
        return asked;
    }

    /** The addresses as far as they are known. */
    List<InetAddress> addresses() {
        return addresses;
    }

    void ask() {
        assert control.inEventLoop();
        if (!closed) {
            names.lookUp(host, this);
        }
    }

    void close() {
        assert control.inEventLoop();
        closed = true;
        if (next != null) {
            next.cancel(false);
        }
    }

    @Override
    public void found(List<InetAddress> found, Duration ttl) {
        control.execute(() -> {
            if (failing) {
                failing = false;
                LOG.atInfo().addKeyValue("name", host).log("a name is resolved again");
            }
            renew(found);
            askAfter(ttl);
        });
    }

    @Override
    public void notFound(String reason, Duration ttl) {
        control.execute(() -> {
            if (!failing && !closed && lines.pass() != LogLimit.HELD_BACK) {
                LOG.atWarn()
                        .addKeyValue("name", host)
                        .addKeyValue("reason", reason)
                        .addKeyValue("addresses_kept", addresses.size())
                        .log("a name is not resolved");
            }
            failing = true;
            askAfter(ttl);
        });
    }

    // Name servers rotate their answers: what stays keeps its place.
    private void renew(List<InetAddress> found) {
        if (closed || new HashSet<>(found).equals(new HashSet<>(addresses))) {
            return;
        }
        List<InetAddress> renewed = new ArrayList<>(addresses);
        renewed.retainAll(found);
        for (InetAddress address : found) {
            if (!renewed.contains(address) && renewed.size() < MAX_ADDRESSES) {
                renewed.add(address);
            }
        }
        if (!renewed.equals(addresses)) {
            addresses = renewed;
            changed.run();
        }
    }

    private void askAfter(Duration ttl) {
        asked.complete(null);
        if (!closed) {
            next = control.schedule(this::ask, ttl.toNanos(), TimeUnit.NANOSECONDS);
        }
    }
}
