/**
 * Header sections of HTTP/1.1 as bytes: what is plain is read here without making objects of it, and written by copying what was
 * received. Everything else is Netty's codec's.
 */
@NullMarked
package io.gojinn.proxy.head;

import org.jspecify.annotations.NullMarked;
