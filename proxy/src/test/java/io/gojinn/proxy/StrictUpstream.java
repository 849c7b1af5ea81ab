package io.gojinn.proxy;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An upstream that takes requests only in the one form that no two servers read differently (RFC 9112 without anything it lets
 * a recipient tolerate), notes what it understood, and answers with that.
 */
final class StrictUpstream implements AutoCloseable {
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    private static final Pattern TARGET = Pattern.compile("/[!-~]*");
    private static final Pattern VALUE = Pattern.compile("|[!-~\\x80-\\xff]([\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?");
    private static final Pattern SIZE = Pattern.compile("[0-9a-fA-F]{1,8}");
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

    private final RawUpstream upstream = new RawUpstream(this::serve);
    final Queue<Understood> understood = new ConcurrentLinkedQueue<>();
    final Queue<String> violations = new ConcurrentLinkedQueue<>();

    /** A whole request. */
    record Understood(String method, String path, long bodyBytes) {}

    /** The proxy has sent what two servers could read differently. */
    private static final class Violation extends Exception {
        Violation(String what) {
            super(what);
        }
    }

    RawUpstream raw() {
        return upstream;
    }

    private void serve(RawUpstream.Peer peer) throws IOException {
        Reader reader = new Reader(new BufferedInputStream(peer.socket.getInputStream()));
        try {
            for (Understood request = reader.request(); request != null; request = reader.request()) {
                understood.add(request);
                String told = request.toString();
                boolean bodiless = request.method().equals("HEAD");
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + told.length() + "\r\n\r\n" + (bodiless ? "" : told));
            }
        } catch (Violation violation) {
            violations.add(violation.getMessage() + " after " + reader.seen());
        }
    }

    @Override
    public void close() {
        upstream.close();
    }

    /** Reads requests; an end within one is no violation: its client may have left. */
    private static final class Reader {
        private final InputStream in;
        private final ByteArrayOutputStream seen = new ByteArrayOutputStream();

        Reader(InputStream in) {
            this.in = in;
        }

        String seen() {
            return seen.toString(StandardCharsets.ISO_8859_1)
                    .replace("\r", "\\r")
                    .replace("\n", "\\n\n");
        }

        @Nullable
        Understood request() throws IOException, Violation {
            seen.reset();
            String line = line();
            if (line == null) {
                return null;
            }
            String[] words = line.split(" ", -1);
            if (words.length != 3
                    || !TOKEN.matcher(words[0]).matches()
                    || !TARGET.matcher(words[1]).matches()
                    || !words[2].equals("HTTP/1.1")) {
                throw new Violation("a request line that is none");
            }
            List<String[]> fields = fields();
            if (fields == null) {
                return null;
            }
            List<String> lengths = values(fields, "content-length");
            List<String> codings = values(fields, "transfer-encoding");
            if (values(fields, "host").size() != 1) {
                throw new Violation("other than one Host");
            }
            if (lengths.size() + codings.size() > 1
                    || !lengths.stream()
                            .allMatch(length -> LENGTH.matcher(length).matches())
                    || !codings.stream().allMatch("chunked"::equals)) {
                throw new Violation("ambiguous framing");
            }
            long body = 0;
            if (!codings.isEmpty()) {
                body = chunks();
            } else if (!lengths.isEmpty()) {
                body = skip(Long.parseLong(lengths.getFirst()));
            }
            if (body < 0) {
                return null;
            }
            int question = words[1].indexOf('?');
            return new Understood(words[0], question < 0 ? words[1] : words[1].substring(0, question), body);
        }

        private static List<String> values(List<String[]> fields, String name) {
            return fields.stream()
                    .filter(field ->
                            field[0].toLowerCase(Locale.ROOT).replace('_', '-').equals(name))
                    .map(field -> field[0].indexOf('_') < 0 ? field[1] : "a lookalike")
                    .toList();
        }

        private @Nullable List<String[]> fields() throws IOException, Violation {
            List<String[]> fields = new ArrayList<>();
            while (true) {
                String line = line();
                if (line == null || line.isEmpty()) {
                    return line == null ? null : fields;
                }
                int colon = line.indexOf(':');
                if (colon < 0 || !TOKEN.matcher(line.substring(0, colon)).matches()) {
                    throw new Violation("a field without a proper name");
                }
                String value = trim(line.substring(colon + 1));
                if (!VALUE.matcher(value).matches()) {
                    throw new Violation("a field with a control character");
                }
                fields.add(new String[] {line.substring(0, colon), value});
            }
        }

        private static String trim(String value) {
            int from = 0;
            int to = value.length();
            while (from < to && " \t".indexOf(value.charAt(from)) >= 0) {
                from++;
            }
            while (to > from && " \t".indexOf(value.charAt(to - 1)) >= 0) {
                to--;
            }
            return value.substring(from, to);
        }

        // -1 at the end of the connection
        private long chunks() throws IOException, Violation {
            long all = 0;
            while (true) {
                String size = line();
                if (size == null) {
                    return -1;
                }
                if (!SIZE.matcher(size).matches()) {
                    throw new Violation("a chunk size that is none");
                }
                int length = Integer.parseInt(size, 16);
                if (length == 0) {
                    List<String[]> trailers = fields();
                    if (trailers == null) {
                        return -1;
                    }
                    if (!values(trailers, "content-length").isEmpty()
                            || !values(trailers, "transfer-encoding").isEmpty()
                            || !values(trailers, "host").isEmpty()) {
                        throw new Violation("a trailer that frames or addresses");
                    }
                    return all;
                }
                if (skip(length) < 0) {
                    return -1;
                }
                all += length;
                String end = line();
                if (end == null) {
                    return -1;
                }
                if (!end.isEmpty()) {
                    throw new Violation("a chunk longer than its size");
                }
            }
        }

        private long skip(long length) throws IOException {
            for (long i = 0; i < length; i++) {
                if (in.read() < 0) {
                    return -1;
                }
            }
            return length;
        }

        private @Nullable String line() throws IOException, Violation {
            StringBuilder line = new StringBuilder();
            while (true) {
                int c = in.read();
                if (c < 0) {
                    return null;
                }
                seen.write(c);
                if (c == '\n') {
                    throw new Violation("a line feed alone");
                }
                if (c == '\r') {
                    int next = in.read();
                    if (next == '\n' || next < 0) {
                        seen.write('\n');
                        return next < 0 ? null : line.toString();
                    }
                    throw new Violation("a carriage return alone");
                }
                line.append((char) c);
            }
        }
    }
}
