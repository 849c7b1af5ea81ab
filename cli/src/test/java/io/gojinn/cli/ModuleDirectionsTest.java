package io.gojinn.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The directions between modules and libraries that keep the architecture what it is. */
class ModuleDirectionsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.gojinn");

    @Test
    void seesEveryModule() {
        for (String module : new String[] {"runtime", "proxy", "cli"}) {
            assertThat(CLASSES.stream().anyMatch(type -> type.getPackageName().startsWith("io.gojinn." + module)))
                    .as(module)
                    .isTrue();
        }
    }

    @Test
    void proxyKnowsNothingOfTheEngine() {
        noClasses()
                .that()
                .resideInAPackage("io.gojinn.proxy..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.graalvm..", "io.gojinn.runtime.sandbox..", "io.gojinn.runtime.module..")
                .check(CLASSES);
    }

    @Test
    void runtimeKnowsNothingOfTheNetwork() {
        noClasses()
                .that()
                .resideInAPackage("io.gojinn.runtime..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "io.gojinn.proxy..")
                .check(CLASSES);
    }

    @Test
    void nothingDependsOnTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.gojinn.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.gojinn.cli..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLineReadsTomlAndArguments() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.gojinn.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.tomlj..", "picocli..")
                .check(CLASSES);
    }

    @Test
    void onlyTheSandboxTouchesTheEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.gojinn.runtime.sandbox..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.graalvm.polyglot..")
                .check(CLASSES);
    }

    @Test
    void theFormatOfTheFileStaysInItsPackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.gojinn.cli.config")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.tomlj..")
                .check(CLASSES);
    }
}
