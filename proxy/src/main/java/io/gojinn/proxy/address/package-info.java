/** Who sent a request, told from the addresses of proxies that are trusted to say so. */
@NullMarked
package io.gojinn.proxy.address;

import org.jspecify.annotations.NullMarked;
