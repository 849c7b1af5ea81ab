package io.gojinn.cli;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGHUP, by which daemons are told to read their config again. The one way to hear of a signal in Java is {@code
 * sun.misc.Signal}, exported by {@code jdk.unsupported} for want of another; the compiler warns of every mention of it, so it is
 * looked up by name.
 */
final class HangUpSignal {
    private static final Logger LOG = LoggerFactory.getLogger(HangUpSignal.class);

    private HangUpSignal() {}

    /** Runs this on a thread of its own at each signal from now on, which otherwise would end the process. */
    static void handle(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            MethodHandle run = MethodHandles.lookup()
                    .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                    .bindTo(action);
            Object told = MethodHandleProxies.asInterfaceInstance(handler, MethodHandles.dropArguments(run, 0, signal));
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), told);
        } catch (InvocationTargetException refused) {
            // The platform has no such signal, or the JVM keeps it for itself (-Xrs).
            LOG.warn("SIGHUP is not heard: {}", String.valueOf(refused.getCause()));
        } catch (ReflectiveOperationException changed) {
            throw new IllegalStateException("this JDK tells of no signals", changed);
        }
    }
}
