package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.host.Signature;
import io.gojinn.runtime.host.SliceTraining;
import java.util.Map;
import org.graalvm.polyglot.Source;

/**
 * A binary ready to be instantiated.
 *
 * @param source one object a binary: the engine shares code by it
 * @param training how young the module is, shared by its instances
 * @param imports the host functions to supply, by module and name, with the types to supply them as
 */
record LinkedModule(Source source, SliceTraining training, Map<String, Map<String, Signature>> imports) {}
