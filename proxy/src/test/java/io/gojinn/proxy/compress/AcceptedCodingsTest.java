package io.gojinn.proxy.compress;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.middleware.Coding;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client wishes for (RFC 9110, 12.5.3), with zstd, br and gzip on offer. */
class AcceptedCodingsTest {
    private static String of(List<String> fields) {
        return AcceptedCodings.of(fields, List.of(Coding.values())).stream()
                .map(Coding::token)
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip                                | gzip",
                "gzip, deflate, br, zstd             | zstd br gzip",
                "GZIP;Q=1.0                          | gzip",
                "x-gzip                              | gzip",
                "gzip;q=1, br;q=0.5                  | gzip br",
                "gzip;q=0.001                        | gzip",
                "br;q=0.8, gzip;q=0.8, zstd;q=0.1    | br gzip zstd",
                "*                                   | zstd br gzip",
                "*;q=0.5, br                         | br zstd gzip",
                "*, zstd;q=0                         | br gzip",
                "gzip;q=0                            | ''",
                "gzip;q=0.000, *                     | zstd br",
                "identity                            | ''",
                "identity;q=0, gzip;q=0.1            | gzip",
                "identity;q=0.5, gzip;q=0.4          | ''",
                "identity, gzip                      | gzip",
                "''                                  | ''",
                ",,gzip,,                            | gzip",
                "deflate, compress                   | ''",
                "gzip;q=1.001                        | ''",
                "gzip;q=-1                           | ''",
                "gzip;q=0.0001                       | ''",
                "gzip;q=                             | ''",
                "gzip;level=9                        | ''",
                "gzip;q=1;q=0                        | ''",
                "gzip;q=a                            | ''",
                "gzipp                               | ''",
                "g zip                               | ''",
                "*;q=0                               | ''"
            })
    void readsWishes(String field, String codings) {
        assertThat(of(List.of(field))).isEqualTo(codings);
    }

    @Test
    void readsSeveralFieldsAsOne() {
        assertThat(of(List.of("gzip;q=0.5", "br"))).isEqualTo("br gzip");
        assertThat(of(List.of())).isEmpty();
    }

    @Test
    void takesNoMoreTimeForLongFields() {
        assertThat(of(List.of("a,".repeat(16_000) + "gzip;q=0.9" + ";".repeat(1_000) + ",br")))
                .isEqualTo("br");
    }
}
