package io.gojinn.proxy.tenant;

import io.gojinn.runtime.TenantLimits;
import java.util.List;

/**
 * How tenants are told apart, and what each may use.
 *
 * @param tenants those that the config names
 * @param limits of every other one, and of those together that nobody can be told apart from
 * @param tracked the most tenants that are not named and are told apart at once
 */
public record TenancyConfig(TenantSource from, List<NamedTenant> tenants, TenantLimits limits, int tracked) {
    public TenancyConfig {
        tenants = List.copyOf(tenants);
    }

    /**
     * A tenant that the config names.
     *
     * @param keys its API keys
     */
    public record NamedTenant(String name, List<String> keys, TenantLimits limits) {
        public NamedTenant {
            keys = List.copyOf(keys);
        }

        // Keys are secrets.
        @Override
        public String toString() {
            return "NamedTenant[name=" + name + ", limits=" + limits + ']';
        }
    }
}
