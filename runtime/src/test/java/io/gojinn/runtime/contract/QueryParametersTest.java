package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueryParametersTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a+b|a b",
                "%41%62|Ab",
                "%2B|+",
                "%C3%BC|ü",
                "%c3%bc|ü",
                "%F0%9F%98%80|😀",
                "ü%20😀|ü 😀",
                "%|%",
                "%4|%4",
                "%zz|%zz",
                "%%41|%A",
                "%4%41|%4A",
                "%C3|\ufffd",
                "%C3+|\ufffd ",
                "%FF%FE|\ufffd\ufffd",
                "%ED%A0%80|\ufffd\ufffd\ufffd",
            },
            ignoreLeadingAndTrailingWhitespace = false)
    void decodesAndToleratesAValue(String raw, String decoded) {
        // How many replacements a malformed sequence becomes is left open.
        Map<String, List<String>> byValue = QueryParameters.parse("k=" + raw);
        assertThat(byValue)
                .hasEntrySatisfying(
                        "k",
                        values -> assertThat(values)
                                .extracting(value -> value.replaceAll("\ufffd+", "\ufffd"))
                                .containsExactly(decoded.replaceAll("\ufffd+", "\ufffd")));
        assertThat(QueryParameters.parse(raw + "=v").keySet())
                .isEqualTo(Set.of(byValue.getOrDefault("k", List.of()).getFirst()));
    }

    @Test
    void replacesALoneSurrogate() {
        assertThat(QueryParameters.parse("k=%41\ud800")).containsEntry("k", List.of("A\ufffd"));
    }

    @Test
    void keepsValuesOfOneNameTogetherAndSkipsWhatIsEmpty() {
        assertThat(QueryParameters.parse("&a=1&&b&=c&a=&%61=2=3&"))
                .containsExactly(entry("a", List.of("1", "", "2=3")), entry("b", List.of("")), entry("", List.of("c")));
        assertThat(QueryParameters.parse("")).isEmpty();
        assertThat(QueryParameters.parse("&&&")).isEmpty();
    }

    @Test
    void parsesNoMoreThanItsBound() {
        Map<String, List<String>> parameters = QueryParameters.parse("a=1&".repeat(5_000));
        assertThat(parameters.get("a")).hasSize(QueryParameters.MOST);
    }

    @Test
    void anyQueryIsParsed() {
        Random random = new Random(12);
        String alphabet = "%%%&=+aF0z\u00fc\ud83d\ude00";
        for (int round = 0; round < 100_000; round++) {
            StringBuilder query = new StringBuilder();
            for (int i = random.nextInt(20); i > 0; i--) {
                query.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            QueryParameters.parse(query.toString()).forEach((name, values) -> {
                assertThat(name.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(3 * query.length());
                assertThat(values).isNotEmpty();
            });
        }
    }
}
