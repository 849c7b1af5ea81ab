/**
 * Sandboxed execution of WebAssembly functions: the public face of this module.
 *
 * <p>A {@link io.gojinn.runtime.FunctionRuntime} prepares modules once and hands out {@link
 * io.gojinn.runtime.FunctionInvoker}s, the only thing a caller on the request path needs. Nothing here knows HTTP
 * libraries or config formats.
 */
@NullMarked
package io.gojinn.runtime;

import org.jspecify.annotations.NullMarked;
