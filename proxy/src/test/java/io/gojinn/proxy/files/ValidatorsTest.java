package io.gojinn.proxy.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.files.Validators.Conditions;
import io.gojinn.proxy.files.Validators.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conditions as RFC 9110, 13 has them. The file is of 1994, tag "T". */
class ValidatorsTest {
    private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
    private static final String BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT";
    private static final String AFTER = "Sun, 06 Nov 1994 08:49:38 GMT";
    private static final long SECONDS = 784_111_777;

    private final Validators strong = new Validators("\"T\"", SECONDS, true);
    private final Validators weak = new Validators("W/\"T\"", SECONDS, false);

    private static List<String> list(@Nullable String value) {
        return value == null ? List.of() : List.of(value);
    }

    private static Conditions conditions(
            @Nullable String match,
            @Nullable String noneMatch,
            @Nullable String modifiedSince,
            @Nullable String unmodifiedSince) {
        return new Conditions(list(match), list(noneMatch), modifiedSince, unmodifiedSince, null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // If-Match, If-None-Match, strong file, weak file
                "-               | -                    | GO_ON        | GO_ON",
                "\"T\"           | -                    | GO_ON        | FAILED",
                "W/\"T\"         | -                    | FAILED       | FAILED",
                "\"U\"           | -                    | FAILED       | FAILED",
                "\"U\", \"T\"    | -                    | GO_ON        | FAILED",
                "*               | -                    | GO_ON        | GO_ON",
                "T               | -                    | FAILED       | FAILED",
                "\"T             | -                    | FAILED       | FAILED",
                "-               | \"T\"                | NOT_MODIFIED | NOT_MODIFIED",
                "-               | W/\"T\"              | NOT_MODIFIED | NOT_MODIFIED",
                "-               | \"U\",W/\"T\"        | NOT_MODIFIED | NOT_MODIFIED",
                "-               | \"T,\"               | GO_ON        | GO_ON",
                "-               | \"U, \"T\"           | GO_ON        | GO_ON",
                "-               | *                    | NOT_MODIFIED | NOT_MODIFIED",
                "-               | w/\"T\"              | GO_ON        | GO_ON",
                "-               | \"TT\"               | GO_ON        | GO_ON",
                "-               | ,                    | GO_ON        | GO_ON",
                "\"T\"           | \"T\"                | NOT_MODIFIED | FAILED",
                "\"U\"           | \"T\"                | FAILED       | FAILED"
            })
    void comparesTags(@Nullable String match, @Nullable String noneMatch, Verdict ofStrong, Verdict ofWeak) {
        assertThat(strong.verdict(conditions(match, noneMatch, null, null))).isEqualTo(ofStrong);
        assertThat(weak.verdict(conditions(match, noneMatch, null, null))).isEqualTo(ofWeak);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // If-Modified-Since, If-Unmodified-Since
                "Sun, 06 Nov 1994 08:49:37 GMT  | - | NOT_MODIFIED",
                "Sun, 06 Nov 1994 08:49:38 GMT  | - | NOT_MODIFIED",
                "Sun, 06 Nov 1994 08:49:36 GMT  | - | GO_ON",
                "Sunday, 06-Nov-94 08:49:37 GMT | - | NOT_MODIFIED",
                "Sun Nov  6 08:49:37 1994       | - | NOT_MODIFIED",
                "yesterday                      | - | GO_ON",
                "-                              | Sun, 06 Nov 1994 08:49:37 GMT | GO_ON",
                "-                              | Sun, 06 Nov 1994 08:49:36 GMT | FAILED",
                "-                              | yesterday                     | GO_ON"
            })
    void comparesDates(@Nullable String modifiedSince, @Nullable String unmodifiedSince, Verdict verdict) {
        assertThat(strong.verdict(conditions(null, null, modifiedSince, unmodifiedSince)))
                .isEqualTo(verdict);
    }

    /** 13.2.2: a tag beside a date is what counts. */
    @Test
    void tagsCountMoreThanDates() {
        assertThat(strong.verdict(conditions(null, "\"U\"", AFTER, null))).isEqualTo(Verdict.GO_ON);
        assertThat(strong.verdict(conditions(null, "\"T\"", BEFORE, null))).isEqualTo(Verdict.NOT_MODIFIED);
        assertThat(strong.verdict(conditions("\"T\"", null, null, BEFORE))).isEqualTo(Verdict.GO_ON);
        assertThat(strong.verdict(conditions("\"U\"", null, null, AFTER))).isEqualTo(Verdict.FAILED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"T\"                            | true  | false",
                "W/\"T\"                          | false | false",
                "\"U\"                            | false | false",
                "Sun, 06 Nov 1994 08:49:37 GMT    | true  | false",
                "Sun, 06 Nov 1994 08:49:38 GMT    | false | false",
                "Sun, 06 Nov 1994 08:49:36 GMT    | false | false",
                "*                                | false | false",
                "T                                | false | false"
            })
    void allowsRangesOfTheSame(String ifRange, boolean ofStrong, boolean ofWeak) {
        Conditions conditions = new Conditions(List.of(), List.of(), null, null, ifRange);
        assertThat(strong.allowsRange(conditions)).isEqualTo(ofStrong);
        assertThat(weak.allowsRange(conditions)).isEqualTo(ofWeak);
    }

    @Test
    void whatWasWrittenJustNowHasAWeakTag() {
        long nanos = SECONDS * 1_000_000_000L + 123;
        assertThat(Validators.of(nanos, 10, "", SECONDS + 1))
                .isEqualTo(new Validators("W/\"" + Long.toHexString(nanos) + "-a\"", SECONDS, false));
        assertThat(Validators.of(nanos, 10, "br", SECONDS + 3))
                .isEqualTo(new Validators("\"" + Long.toHexString(nanos) + "-a-br\"", SECONDS, true));
        // Never later than now.
        assertThat(Validators.of(nanos, 10, "", SECONDS - 100).modifiedSeconds())
                .isEqualTo(SECONDS - 100);
        assertThat(strong.verdict(conditions(null, null, MODIFIED, null))).isEqualTo(Verdict.NOT_MODIFIED);
    }
}
