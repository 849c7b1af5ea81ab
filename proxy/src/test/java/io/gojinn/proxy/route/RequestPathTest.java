package io.gojinn.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestPathTest {
    @ParameterizedTest
    @ValueSource(strings = {"/", "/a", "/a/", "/a.b/..c/...", "/a%20b", "/%E2%82%AC", "/a;x=..", "/~a/b/", "/%2B%25"})
    void keepsAPathThatHasItsForm(String path) {
        assertThat(RequestPath.canonical(path)).isSameAs(path);
    }

    @ParameterizedTest
    @CsvSource({
        "/%61dmin, /admin",
        "/%41%7e%2D%5f, /A~-_",
        "/%e2%82%ac, /%E2%82%AC",
        "/a%2b, /a%2B",
        "//a, /a",
        "/a//b///c//, /a/b/c/",
        "//, /",
        "/%2561, /%2561",
        "/a%3Bb, /a%3Bb",
    })
    void bringsSpellingsOfOnePathTogether(String path, String canonical) {
        assertThat(RequestPath.canonical(path)).isEqualTo(canonical);
        assertThat(RequestPath.canonical(canonical)).isSameAs(canonical);
    }

    @Test
    void encodesUtf8() {
        assertThat(RequestPath.canonical(octets("/stra\u00dfe/\u20ac"))).isEqualTo("/stra%C3%9Fe/%E2%82%AC");
        assertThat(RequestPath.canonicalQuery(octets("a=\u00df&b"))).isEqualTo("a=%C3%9F&b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "a", "/.", "/..", "/a/./b", "/a/../", "/%2e", "/%2E./", "/..;/a", "/%2e%2e;/a", "/a%2fb", "/a%5Cb",
                "/a\\b", "/a%", "/a%2", "/a%zz", "/a#b", "/a b", "/a\u007f", "/%00", "/%0d", "/%7f", "/\u00e9",
                        "/\u00c3",
                "/%c0%af", "/%c1%9c", "/%C0%AE%C0%AE/", "/%e0%80%af", "/%f0%80%80%af", "//../", "/a//../b"
            })
    void refusesWhatHasNoSafeForm(String path) {
        assertThat(RequestPath.canonical(path)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a#b", "\u00e9", "a=\u00c3", "\u00df#", "a\u007f"})
    void refusesQueriesWithAFragmentOrUnknownText(String query) {
        assertThat(RequestPath.canonicalQuery(query)).isNull();
    }

    @Test
    void keepsAQueryOfAscii() {
        String query = "a=%zz&{b}|^`=<\"x\">";
        assertThat(RequestPath.canonicalQuery(query)).isSameAs(query);
    }

    @Test
    void whatIsCanonicalStaysSoAndDecodesToNoOtherPath() {
        String alphabet = "/.%2eEfF5cC0061;aA~\\#\u00c3\u00a9";
        Random random = new Random(42);
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder("/");
            for (int length = random.nextInt(12); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            @Nullable String canonical = RequestPath.canonical(text.toString());
            if (canonical != null) {
                assertThat(RequestPath.canonical(canonical)).as("%s", text).isSameAs(canonical);
                assertThat(canonical).as("%s", text).doesNotContain("//").matches("[\\x21-\\x7e]+");
                String decoded = RequestPath.decode(canonical);
                assertThat(decoded.split("/", -1)).as("%s", text).doesNotContain(".", "..");
                assertThat(decoded.chars().filter(c -> c == '/').count())
                        .as("%s", text)
                        .isEqualTo(canonical.chars().filter(c -> c == '/').count());
            }
        }
    }

    /** As a decoder hands it over: a character an octet. */
    private static String octets(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }
}
