package io.gojinn.proxy.function;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.runtime.contract.MessageChanges;
import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.function.Predicate;

/** Fields as functions give them, put into messages. */
final class Fields {
    private Fields() {}

    static HttpHeaders of(List<Header> fields) {
        HttpHeaders headers = Exchange.newHeaders();
        for (Header field : fields) {
            headers.add(field.name(), field.value());
        }
        return headers;
    }

    /** Removes, then sets, then adds; leaves fields alone that the function has no say in. */
    static void change(HttpHeaders headers, MessageChanges changes, Predicate<String> allowed) {
        for (String name : changes.remove()) {
            if (allowed.test(name)) {
                headers.remove(name);
            }
        }
        for (Header field : changes.set()) {
            if (allowed.test(field.name())) {
                headers.remove(field.name());
            }
        }
        add(headers, changes.set(), allowed);
        add(headers, changes.add(), allowed);
    }

    private static void add(HttpHeaders headers, List<Header> fields, Predicate<String> allowed) {
        for (Header field : fields) {
            if (allowed.test(field.name())) {
                headers.add(field.name(), field.value());
            }
        }
    }
}
