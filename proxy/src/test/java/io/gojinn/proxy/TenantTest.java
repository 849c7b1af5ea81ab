package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.tenant.TenancyConfig;
import io.gojinn.proxy.tenant.TenancyConfig.NamedTenant;
import io.gojinn.proxy.tenant.TenantSource;
import io.gojinn.proxy.tenant.Tenants;
import io.gojinn.runtime.Admission;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.Tenant;
import io.gojinn.runtime.TenantLimits;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** For whom requests are. */
class TenantTest {
    private static final TenantLimits MANY = new TenantLimits(1_000, 0, 0);
    private static final String KEY = "0123456789abcdef";

    private static TenancyConfig tenancy(TenantSource source, TenantLimits limits) {
        return new TenancyConfig(
                source,
                List.of(
                        new NamedTenant("acme", List.of(KEY, KEY + "2"), limits),
                        new NamedTenant("bolt", List.of("fedcba9876543210"), limits)),
                limits,
                100);
    }

    private static String get(RawClient client, String... fields) {
        client.send("GET /f HTTP/1.1\r\nHost: a\r\n" + String.join("", fields) + "\r\n");
        Response response = client.read();
        return response.status() == 200 ? response.body() : response.status() + " " + response.header("x-gojinn-error");
    }

    /** As the runtime does. */
    private static void admit(Invocation invocation) {
        Tenant tenant = Objects.requireNonNull(invocation.tenant());
        if (tenant.enter(System.nanoTime(), invocation.isOfNewRequest()) == Admission.ADMITTED) {
            tenant.leave(0);
            FakeFunction.echo().body().run(invocation);
        } else {
            invocation.completed(
                    new Outcome.Failed(FunctionFailure.OVERLOADED, "too many requests", Outcome.Usage.NONE));
        }
    }

    private static TestProxy proxy(TenancyConfig tenancy) {
        return TestProxy.with()
                .tenancy(tenancy)
                .function("/f", new FakeFunction(TenantTest::admit))
                .start();
    }

    @Test
    void apiKeysTellTenantsAndAreSeenByNobody() {
        try (TestProxy proxy = proxy(tenancy(new TenantSource.ApiKey("X-Api-Key"), MANY));
                RawClient client = proxy.connect()) {
            assertThat(get(client, "X-Api-Key: " + KEY + "\r\n"))
                    .contains("\"tenant\":\"acme\"")
                    .doesNotContain(KEY)
                    .doesNotContainIgnoringCase("api-key");
            assertThat(get(client, "x-api-KEY: fedcba9876543210\r\n")).contains("\"tenant\":\"bolt\"");
            for (String unknown : new String[] {
                "",
                "X-Api-Key: \r\n",
                "X-Api-Key: 0123456789abcde\r\n",
                "X-Api-Key: 0123456789abcdef0\r\n",
                "X-Api-Key: acme\r\n",
                "X-Api-Key: " + "x".repeat(2_000) + "\r\n",
                "X-Api-Key: " + KEY + "\r\nX-Api-Key: " + KEY + "\r\n"
            }) {
                assertThat(get(client, unknown)).doesNotContain("\"tenant\"").contains("\"phase\"");
            }
        }
    }

    @Test
    void aHeaderTellsTenantsUnlessItIsAmbiguous() {
        try (TestProxy proxy = proxy(tenancy(new TenantSource.Header("X-Tenant"), MANY));
                RawClient client = proxy.connect()) {
            assertThat(get(client, "X-Tenant: acme\r\n")).contains("\"tenant\":\"acme\"");
            assertThat(get(client, "X-Tenant: new.one\r\n")).contains("\"tenant\":\"new.one\"");
            for (String bad : new String[] {
                "", "X-Tenant: a b\r\n", "X-Tenant: " + "x".repeat(65) + "\r\n", "X-Tenant: a\r\nX-Tenant: b\r\n"
            }) {
                assertThat(get(client, bad)).doesNotContain("\"tenant\":");
            }
        }
    }

