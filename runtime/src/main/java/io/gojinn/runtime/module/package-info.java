/**
 * WebAssembly modules before they run: a strict parser that bounds what a hostile binary can ask for, the facts the rest
 * of the runtime decides by, and the rewriting that puts limits into the code itself.
 *
 * <p>The parser checks structure and every index; the types of operands are left to the engine's validator. All
 * rewriting adds instruction sequences that take nothing from the operand stack and leave nothing on it, and refers only
 * to items appended after the module's own, so an invalid module stays invalid and the engine refuses it.
 */
@NullMarked
package io.gojinn.runtime.module;

import org.jspecify.annotations.NullMarked;
