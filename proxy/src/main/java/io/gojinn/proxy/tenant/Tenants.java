package io.gojinn.proxy.tenant;

import io.gojinn.proxy.address.AddressBlock;
import io.gojinn.proxy.tenant.TenancyConfig.NamedTenant;
import io.gojinn.runtime.Tenant;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The tenants that are known now. Thread-safe.
 *
 * <p>Those that the config names are always known. Others are kept while they use something, or are owed or owe, the most
 * recently seen first, up to a bound; beyond it, newcomers are told apart from nobody and share the limits of one tenant.
 */
public final class Tenants {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");
    private static final float LOAD_FACTOR = 0.75f;
    // How many are looked at to make room: those seen least recently, which are most likely done.
    private static final int LOOKED_AT = 8;

    private final TenancyConfig config;
    private final Map<String, Tenant> named = new HashMap<>();
    private final ApiKeys<Tenant> keys;
    private final Tenant others;
    private final ReentrantLock lock = new ReentrantLock();
    private final LinkedHashMap<Object, Tenant> tracked = new LinkedHashMap<>(16, LOAD_FACTOR, true);

    /** The tenants of a config, none of which uses anything. */
    public Tenants(TenancyConfig config) {
        this(config, null);
    }

    private Tenants(TenancyConfig config, @Nullable Tenants before) {
        this.config = config;
        if (before != null && before.config.limits().equals(config.limits())) {
            this.others = before.others;
            if (before.config.from().equals(config.from())) {
                before.copyTracked(tracked);
            }
        } else {
            this.others = new Tenant("", config.limits());
        }
        Map<String, Tenant> byKey = new HashMap<>();
        for (NamedTenant tenant : config.tenants()) {
            Tenant known = before == null ? null : before.named.get(tenant.name());
            Tenant kept = known != null && known.limits().equals(tenant.limits())
                    ? known
                    : new Tenant(tenant.name(), tenant.limits());
            named.put(tenant.name(), kept);
            tenant.keys().forEach(key -> byKey.put(key, kept));
        }
        this.keys = new ApiKeys<>(byKey);
    }

    /** The tenants of a config that takes the place of another one's: where limits stay as they are, so does what is used of them. */
    public static Tenants of(TenancyConfig config, @Nullable Tenants before) {
        return before != null && before.config.equals(config) ? before : new Tenants(config, before);
    }

    private void copyTracked(Map<Object, Tenant> copy) {
        lock.lock();
        try {
            copy.putAll(tracked);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the API key from a request, so that nobody behind this sees it.
     *
     * @return the tenant of the key; null when tenants are not told by keys
     */
    public @Nullable Tenant takeKey(HttpHeaders headers) {
        if (!(config.from() instanceof TenantSource.ApiKey(String field))) {
            return null;
        }
        List<String> values = headers.getAll(field);
        headers.remove(field);
        return ofKey(values);
    }

    /** The tenant of a request. */
    public Tenant of(HttpHeaders headers, String clientAddress) {
        return switch (config.from()) {
            case TenantSource.ApiKey(String field) -> ofKey(headers.getAll(field));
            case TenantSource.Header(String field) -> ofName(headers.getAll(field));
            case TenantSource.ClientAddress address -> ofAddress(clientAddress);
        };
    }

    private Tenant ofKey(List<String> values) {
        Tenant found = values.size() == 1 ? keys.find(values.getFirst()) : null;
        return found == null ? others : found;
    }

    private Tenant ofName(List<String> values) {
        // Two names are one too many to believe either.
        if (values.size() != 1 || !NAME.matcher(values.getFirst()).matches()) {
            return others;
        }
        String name = values.getFirst();
        Tenant known = named.get(name);
        return known == null ? tracked(name, name) : known;
    }

    private Tenant ofAddress(String address) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        if (bytes == null) {
            return others;
        }
        try {
            return tracked(AddressBlock.of(InetAddress.getByAddress(bytes)), "");
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private Tenant tracked(Object key, String name) {
        lock.lock();
        try {
            Tenant known = tracked.get(key);
            if (known != null) {
                return known;
            }
            if (tracked.size() >= config.tracked() && !makeRoom()) {
                return others;
            }
            Tenant made = new Tenant(name, config.limits());
            tracked.put(key, made);
            return made;
        } finally {
            lock.unlock();
        }
    }

    private boolean makeRoom() {
        long nowNanos = System.nanoTime();
        ArrayDeque<Object> eldest = new ArrayDeque<>(LOOKED_AT);
        for (Object key : tracked.keySet()) {
            if (eldest.size() == LOOKED_AT) {
                break;
            }
            eldest.add(key);
        }
        for (Object key : eldest) {
            Tenant tenant = tracked.get(key);
            if (tenant != null && tenant.isIdle(nowNanos)) {
                tracked.remove(key);
                return true;
            }
        }
        return false;
    }

    /** How many are told apart beside those that the config names. */
    public int tracked() {
        lock.lock();
        try {
            return tracked.size();
        } finally {
            lock.unlock();
        }
    }

    /** One that the config names; null when it names none of this name. */
    public @Nullable Tenant named(String name) {
        return named.get(name);
    }
}