    @Test
    void whoMakesTooManyRequestsIsToldSoAndOthersAreNot() {
        TenantLimits three = new TenantLimits(10, 3, 0);
        try (TestProxy proxy = proxy(tenancy(new TenantSource.Header("X-Tenant"), three));
                RawClient client = proxy.connect()) {
            List<String> answers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                answers.add(get(client, "X-Tenant: acme\r\n"));
            }
            assertThat(answers.subList(0, 3)).noneMatch(answer -> answer.startsWith("503"));
            assertThat(answers).contains("503 overloaded");
            assertThat(get(client, "X-Tenant: bolt\r\n")).contains("\"tenant\":\"bolt\"");
        }
    }

    @Test
    void addressesOfOneClientAreOneTenant() {
        Tenants tenants = new Tenants(tenancy(new TenantSource.ClientAddress(), MANY));
        HttpHeaders none = new DefaultHttpHeaders();
        Tenant one = tenants.of(none, "2001:db8::1");
        assertThat(tenants.of(none, "2001:db8::ffff")).isSameAs(one);
        assertThat(tenants.of(none, "2001:db8:0:1::1")).isNotSameAs(one);
        assertThat(tenants.of(none, "192.0.2.1")).isNotSameAs(tenants.of(none, "192.0.2.2"));
        assertThat(tenants.of(none, "unknown").name()).isEmpty();
    }

    @Test
    void namesThatNobodyUsesAreForgottenAndTheTableIsBounded() {
        Tenants tenants = new Tenants(tenancy(new TenantSource.Header("X-Tenant"), MANY));
        for (int i = 0; i < 100_000; i++) {
            assertThat(tenants.of(new DefaultHttpHeaders().set("X-Tenant", "t" + i), "")
                            .name())
                    .isEqualTo("t" + i);
        }
        assertThat(tenants.tracked()).isEqualTo(100);
        // Those that use something stay, and who finds no room shares.
        for (int i = 0; i < 100; i++) {
            tenants.of(new DefaultHttpHeaders().set("X-Tenant", "busy" + i), "").enter(System.nanoTime(), true);
        }
        Tenant others = tenants.of(new DefaultHttpHeaders(), "");
        assertThat(tenants.of(new DefaultHttpHeaders().set("X-Tenant", "late"), ""))
                .isSameAs(others);
        assertThat(tenants.of(new DefaultHttpHeaders().set("X-Tenant", "busy7"), "")
                        .executions())
                .isEqualTo(1);
        assertThat(tenants.of(new DefaultHttpHeaders().set("X-Tenant", "acme"), "")
                        .name())
                .isEqualTo("acme");
    }

    @Test
    void whatATenantHasUsedOutlivesAReloadUnlessItsLimitsChange() {
        TenantLimits one = new TenantLimits(1, 0, 0);
        TenantLimits two = new TenantLimits(2, 0, 0);
        TenancyConfig config = tenancy(new TenantSource.Header("X-Tenant"), one);
        Tenants before = new Tenants(config);
        assertThat(Tenants.of(tenancy(new TenantSource.Header("X-Tenant"), one), before))
                .isSameAs(before);
        Tenant acme = named(before, "acme");
        Tenant met = named(before, "met");
        Tenants after = Tenants.of(
                new TenancyConfig(
                        config.from(),
                        List.of(new NamedTenant("acme", List.of(), one), new NamedTenant("bolt", List.of(), two)),
                        config.limits(),
                        config.tracked()),
                before);
        assertThat(named(after, "acme")).isSameAs(acme);
        assertThat(named(after, "met")).isSameAs(met);
        assertThat(named(after, "bolt")).isNotSameAs(named(before, "bolt"));
        assertThat(named(after, "bolt").limits()).isEqualTo(two);
    }

    private static Tenant named(Tenants tenants, String name) {
        return tenants.of(new DefaultHttpHeaders().set("X-Tenant", name), "");
    }
}
