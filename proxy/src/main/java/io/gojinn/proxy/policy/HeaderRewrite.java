package io.gojinn.proxy.policy;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.FailureResponse;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.FieldChanges;
import io.gojinn.proxy.middleware.HeaderRules;
import io.gojinn.proxy.middleware.Template;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Changes fields of requests and responses, those of the proxy's own answers included. Thread-safe.
 *
 * <p>A request field that is set is owned: whatever a client sends under a name that servers may take for it is removed, but for a
 * field that a value refers to.
 */
public final class HeaderRewrite implements Middleware {
    private final Changes requestChanges;
    private final Changes responseChanges;
    private final Set<String> owned;

    /** A middleware that makes these changes. */
    public HeaderRewrite(HeaderRules config) {
        this.requestChanges = Changes.of(config.request());
        this.responseChanges = Changes.of(config.response());
        Set<String> referred = new HashSet<>();
        Stream.of(config.request(), config.response())
                .flatMap(changes -> Stream.concat(changes.set().values().stream(), changes.add().values().stream()))
                .flatMap(template -> template.parts().stream())
                .forEach(part -> {
                    if (part instanceof Template.Part.Header(String name)) {
                        referred.add(name.toLowerCase(Locale.ROOT));
                    }
                });
        Set<String> set = new HashSet<>(config.request().set().keySet());
        set.removeIf(name -> referred.contains(name.toLowerCase(Locale.ROOT)));
        this.owned = Set.copyOf(set);
    }

    @Override
    public Set<String> ownedFields() {
        return owned;
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Passage() {
            @Override
            public void request(RequestPhase phase) {
                requestChanges.apply(exchange.request().headers(), exchange);
                phase.proceed();
            }

            @Override
            public void response(ResponsePhase phase) {
                responseChanges.apply(phase.headers(), exchange);
                phase.proceed();
            }

            @Override
            public void failed(FailureResponse response) {
                responseChanges.apply(response.headers(), exchange);
            }
        };
    }

    /** Changes as every request needs them: names and constant values in the form that fields are kept and sent in. */
    private record Changes(List<Field> set, List<Field> add, List<AsciiString> remove) {
        static Changes of(FieldChanges changes) {
            return new Changes(
                    Field.all(changes.set()),
                    Field.all(changes.add()),
                    changes.remove().stream().map(AsciiString::cached).toList());
        }

        void apply(HttpHeaders headers, Exchange exchange) {
            // Before anything is changed: a value may refer to a field that is removed or set.
            CharSequence[] setValues = values(set, exchange);
            CharSequence[] addedValues = values(add, exchange);
            for (AsciiString name : remove) {
                headers.remove(name);
            }
            for (int i = 0; i < setValues.length; i++) {
                headers.set(set.get(i).name(), setValues[i]);
            }
            for (int i = 0; i < addedValues.length; i++) {
                headers.add(add.get(i).name(), addedValues[i]);
            }
        }

        private static CharSequence[] values(List<Field> fields, Exchange exchange) {
            CharSequence[] values = new CharSequence[fields.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = fields.get(i).value(exchange);
            }
            return values;
        }
    }

    /** A field that is set or added; a constant is the same for every request. */
    private record Field(
            AsciiString name, Template template, @Nullable AsciiString constant) {
        static List<Field> all(Map<String, Template> fields) {
            return fields.entrySet().stream()
                    .map(field -> of(field.getKey(), field.getValue()))
                    .toList();
        }

        private static Field of(String name, Template template) {
            List<Template.Part> parts = template.parts();
            return new Field(
                    AsciiString.cached(name),
                    template,
                    parts.size() == 1 && parts.getFirst() instanceof Template.Part.Text(String text)
                            ? AsciiString.cached(text)
                            : null);
        }

        CharSequence value(Exchange exchange) {
            return constant == null ? Templates.fieldValue(template, exchange) : constant;
        }
    }
}
