/** JSON Web Tokens: how they are read, whom they are checked with, and what is remembered of them. */
@NullMarked
package io.gojinn.proxy.policy.jwt;

import org.jspecify.annotations.NullMarked;
