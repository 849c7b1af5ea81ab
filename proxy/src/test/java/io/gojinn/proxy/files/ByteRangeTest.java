package io.gojinn.proxy.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The edges of RFC 9110, 14. */
class ByteRangeTest {
    private static String of(List<String> fields, long size) {
        return switch (ByteRange.of(fields, size)) {
            case ByteRange.Whole whole -> "whole";
            case ByteRange.Unsatisfiable none -> "none";
            case ByteRange.Part(long first, long last) -> first + "-" + last;
        };
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-0                         | 10 | 0-0",
                "bytes=0-9                         | 10 | 0-9",
                "bytes=0-                          | 10 | 0-9",
                "bytes=9-                          | 10 | 9-9",
                "bytes=5-100                       | 10 | 5-9",
                "bytes=-1                          | 10 | 9-9",
                "bytes=-10                         | 10 | 0-9",
                "bytes=-11                         | 10 | 0-9",
                "BYTES= 1-2 ,                      | 10 | 1-2",
                "bytes=,,1-2                       | 10 | 1-2",
                "bytes=,1-2                        | 10 | 1-2",
                "bytes=0001-0002                   | 10 | 1-2",
                "bytes=1-99999999999999999999999   | 10 | 1-9",
                "bytes=-99999999999999999999999    | 10 | 0-9",
                "bytes=10-                         | 10 | none",
                "bytes=10-20                       | 10 | none",
                "bytes=99999999999999999999999-    | 10 | none",
                "bytes=-0                          | 10 | none",
                "bytes=0-                          | 0  | none",
                "bytes=-1                          | 0  | none",
                "bytes=0-0                         | 0  | none",
                "bytes=0-1,3-4                     | 10 | whole",
                "bytes=0-,0-,0-,0-,0-              | 10 | whole",
                "bytes=                            | 10 | whole",
                "bytes=-                           | 10 | whole",
                "bytes=5                           | 10 | whole",
                "bytes=5-4                         | 10 | whole",
                "bytes=a-b                         | 10 | whole",
                "bytes=1-2-3                       | 10 | whole",
                "bytes=1--2                        | 10 | whole",
                "bytes=--1                         | 10 | whole",
                "bytes=+1-2                        | 10 | whole",
                "bytes=1 - 2                       | 10 | whole",
                "bytes=0x0-1                       | 10 | whole",
                "bytes 0-1                         | 10 | whole",
                "items=0-1                         | 10 | whole",
                "''                                | 10 | whole"
            })
    void readsRanges(String field, long size, String expected) {
        assertThat(of(List.of(field), size)).isEqualTo(expected);
    }

    @Test
    void readsOneFieldOnly() {
        assertThat(of(List.of(), 10)).isEqualTo("whole");
        assertThat(of(List.of("bytes=0-1", "bytes=2-3"), 10)).isEqualTo("whole");
    }

    /** Overlapping ranges by the thousand, as they were once sent to servers that made a part of each (CVE-2011-3192). */
    @Test
    void aThousandRangesAreNone() {
        assertThat(of(List.of("bytes=0-" + ",5-0,5-1,5-2,5-3,5-4".repeat(250)), 10))
                .isEqualTo("whole");
    }
}
