package io.gojinn.proxy.http;

import io.netty.util.AsciiString;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The value of the Date field, made once a second. Confined to one event loop. */
final class HttpDate {
    // RFC 9110, 5.6.7: two digits for the day, which RFC_1123_DATE_TIME does not give.
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private long second = -1;
    private AsciiString value = AsciiString.EMPTY_STRING;

    AsciiString now() {
        long now = System.currentTimeMillis() / 1000;
        if (now != second) {
            second = now;
            value = new AsciiString(FORMAT.format(Instant.ofEpochSecond(now)));
        }
        return value;
    }
}
