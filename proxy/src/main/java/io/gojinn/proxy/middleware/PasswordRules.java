package io.gojinn.proxy.middleware;

import java.util.Map;
import java.util.Optional;

/**
 * Lets requests pass that carry the name and the password of a user in {@code Authorization: Basic} (RFC 7617).
 *
 * @param realm what is shown to who is asked for them
 * @param users by name, with the bcrypt hash of the password
 * @param userField the request field that tells the upstream who it is, which is owned; empty: none
 */
public record PasswordRules(String realm, Map<String, Secret> users, Optional<String> userField)
        implements MiddlewareKind {
    public PasswordRules {
        users = Map.copyOf(users);
        if (users.isEmpty()) {
            throw new IllegalArgumentException("no users, expected at least one");
        }
    }
}
