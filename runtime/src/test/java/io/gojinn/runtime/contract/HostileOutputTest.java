package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Whatever a function writes is decoded or is a violation, and nothing outside the output is touched. */
class HostileOutputTest {
    private static final List<String> SEEDS = List.of(
            "{\"status\":200}",
            " {\t\"body\" : \"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\u00e9\u20ac\ud83d\ude00\" , \"status\" : 404 }\r\n",
            "{\"body\":\"aGVsbG8gd29ybGQ=\",\"body_encoding\":\"base64\",\"status\":599,\"headers\":{}}",
            "{\"status\":201,\"headers\":{\"A\":[],\"B\":\"x\",\"C\":[\"y\",\" z\\t\"],\"Connection\":\"B, c\"},\"body\":\"\"}",
            "{\"x\":{\"y\":[[],{},-0.5e+7,true,false,null,\"\\u0041\"]},\"status\":200,\"body_encoding\":\"utf8\"}");

    private static final int GUARD_BYTES = 64;
    private static final byte GUARD = 0x55;

    @Test
    void theSeedsAreValid() throws ContractViolationException {
        for (String seed : SEEDS) {
            ResponseEnvelopeDecoder.decode(guarded(seed.getBytes(StandardCharsets.UTF_8)));
        }
    }

    @Test
    void everyTruncationOfAValidOutputIsAViolation() {
        for (String seed : SEEDS) {
            byte[] whole = seed.strip().getBytes(StandardCharsets.UTF_8);
            for (int length = 0; length < whole.length; length++) {
                byte[] truncated = Arrays.copyOf(whole, length);
                assertThatThrownBy(() -> ResponseEnvelopeDecoder.decode(guarded(truncated)))
                        .isInstanceOf(ContractViolationException.class);
            }
        }
    }

    @Test
    void mutationsEndAndStayInside() {
        Random random = new Random(31);
        byte[] tokens = "{}[]\",:\\u0dDeE+-.19tfn \u0000\u007f".getBytes(StandardCharsets.UTF_8);
        int decoded = 0;
        for (int round = 0; round < 300_000; round++) {
            byte[] seed = SEEDS.get(random.nextInt(SEEDS.size())).getBytes(StandardCharsets.UTF_8);
            byte[] mutated = mutate(random, seed, tokens);
            ByteBuffer output = guarded(mutated);
            try {
                ResponseEnvelope envelope = ResponseEnvelopeDecoder.decode(output);
                decoded++;
                if (envelope.bodyOffset() < 0 || envelope.bodyOffset() + envelope.bodyLength() > mutated.length) {
                    assertThat(envelope).as("outside").isNull();
                }
            } catch (ContractViolationException e) {
                String message = String.valueOf(e.getMessage());
                if (message.length() > 200 || !message.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
                    assertThat(message).as("bounded and printable").isEmpty();
                }
            }
            assertGuardsIntact(output);
        }
        assertThat(decoded).isBetween(1_000, 299_000);
    }

    @Test
    void inPlaceDecodingEqualsAnotherLibrarysHoweverABodyIsEscaped() throws ContractViolationException {
        Random random = new Random(32);
        for (int round = 0; round < 20_000; round++) {
            StringBuilder body = new StringBuilder();
            StringBuilder escaped = new StringBuilder();
            int odds = 1 + random.nextInt(30);
            for (int i = random.nextInt(80); i > 0; i--) {
                int codePoint = random.nextInt(odds) > 0 ? 'a' + random.nextInt(26) : anyCodePoint(random);
                body.appendCodePoint(codePoint);
                escape(random, odds, codePoint, escaped);
            }
            String text = "{\"body\":\"" + escaped + "\",\"status\":200}";
            assertThat(JsonMapper.shared().readTree(text).get("body").asString())
                    .isEqualTo(body.toString());
            ByteBuffer output = guarded(text.getBytes(StandardCharsets.UTF_8));
            assertThat(bodyOf(output)).isEqualTo(body.toString());
            assertGuardsIntact(output);
        }
    }

