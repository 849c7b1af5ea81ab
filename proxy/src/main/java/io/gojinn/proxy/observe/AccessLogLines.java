package io.gojinn.proxy.observe;

import io.netty.channel.EventLoop;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The access log as one event loop writes it: lines are encoded into a block at once, and the block is handed over when it is
 * full, or a tenth of a second after its first line. Confined to the loop. Encoding allocates nothing.
 */
public final class AccessLogLines {
    // Ten values of this length fit into a block even if each character of them is escaped.
    private static final int MAX_VALUE_CHARS = 1024;
    private static final long HAND_OVER_MILLIS = 100;

    // Names from the config, and of protocols: not many at a time.
    private static final int MOST_KNOWN = 16 << 10;

    private static final String TIME = "{\"time\":\"";
    private static final String HEAD =
            ".000Z\",\"level\":\"INFO\",\"logger\":\"gojinn.access\",\"message\":\"request\"";
    private static final byte[] METHOD = name("method");
    private static final byte[] PATH = name("path");
    private static final byte[] HOST = name("host");
    private static final byte[] PROTOCOL = name("protocol");
    private static final byte[] STATUS = name("status");
    private static final byte[] REQUEST_BYTES = name("request_bytes");
    private static final byte[] RESPONSE_BYTES = name("response_bytes");
    private static final byte[] DURATION = name("duration_ms");
    private static final byte[] ROUTE = name("route");
    private static final byte[] LISTENER = name("listener");
    private static final byte[] CLIENT = name("client");
    private static final byte[] TRACE_ID = name("trace_id");
    private static final byte[] ERROR = name("error");
    private static final byte[] DETAIL = name("detail");
    private static final byte[] UPSTREAM = name("upstream");
    private static final byte[] FUEL = name("fuel");
    private static final byte[] CLIENT_CERTIFICATE = name("client_certificate");

    private final AccessLog log;
    private final EventLoop loop;
    private final JsonLine line = new JsonLine(MAX_VALUE_CHARS);
    private byte @Nullable [] block;
    private int lines;
    private boolean handOverScheduled;
    private long second = -1;
    // How a line of this second begins, with the place of its milliseconds.
    private byte[] beginning = {};
    private int millisAt;
    private final Map<String, byte[]> known = new HashMap<>();

    /** The lines of one loop. */
    public AccessLogLines(AccessLog log, EventLoop loop) {
        this.log = log;
        this.loop = loop;
    }

    /** Writes a line, or drops it when there is no room for it. */
    public void write(AccessLog.Entry entry) {
        assert loop.inEventLoop();
        if (fits(entry)) {
            return;
        }
        handOver();
        if (!fits(entry)) {
            log.dropped(1);
        }
    }

    private boolean fits(AccessLog.Entry entry) {
        if (block == null) {
            block = log.take();
            if (block == null) {
                return false;
            }
            line.startIn(block);
            handOverSoon();
        }
        if (!encode(entry)) {
            return false;
        }
        lines++;
        return true;
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void handOverSoon() {
        if (!handOverScheduled) {
            handOverScheduled = true;
            loop.schedule(
                    () -> {
                        handOverScheduled = false;
                        handOver();
                    },
                    HAND_OVER_MILLIS,
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Hands over what was written. To be called on the loop, or after its end. */
    public void handOver() {
        byte[] handed = block;
        if (handed != null && lines > 0) {
            log.write(handed, line.length(), lines);
            block = null;
            lines = 0;
        }
    }

    private boolean encode(AccessLog.Entry entry) {
        long nowMillis = System.currentTimeMillis();
        if (nowMillis / 1000 != second) {
            second = nowMillis / 1000;
            String text = Instant.ofEpochSecond(second).toString();
            String untilZone = TIME + text.substring(0, text.length() - 1);
            beginning = ascii(untilZone + HEAD);
            millisAt = untilZone.length() + 1;
        }
        line.begin()
                .text(beginning)
                .threeDigitsAt(millisAt, (int) (nowMillis % 1000))
                .add(METHOD, entry.method())
                .add(PATH, entry.path())
                .add(HOST, entry.host())
                .text(PROTOCOL)
                .text(json(entry.protocol()))
                .add(STATUS, entry.status())
                .add(REQUEST_BYTES, entry.requestBytes())
                .add(RESPONSE_BYTES, entry.responseBytes())
                .addMillis(DURATION, entry.durationNanos())
                .text(ROUTE)
                .text(json(entry.route()))
                .text(LISTENER)
                .text(json(entry.listener()))
                .add(CLIENT, entry.client())
                .add(TRACE_ID, entry.trace());
        if (entry.failure() != null) {
            line.add(ERROR, entry.failure().label());
            if (!entry.failure().detail().isEmpty()) {
                line.add(DETAIL, entry.failure().detail());
            }
        }
        if (entry.upstreamTarget() != null) {
            line.text(UPSTREAM).text(json(entry.upstreamTarget()));
        }
        if (entry.fuel() >= 0) {
            line.add(FUEL, entry.fuel());
        }
        if (entry.clientCertificate() != null) {
            line.add(CLIENT_CERTIFICATE, entry.clientCertificate());
        }
        return line.end();
    }

    /** The JSON of a name that comes again and again. */
    private byte[] json(String name) {
        byte[] json = known.get(name);
        if (json == null) {
            // Of configs that are gone as well.
            if (known.size() == MOST_KNOWN) {
                known.clear();
            }
            json = JsonLine.string(name, MAX_VALUE_CHARS);
            known.put(name, json);
        }
        return json;
    }

    private static byte[] name(String name) {
        return ascii(",\"" + name + "\":");
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
