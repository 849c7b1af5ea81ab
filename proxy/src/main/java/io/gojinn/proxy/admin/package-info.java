/** The operators' listener: health, status, metrics. */
@NullMarked
package io.gojinn.proxy.admin;

import org.jspecify.annotations.NullMarked;
