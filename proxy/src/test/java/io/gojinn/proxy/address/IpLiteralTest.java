package io.gojinn.proxy.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpLiteralTest {
    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, 0.0.0.0",
        "255.255.255.255, 255.255.255.255",
        "10.0.0.1, 10.0.0.1",
        "::1, ::1",
        "2001:DB8:0:0::1, 2001:db8::1",
        "::ffff:10.0.0.1, 10.0.0.1",
        "::, ::",
    })
    void readsAddressesAndWritesTheirOneForm(String text, String written) {
        InetAddress address = IpLiteral.parse(text);
        assertThat(address).isNotNull();
        assertThat(IpLiteral.text(Objects.requireNonNull(address))).isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3.04",
                "00.0.0.0",
                "1.2.3.4 ",
                " 1.2.3.4",
                "1.2.3.-4",
                "0x7f.0.0.1",
                "1.2..3",
                "1.2.3.",
                "localhost",
                "unknown",
                ":",
                ":::",
                "::1%eth0",
                "[::1]",
                "1::2::3",
                "12345::",
                "::g",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "::1.2.3",
                "::00000000000000000000000000000000000000000000001"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThat(IpLiteral.parse(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0, 8, 10.255.1.2, true",
        "10.0.0.0, 8, 11.0.0.1, false",
        "10.0.0.0, 8, ::ffff:10.0.0.1, true",
        "192.168.128.0, 17, 192.168.128.1, true",
        "192.168.128.0, 17, 192.168.255.255, true",
        "192.168.128.0, 17, 192.168.127.255, false",
        "0.0.0.0, 0, 1.2.3.4, true",
        "0.0.0.0, 0, ::1, false",
        "1.2.3.4, 32, 1.2.3.4, true",
        "1.2.3.4, 32, 1.2.3.5, false",
        "::, 0, 2001:db8::1, true",
        "::, 0, 1.2.3.4, false",
        "2001:db8::, 33, 2001:db8:7fff::1, true",
        "2001:db8::, 33, 2001:db8:8000::1, false",
    })
    void rangesHoldWhatBeginsAlike(String first, int bits, String address, boolean held) {
        assertThat(new AddressRange(InetAddress.ofLiteral(first), bits).contains(InetAddress.ofLiteral(address)))
                .isEqualTo(held);
    }

    @Test
    void refusesARangeThatIsNone() {
        InetAddress address = InetAddress.ofLiteral("10.0.0.1");
        assertThatIllegalArgumentException().isThrownBy(() -> new AddressRange(address, 33));
        assertThatIllegalArgumentException().isThrownBy(() -> new AddressRange(address, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> new AddressRange(address, 31));
        assertThat(AddressRange.around(address, 31)).hasToString("10.0.0.0/31");
    }
}
