/** What operators put in the way of routes, ready to be used: access, fields. */
@NullMarked
package io.gojinn.proxy.policy;

import org.jspecify.annotations.NullMarked;
