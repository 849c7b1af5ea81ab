package io.gojinn.proxy.middleware;

/** Changes fields of requests on their way in and of responses on their way out. */
public record HeaderRules(FieldChanges request, FieldChanges response) implements MiddlewareKind {}
