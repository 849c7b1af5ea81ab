package io.gojinn.runtime.sandbox;

import static org.awaitility.Awaitility.await;

import java.lang.management.ManagementFactory;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class CompilerDirectivesTest {
    @Test
    void theVirtualMachineIsToldOfTheCompilerOfGuests() {
        CompilerDirectives.add();
        await().until(() -> directives().contains("jdk/graal/compiler/*.*"));
    }

    private static String directives() throws Exception {
        return String.valueOf(ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "compilerDirectivesPrint",
                        new Object[0],
                        new String[0]));
    }
}
