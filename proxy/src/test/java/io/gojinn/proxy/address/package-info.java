/** Tests of what proxies tell of clients. */
@NullMarked
package io.gojinn.proxy.address;

import org.jspecify.annotations.NullMarked;
