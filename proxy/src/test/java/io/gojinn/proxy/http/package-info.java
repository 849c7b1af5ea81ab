@NullMarked
package io.gojinn.proxy.http;

import org.jspecify.annotations.NullMarked;
