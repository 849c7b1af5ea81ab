/** For whom requests are: how tenants are told apart, and what each may use. */
@NullMarked
package io.gojinn.proxy.tenant;

import org.jspecify.annotations.NullMarked;
