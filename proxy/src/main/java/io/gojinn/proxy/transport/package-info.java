/** How the process talks to the kernel: event loops and the channels that fit them. */
@NullMarked
package io.gojinn.proxy.transport;

import org.jspecify.annotations.NullMarked;