    @Test
    void ignoresAnyUnknownValueAnotherLibraryWrites() throws ContractViolationException {
        Random random = new Random(33);
        for (int round = 0; round < 3_000; round++) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("before", anyValue(random, 5));
            members.put("status", 200);
            members.put("body", "kept");
            members.put("after", anyValue(random, 5));
            byte[] octets = JsonMapper.shared().writeValueAsBytes(members);
            assertThat(bodyOf(guarded(octets))).isEqualTo("kept");
        }
    }

    @Test
    void readsHeapBuffersAsWell() throws ContractViolationException {
        byte[] octets = "__{\"status\":200,\"body\":\"a\\u0062c\"}__".getBytes(StandardCharsets.UTF_8);
        assertThat(bodyOf(ByteBuffer.wrap(octets, 2, octets.length - 4))).isEqualTo("abc");
        assertThat(bodyOf(ByteBuffer.wrap(octets, 2, octets.length - 4).slice()))
                .isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "``~0~empty",
                "{\"status\":700}~10~found '700', expected a final status",
                "{\"status\":200.5}~10~'200.5'",
                "{\"status\":200,\"status\":201}~15~'status', expected each member once",
                "{\"status\":200,\"body_encoding\":\"gzip\"}~31~'gzip'",
                "{\"status\":200,\"headers\":{\"X Y\":\"\"}}~26~'X Y', expected a field name",
                "{\"status\":200}x~14~found 'x', expected nothing",
                "{\"status\":200,}~14~found '}'",
                "{'status':200}~1~found '''",
                "{\"status\":200,\"body\":\"\\ud800\"}~28~the second escape of a surrogate pair",
                "{\"status\":200,\"body\":\"Zm9v!m9v\",\"body_encoding\":\"base64\"}~26~base64",
            })
    void saysWhatWasFoundWhereAndWhatWasExpected(String output, int offset, String problem) {
        assertThatThrownBy(() -> ResponseEnvelopeDecoder.decode(guarded(output.getBytes(StandardCharsets.UTF_8))))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("byte " + offset + ":")
                .hasMessageContaining(problem)
                .satisfies(violation -> assertThat(violation.getStackTrace()).isEmpty());
    }

    @Test
    void nestsSixtyFourDeepAndNoDeeper() throws ContractViolationException {
        assertThat(bodyOf(guarded(nested(64)))).isEmpty();
        assertThatThrownBy(() -> ResponseEnvelopeDecoder.decode(guarded(nested(65))))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("nested");
    }

    @Test
    void holdsAThousandFieldsAndSixtyFourKibibytesOfThem() throws ContractViolationException {
        assertThat(decodeHeader("X", "\"\",".repeat(999) + "\"\"").headers()).hasSize(1_000);
        assertThatThrownBy(() -> decodeHeader("X", "\"\",".repeat(1_000) + "\"\""))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("1000");
        String value = "v".repeat((64 << 10) - 1);
        assertThat(decodeHeader("X", '"' + value + '"').headers().getFirst().value())
                .isEqualTo(value);
        assertThatThrownBy(() -> decodeHeader("XY", '"' + value + '"'))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("65536");
        assertThatThrownBy(() -> decodeHeader("X".repeat(70_000), ""))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("65536");
    }

    private static ResponseEnvelope decodeHeader(String name, String values) throws ContractViolationException {
        String text = "{\"status\":200,\"headers\":{\"" + name + "\":[" + values + "]}}";
        return ResponseEnvelopeDecoder.decode(guarded(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] nested(int depth) {
        return ("{\"x\":" + "[".repeat(depth) + "]".repeat(depth) + ",\"status\":200}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String bodyOf(ByteBuffer output) throws ContractViolationException {
        int position = output.position();
        int limit = output.limit();
        ResponseEnvelope envelope = ResponseEnvelopeDecoder.decode(output);
        assertThat(output.position()).isEqualTo(position);
        assertThat(output.limit()).isEqualTo(limit);
        byte[] body = new byte[envelope.bodyLength()];
        output.get(position + envelope.bodyOffset(), body);
        return new String(body, StandardCharsets.UTF_8);
    }

    private static byte[] mutate(Random random, byte[] seed, byte[] tokens) {
        byte[] current = seed;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(current.length);
            int upTo = at + random.nextInt(Math.min(6, current.length - at) + 1);
            ByteArrayOutputStream mutated = new ByteArrayOutputStream();
            mutated.write(current, 0, at);
            switch (random.nextInt(4)) {
                case 0 -> mutated.write(random.nextInt(256));
                case 1 -> mutated.write(tokens[random.nextInt(tokens.length)]);
                case 2 -> {
                    mutated.write(current, at, upTo - at);
                    mutated.write(current, at, upTo - at);
                }
                default -> {
                    // Left out.
                }
            }
            mutated.write(current, upTo, current.length - upTo);
            current = mutated.size() == 0 ? seed : mutated.toByteArray();
        }
        return current;
    }

    private static int anyCodePoint(Random random) {
        int codePoint = random.nextInt(3) > 0 ? random.nextInt(0x100) : random.nextInt(0x11_0000);
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE ? '"' : codePoint;
    }

    private static void escape(Random random, int odds, int codePoint, StringBuilder escaped) {
        boolean must = codePoint < 0x20 || codePoint == '"' || codePoint == '\\';
        if (!must && random.nextInt(odds) > 0) {
            escaped.appendCodePoint(codePoint);
        } else if ((codePoint == '"' || codePoint == '\\' || codePoint == '/') && random.nextBoolean()) {
            escaped.append('\\').appendCodePoint(codePoint);
        } else {
            for (char unit : Character.toChars(codePoint)) {
                escaped.append((random.nextBoolean() ? "\\u%04x" : "\\u%04X").formatted((int) unit));
            }
        }
    }

    private static Object anyValue(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
            case 2 -> random.nextBoolean();
            case 3 -> "";
            case 4 -> {
                StringBuilder text = new StringBuilder();
                for (int i = random.nextInt(20); i > 0; i--) {
                    text.appendCodePoint(anyCodePoint(random));
                }
                yield text.toString();
            }
            case 5 -> {
                List<Object> values = new ArrayList<>();
                for (int i = random.nextInt(5); i > 0; i--) {
                    values.add(anyValue(random, depth - 1));
                }
                yield values;
            }
            default -> {
                Map<String, Object> members = new LinkedHashMap<>();
                for (int i = random.nextInt(5); i > 0; i--) {
                    members.put(Character.toString(anyCodePoint(random)), anyValue(random, depth - 1));
                }
                yield members;
            }
        };
    }

    /** A window of a larger direct buffer whose other bytes must not change. */
    private static ByteBuffer guarded(byte[] octets) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(octets.length + 2 * GUARD_BYTES);
        for (int i = 0; i < GUARD_BYTES; i++) {
            buffer.put(i, GUARD).put(GUARD_BYTES + octets.length + i, GUARD);
        }
        return buffer.put(GUARD_BYTES, octets).position(GUARD_BYTES).limit(GUARD_BYTES + octets.length);
    }

    private static void assertGuardsIntact(ByteBuffer output) {
        ByteBuffer whole = output.duplicate().clear();
        for (int i = 0; i < GUARD_BYTES; i++) {
            if (whole.get(i) != GUARD || whole.get(whole.capacity() - 1 - i) != GUARD) {
                assertThat(i).as("distance of a byte that was written outside").isNegative();
            }
        }
    }
}
