@NullMarked
package io.gojinn.proxy.files;

import org.jspecify.annotations.NullMarked;
