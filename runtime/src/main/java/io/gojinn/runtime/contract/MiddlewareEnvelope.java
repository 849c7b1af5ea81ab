package io.gojinn.runtime.contract;

/** What a middleware function answered, checked against the contract. */
public sealed interface MiddlewareEnvelope permits ResponseEnvelope, MessageChanges {}
