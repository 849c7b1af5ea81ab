package io.gojinn.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
    private static final String ID = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00f067aa0ba902b7";

    @Test
    void continuesAValidTraceWithANewParent() {
        TraceContext trace = TraceContext.of("00-" + ID + '-' + PARENT + "-00");
        assertThat(trace.continued()).isTrue();
        assertThat(trace.traceparent()).matches("00-" + ID + "-[0-9a-f]{16}-00").doesNotContain(PARENT);
    }

    @Test
    void everyDigitComesInEveryPlaceOfANewTrace() {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            String trace = TraceContext.of(null).traceparent();
            assertThat(trace).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
            for (int k = 3; k < 52; k++) {
                seen.add(k + ":" + trace.charAt(k));
            }
        }
        assertThat(seen).hasSize(48 * 16 + 1);
    }

    @Test
    void readsALaterVersionAsItsOwn() {
        assertThat(TraceContext.of("cc-" + ID + '-' + PARENT + "-09-more").traceparent())
                .matches("00-" + ID + "-[0-9a-f]{16}-01");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00-" + ID + "-" + PARENT,
                "00-" + ID + "-" + PARENT + "-0",
                "00-" + ID + "-" + PARENT + "-01-more",
                "cc-" + ID + "-" + PARENT + "-01more",
                "ff-" + ID + "-" + PARENT + "-01",
                "00-00000000000000000000000000000000-" + PARENT + "-01",
                "00-" + ID + "-0000000000000000-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + PARENT + "-01",
                "00_" + ID + "-" + PARENT + "-01",
                "0x-" + ID + "-" + PARENT + "-01",
            })
    void beginsAnewWhenTheFieldIsInvalid(String traceparent) {
        TraceContext trace = TraceContext.of(traceparent);
        assertThat(trace.continued()).isFalse();
        assertThat(trace.traceId()).isNotEqualTo(ID).matches("[0-9a-f]{32}");
    }
}
