package io.gojinn.proxy.route;

/** Looks for parameters in a query without taking it apart (the form encoding of the URL standard, 5.1). */
final class QueryParameter {
    private QueryParameter() {}

    /**
     * Whether one of the parameters has this name and value. Both are compared decoded: {@code +} is a space, {@code %XX} an
     * octet. A parameter without {@code =} has the empty value.
     *
     * @param name ASCII
     * @param value ASCII
     */
    static boolean isIn(String query, String name, String value) {
        int from = 0;
        while (from <= query.length()) {
            int end = query.indexOf('&', from);
            end = end < 0 ? query.length() : end;
            // Not beyond the parameter: a query of separators alone would be read once for each.
            int equals = query.indexOf('=', from, end);
            int nameEnd = equals < 0 ? end : equals;
            int valueFrom = equals < 0 ? end : equals + 1;
            if (spells(query, from, nameEnd, name) && spells(query, valueFrom, end, value)) {
                return true;
            }
            from = end + 1;
        }
        return false;
    }

    private static boolean spells(String query, int from, int to, String text) {
        int at = 0;
        for (int i = from; i < to; i++) {
            int c = query.charAt(i);
            if (c == '+') {
                c = ' ';
            } else if (c == '%' && i + 2 < to) {
                int octet = RequestPath.decodedOctet(query, i);
                if (octet >= 0) {
                    c = octet;
                    i += 2;
                }
            }
            if (at == text.length() || text.charAt(at) != c) {
                return false;
            }
            at++;
        }
        return at == text.length();
    }
}
