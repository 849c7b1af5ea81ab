/** Access log, metrics and trace context of requests. */
@NullMarked
package io.gojinn.proxy.observe;

import org.jspecify.annotations.NullMarked;
