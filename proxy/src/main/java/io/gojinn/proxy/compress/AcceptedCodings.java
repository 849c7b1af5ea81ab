package io.gojinn.proxy.compress;

import io.gojinn.proxy.middleware.Coding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The content codings that a client takes (RFC 9110, 12.5.3). */
public final class AcceptedCodings {
    private static final int WHOLE = 1_000;

    private AcceptedCodings() {}

    /**
     * Those of a server's codings that a client takes, what it likes best first and what the server likes best first of what it
     * likes equally. Codings that it likes less than an answer that is not encoded are left out.
     *
     * @param fields values of {@code Accept-Encoding}; none, or a malformed one, asks for no coding
     * @param offered the best first
     */
    public static List<Coding> of(List<String> fields, List<Coding> offered) {
        if (fields.isEmpty()) {
            return List.of();
        }
        int[] weights = new int[offered.size()];
        Arrays.fill(weights, -1);
        int others = 0;
        int identity = -1;
        for (String field : fields) {
            for (String element : field.split(",", -1)) {
                int semicolon = element.indexOf(';');
                String token = (semicolon < 0 ? element : element.substring(0, semicolon)).strip();
                int weight = semicolon < 0 ? WHOLE : weight(element.substring(semicolon + 1));
                if (token.equals("*")) {
                    others = weight;
                } else if (token.equalsIgnoreCase("identity")) {
                    identity = weight;
                } else {
                    note(token, weight, offered, weights);
                }
            }
        }
        return best(offered, weights, others, Math.max(identity, 0));
    }

    private static void note(String token, int weight, List<Coding> offered, int[] weights) {
        for (int i = 0; i < weights.length; i++) {
            // RFC 9110, 8.4.1.3: one more name for gzip.
            if (token.equalsIgnoreCase(offered.get(i).token())
                    || (offered.get(i) == Coding.GZIP && token.equalsIgnoreCase("x-gzip"))) {
                weights[i] = weight;
            }
        }
    }

    private static List<Coding> best(List<Coding> offered, int[] weights, int others, int identity) {
        List<Integer> taken = new ArrayList<>(weights.length);
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weights[i] < 0 ? others : weights[i];
            if (weights[i] > 0 && weights[i] >= identity) {
                taken.add(i);
            }
        }
        taken.sort(Comparator.comparingInt(i -> -weights[i]));
        return taken.stream().map(offered::get).toList();
    }

    // RFC 9110, 12.4.2: at most three digits behind the point. In thousandths; 0 for what is no weight, which is no
    // wish.
    private static int weight(String parameter) {
        String text = parameter.strip();
        if (text.length() < 3 || text.length() > 7 || (text.charAt(0) | 0x20) != 'q' || text.charAt(1) != '=') {
            return 0;
        }
        int weight = 0;
        for (int i = 2; i < 7; i++) {
            char c = i < text.length() ? text.charAt(i) : i == 3 ? '.' : '0';
            if (i == 3) {
                if (c != '.') {
                    return 0;
                }
            } else if (c < '0' || c > '9') {
                return 0;
            } else {
                weight = weight * 10 + c - '0';
            }
        }
        return weight <= WHOLE ? weight : 0;
    }
}
