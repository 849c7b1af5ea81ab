package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.LimitKey;
import java.util.List;

/** How it is written whose requests a limit counts together. */
final class LimitKeySyntax {
    static final String ABOUT =
            "Whose requests count together: `client`, an IPv4 address or an IPv6 /64; `header:NAME`; `api_key`; `route`.";

    private static final String EXPECTED = "\"client\", \"header:NAME\", \"api_key\" or \"route\"";

    private static final String HEADER = "header:";
    private static final List<String> KNOWN = List.of("client", "api_key", "route", HEADER);

    static final ValueType<LimitKey> TYPE =
            Types.parsed(EXPECTED, (text, decoding) -> parse(text), LimitKeySyntax::written);

    private LimitKeySyntax() {}

    private static LimitKey parse(String text) throws Refused {
        if (text.startsWith(HEADER)) {
            String name = text.substring(HEADER.length());
            HttpSyntax.fieldName(name);
            return new LimitKey.Header(name);
        }
        return switch (text) {
            case "client" -> new LimitKey.Client();
            case "api_key" -> new LimitKey.ApiKey();
            case "route" -> new LimitKey.Route();
            default -> throw new Refused(EXPECTED, Nearest.to(text, KNOWN));
        };
    }

    private static String written(LimitKey key) {
        return '"'
                + switch (key) {
                    case LimitKey.Client() -> "client";
                    case LimitKey.Header(String name) -> HEADER + name;
                    case LimitKey.ApiKey() -> "api_key";
                    case LimitKey.Route() -> "route";
                }
                + '"';
    }
}
