package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.MiddlewareKind;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * How one kind of middleware is written: a table below {@code [[middleware]]}.
 *
 * @param key the table; its name is the name of the kind
 * @param kind makes the kind, from a table without problems
 * @param checks what one value alone cannot decide; the table may lack what was not acceptable
 */
record MiddlewareSyntax(
        Key<Section> key, Function<Section, MiddlewareKind> kind, BiConsumer<Section, CrossChecks> checks) {
    /** Every kind but functions. */
    static final List<MiddlewareSyntax> ALL = List.of(
            AddressSyntax.KIND,
            CertificateSyntax.KIND,
            PasswordSyntax.KIND,
            JwtSyntax.KIND,
            ForwardAuthSyntax.KIND,
            CorsSyntax.KIND,
            RedirectSyntax.KIND,
            RewriteSyntax.KIND,
            HeaderSyntax.KIND,
            ErrorPageSyntax.KIND,
            RateSyntax.KIND,
            ConcurrencySyntax.KIND,
            CompressionSyntax.KIND,
            ShedSyntax.KIND);

    static List<Key<?>> keys() {
        return ALL.stream().<Key<?>>map(MiddlewareSyntax::key).toList();
    }
}
