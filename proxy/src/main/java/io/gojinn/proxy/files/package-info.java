/** Files as answers: found beneath a folder and read on threads of their own, never on an event loop. */
@NullMarked
package io.gojinn.proxy.files;

import org.jspecify.annotations.NullMarked;
