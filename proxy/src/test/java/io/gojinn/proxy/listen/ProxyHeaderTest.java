package io.gojinn.proxy.listen;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.address.IpLiteral;
import io.gojinn.proxy.listen.ProxyHeader.Complete;
import io.gojinn.proxy.listen.ProxyHeader.Incomplete;
import io.gojinn.proxy.listen.ProxyHeader.Malformed;
import io.gojinn.proxy.listen.ProxyHeader.Parsed;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers are fed whole, and cut after every byte. */
class ProxyHeaderTest {
    private static final byte[] TCP4 = hex("01020304 0a000001 1f90 01bb");
    private static final byte[] TCP6 =
            hex("20010db8000000000000000000000001 20010db8000000000000000000000002 1f90 01bb");

    @ParameterizedTest
    @CsvSource({
        "PROXY TCP4 1.2.3.4 10.0.0.1 56324 443, 1.2.3.4",
        "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535, 255.255.255.255",
        "PROXY TCP4 1.2.3.4 10.0.0.1 0 0, 1.2.3.4",
        "PROXY TCP6 2001:db8::1 ::1 1 2, 2001:db8::1",
        "PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2, 1.2.3.4",
        "PROXY UNKNOWN, ",
        "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535, ",
    })
    void readsLines(String line, @Nullable String client) {
        assertReads(ascii(line + "\r\n"), client);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\n",
                "proxy TCP4 1.2.3.4 10.0.0.1 1 2\r\n",
                "PROXY  TCP4 1.2.3.4 10.0.0.1 1 2\r\n",
                "PROXY\tTCP4 1.2.3.4 10.0.0.1 1 2\r\n",
                "PROXY TCP4 1.2.3.4  10.0.0.1 1 2\r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1 2 \r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1 2 3\r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1\r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1 65536\r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 01 2\r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 -1 2\r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1 \r\n",
                "PROXY TCP4 01.2.3.4 10.0.0.1 1 2\r\n",
                "PROXY TCP4 localhost 10.0.0.1 1 2\r\n",
                "PROXY TCP4 ::1 ::1 1 2\r\n",
                "PROXY TCP6 1.2.3.4 10.0.0.1 1 2\r\n",
                "PROXY TCP6 ::1 10.0.0.1 1 2\r\n",
                "PROXY UDP4 1.2.3.4 10.0.0.1 1 2\r\n",
                "PROXY UNKNOWNX\r\n",
                "PROXY \r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1 2\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1 2\r\r\n",
                "PROXY TCP4 1.2.3.4 10.0.0.1 1 2\0\r\n",
            })
    void refusesLinesThatAreNot(String line) {
        assertThat(parse(ascii(line))).isInstanceOf(Malformed.class);
    }

    @Test
    void boundsALine() {
        String line = "PROXY UNKNOWN " + "x".repeat(ProxyHeader.MAX_LINE_BYTES - 16) + "\r\n";
        assertReads(ascii(line), null);
        assertThat(parse(ascii("PROXY UNKNOWN " + "x".repeat(ProxyHeader.MAX_LINE_BYTES - 15) + "\r\n")))
                .isInstanceOf(Malformed.class);
    }

    @Test
    void readsBinaryHeaders() {
        assertReads(binary(0x21, 0x11, TCP4), "1.2.3.4");
        assertReads(binary(0x21, 0x21, TCP6), "2001:db8::1");
        assertReads(binary(0x21, 0x11, TCP4, hex("04 0003 000000 20 0005 01 00000000")), "1.2.3.4");
        assertReads(binary(0x21, 0x21, TCP6, new byte[1000]), "2001:db8::1");
    }

    @Test
    void takesNoAddressWhereThereIsNone() {
        assertReads(binary(0x20, 0x00), null);
        assertReads(binary(0x20, 0x11, TCP4), null);
        assertReads(binary(0x20, 0x11, new byte[3]), null);
        assertReads(binary(0x21, 0x00), null);
        assertReads(binary(0x21, 0x00, new byte[20]), null);
        assertReads(binary(0x21, 0x12, TCP4), null);
        assertReads(binary(0x21, 0x22, TCP6), null);
        assertReads(binary(0x21, 0x31, new byte[216]), null);
        assertReads(binary(0x21, 0x32, new byte[216]), null);
    }

    @Test
    void refusesBinaryHeadersThatAreNot() {
        assertThat(parse(binary(0x22, 0x11, TCP4))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x11, 0x11, TCP4))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x31, 0x11, TCP4))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x21, 0x13, TCP4))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x21, 0x41, TCP4))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x21, 0x01, TCP4))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x21, 0x11, new byte[11]))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x21, 0x21, TCP4))).isInstanceOf(Malformed.class);
        assertThat(parse(binary(0x21, 0x31, new byte[215]))).isInstanceOf(Malformed.class);
    }

    @Test
    void boundsABinaryHeaderByWhatItAnnounces() {
        byte[] largest = binary(0x21, 0x11, TCP4, new byte[ProxyHeader.MAX_BINARY_BYTES - 16 - 12]);
        assertReads(largest, "1.2.3.4");
        byte[] tooLarge = binary(0x21, 0x11, TCP4, new byte[ProxyHeader.MAX_BINARY_BYTES - 16 - 11]);
        assertThat(parse(Arrays.copyOf(tooLarge, 16))).isInstanceOf(Malformed.class);
    }

    @Test
    void answersEveryMutation() {
        Random random = new Random(7);
        byte[][] seeds = {ascii("PROXY TCP4 1.2.3.4 10.0.0.1 56324 443\r\n"), binary(0x21, 0x21, TCP6, new byte[30])};
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = seeds[i % 2].clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            Parsed parsed = parse(Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
            if (parsed instanceof Complete complete) {
                assertThat(complete.bytes()).isLessThanOrEqualTo(bytes.length);
            }
        }
    }

    private static void assertReads(byte[] header, @Nullable String client) {
        for (int cut = 0; cut < header.length; cut++) {
            assertThat(parse(Arrays.copyOf(header, cut))).as("%d bytes", cut).isInstanceOf(Incomplete.class);
        }
        byte[] withMore = Arrays.copyOf(header, header.length + 20);
        Arrays.fill(withMore, header.length, withMore.length, (byte) '\n');
        for (byte[] whole : new byte[][] {header, withMore}) {
            assertThat(parse(whole)).isInstanceOfSatisfying(Complete.class, complete -> {
                assertThat(complete.bytes()).isEqualTo(header.length);
                InetAddress address = complete.client().address();
                assertThat(address == null ? null : IpLiteral.text(address)).isEqualTo(client);
            });
        }
    }

    // Not at index 0, as in a buffer that was read from before.
    private static Parsed parse(byte[] bytes) {
        return ProxyHeader.parse(Unpooled.wrappedBuffer(ascii("#"), bytes).skipBytes(1));
    }

    static byte[] binary(int command, int family, byte[]... parts) {
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            rest.writeBytes(part);
        }
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        header.writeBytes(hex("0d0a0d0a000d0a515549540a"));
        header.write(command);
        header.write(family);
        header.write(rest.size() >> 8);
        header.write(rest.size());
        header.writeBytes(rest.toByteArray());
        return header.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }
}
