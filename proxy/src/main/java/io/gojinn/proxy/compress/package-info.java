/** Content codings: which one a client gets, and how a body is encoded as it streams by. */
@NullMarked
package io.gojinn.proxy.compress;

import org.jspecify.annotations.NullMarked;
