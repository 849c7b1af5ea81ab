package io.gojinn.cli.config;

import static io.gojinn.cli.config.Types.addressRanges;
import static io.gojinn.cli.config.Types.checked;
import static io.gojinn.cli.config.Types.choice;

import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.ClientField;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.listen.Protocol;
import io.gojinn.proxy.listen.TlsConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.route.MirrorConfig;
import io.gojinn.proxy.tenant.TenantSource;
import io.gojinn.proxy.upstream.BalancePolicy;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.EjectionPolicy;
import io.gojinn.proxy.upstream.HealthPolicy.StatusRange;
import io.gojinn.proxy.upstream.HostPolicy;
import io.gojinn.proxy.upstream.RetryPolicy;
import io.gojinn.proxy.upstream.SplitConfig;
import io.gojinn.proxy.upstream.TunnelConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.UpstreamConfig.Target;
import io.gojinn.proxy.upstream.UpstreamLimits;
import io.gojinn.proxy.upstream.UpstreamPolicy;
import io.gojinn.proxy.upstream.WireConfig;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.TenantLimits;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Every key of {@code proxy.toml}: the one place that says which exist, what they hold and what they mean. */
final class ConfigSchema {
    private static final Duration MILLISECOND = Duration.ofMillis(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Pattern STATUSES = Pattern.compile("([2-5][0-9]{2})(?:-([2-5][0-9]{2}))?");
    private static final TenantLimits TENANT = TenantLimits.defaults();
    private static final FunctionLimits FUNCTION = FunctionLimits.defaults();
    private static final ListenerLimits LISTENER = ListenerLimits.defaults();
    private static final Http2Limits HTTP2 = Http2Limits.defaults();
    private static final DnsConfig DNS = DnsConfig.defaults();
    private static final UpstreamPolicy POLICY = UpstreamPolicy.defaults();
    private static final UpstreamLimits LIMITS = POLICY.limits();
    private static final RetryPolicy RETRY = POLICY.retry();
    private static final EjectionPolicy EJECTION = POLICY.ejection();
    private static final MirrorConfig MIRROR = MirrorConfig.to("");
    private static final WireConfig.Http2 WIRE_HTTP2 = WireConfig.Http2.defaults();

    // [server]
    static final Key<Integer> EVENT_LOOPS =
            Key.defaulted("event_loops", Types.integer(0, 1024), 0, "Threads that carry connections; 0 is one a core.");
    static final Key<Integer> FUNCTION_THREADS = Key.defaulted(
            "function_threads", Types.integer(0, 1024), 0, "Threads that run functions; 0 is one a core.");
    static final Key<Duration> SHUTDOWN_GRACE = Key.defaulted(
            "shutdown_grace",
            Types.duration(Duration.ZERO, HOUR),
            Duration.ofSeconds(30),
            "How long open exchanges may take to end after a stop was asked for.");
    static final Schema SERVER_TABLE =
            new Schema("[server]", "The process.", "", List.of(EVENT_LOOPS, FUNCTION_THREADS, SHUTDOWN_GRACE));

    // [reload]
    static final Key<Boolean> WATCH = Key.defaulted(
            "watch",
            Types.flag(),
            WatchConfig.defaults().enabled(),
            "Whether a change of this file, a certificate, a key or a module is noticed; without, SIGHUP or `POST /reload` "
                    + "tell it.");
    static final Key<Duration> WATCH_INTERVAL = Key.defaulted(
            "interval",
            Types.duration(Duration.ofMillis(100), HOUR),
            WatchConfig.defaults().interval(),
            "Between two looks at the files; a change counts when it is the same at two of them.");
    static final Schema RELOAD_TABLE = new Schema(
            "[reload]",
            "How a changed config is noticed, see [reload](reload.md).",
            "",
            List.of(WATCH, WATCH_INTERVAL));

    // [dns]
    static final Key<List<InetSocketAddress>> DNS_SERVERS = Key.defaulted(
            "servers",
            Types.list(
                    Types.parsed(
                            "an IP address, with a port or without",
                            (text, decoding) -> Addresses.nameServer(text),
                            InetSocketAddress::toString),
                    "an array of addresses such as \"10.0.0.2:53\"",
                    false),
            List.of(),
            "Name servers, asked in this order; empty: those of the system.");
    static final Key<Duration> DNS_MIN_TTL = Key.defaulted(
            "min_ttl",
            Types.duration(MILLISECOND, HOUR),
            DNS.minTtl(),
            "An answer holds at least so long, whatever it says; and so long it takes to ask again after none.");
    static final Key<Duration> DNS_MAX_TTL = Key.defaulted(
            "max_ttl",
            Types.duration(MILLISECOND, Duration.ofHours(24)),
            DNS.maxTtl(),
            "An answer holds at most so long.");
    static final Schema DNS_TABLE = new Schema(
            "[dns]", "How names of targets are resolved.", "", List.of(DNS_SERVERS, DNS_MIN_TTL, DNS_MAX_TTL));

    // [[listener]]
    static final Key<Sited<Path>> CERTIFICATE = Key.required(
            "certificate",
            Types.sited(Types.path("the path of a certificate chain")),
            "Certificate chain in PEM, the leaf first.");
    static final Key<Sited<Path>> CERTIFICATE_KEY = Key.required(
            "key",
            Types.sited(Types.path("the path of a private key")),
            "Private key in PEM: PKCS #8, PKCS #1 or SEC 1.");
    static final Key<String> KEY_PASSWORD = Key.optional(
            "key_password",
            Types.string("a string"),
            "Of an encrypted key; `${file:/run/secrets/name}` keeps it out of the config.");
    static final Schema CERTIFICATE_TABLE = new Schema(
            "[[listener.tls.certificates]]",
            "A certificate with its key.",
            "",
            List.of(CERTIFICATE, CERTIFICATE_KEY, KEY_PASSWORD));
    static final Key<List<Section>> CERTIFICATES = Key.required(
            "certificates",
            Types.tables(CERTIFICATE_TABLE),
            "At least one; several are chosen by the client's SNI, the first is the default.");
    static final Key<TlsConfig.Version> MIN_VERSION = Key.defaulted(
            "min_version",
            choice(List.of(TlsConfig.Version.values()), TlsConfig.Version::id),
            TlsConfig.Version.TLS_1_2,
            "The lowest version of TLS that is spoken.");
    static final Key<TlsConfig.UnknownNames> UNKNOWN_NAMES = Key.defaulted(
            "unknown_names",
            choice(List.of(TlsConfig.UnknownNames.values()), Types::lower),
            TlsConfig.UnknownNames.DEFAULT,
            "What a client gets whose name no certificate covers, or that names none: the first certificate, or an alert.");
    static final Key<TlsConfig.ClientCertificates> CLIENT_CERTIFICATES = Key.defaulted(
            "client_certificates",
            choice(List.of(TlsConfig.ClientCertificates.values()), Types::lower),
            TlsConfig.ClientCertificates.NONE,
            "Whether clients are asked for a certificate; one that is shown must be valid either way.");
    static final Key<List<Sited<Path>>> CLIENT_AUTHORITIES = Key.defaulted(
            "client_authorities",
            Types.list(Types.sited(Types.path("the path of certificates")), "an array of paths of certificates", false),
            List.of(),
            "Certificates in PEM of the authorities that certify clients.");
    static final Key<Integer> HANDSHAKES = Key.defaulted(
            "handshakes",
            Types.integer(1, 1_000_000),
            TlsConfig.DEFAULT_HANDSHAKES,
            "Handshakes at once; a connection beyond them is closed at accept.");
    static final Schema TLS_TABLE = new Schema(
            "[listener.tls]",
            "Present when the listener speaks HTTPS, see [tls](tls.md).",
            "",
            List.of(CERTIFICATES, MIN_VERSION, UNKNOWN_NAMES, CLIENT_CERTIFICATES, CLIENT_AUTHORITIES, HANDSHAKES));

    static final Key<Integer> CONNECTIONS = Key.defaulted(
            "connections",
            Types.integer(1, 10_000_000),
            LISTENER.connections(),
            "Open connections at once; a further one is closed at accept.");
    static final Key<Integer> ADDRESS_CONNECTIONS = Key.defaulted(
            "connections_per_address",
            Types.integer(1, 10_000_000),
            LISTENER.addressConnections(),
            "The same of one client: an IPv4 address, or an IPv6 /64. Trusted proxies are not counted; the PROXY protocol "
                    + "tells for whom they connect.");
    static final Key<Long> HEADER_BYTES = Key.defaulted(
            "header_bytes",
            Types.size(1 << 10, 1 << 20),
            (long) LISTENER.headerBytes(),
            "Request line and all header fields of one request, together.");
    static final Key<Integer> HEADER_COUNT = Key.defaulted(
            "header_count", Types.integer(1, 10_000), LISTENER.headerCount(), "Header fields of one request.");
    static final Key<Duration> HEADER_TIMEOUT = Key.defaulted(
            "header_timeout",
            Types.duration(MILLISECOND, HOUR),
            LISTENER.headerTimeout(),
            "From the first byte of a request to the end of its header section.");
    static final Key<Duration> IDLE_TIMEOUT = Key.defaulted(
            "idle_timeout",
            Types.duration(MILLISECOND, Duration.ofHours(24)),
            LISTENER.idleTimeout(),
            "How long a connection may be silent between requests, or a peer make no progress in one.");
    static final Key<Long> BODY_RATE = Key.defaulted(
            "body_rate",
            Types.size(0, 1 << 30),
            (long) LISTENER.bodyRate(),
            "Bytes a second that a request body must come with, on average over `header_timeout`, while it is wanted and "
                    + "unanswered; `0B`: any. Calls of gRPC to upstreams of HTTP/2 may take their time.");
    static final Schema LISTENER_LIMITS_TABLE = new Schema(
            "[listener.limits]",
            "What a peer may make the listener hold.",
            "",
            List.of(
                    CONNECTIONS,
                    ADDRESS_CONNECTIONS,
                    HEADER_BYTES,
                    HEADER_COUNT,
                    HEADER_TIMEOUT,
                    IDLE_TIMEOUT,
                    BODY_RATE));

    static final Key<Integer> HTTP2_STREAMS = Key.defaulted(
            "streams",
            Types.integer(1, 100_000),
            HTTP2.streams(),
            "Streams of one connection that are open at once; a further one is refused.");
    static final Key<Long> HTTP2_CONNECTION_WINDOW = Key.defaulted(
            "connection_window",
            Types.size(1 << 16, 1 << 30),
            (long) HTTP2.connectionWindow(),
            "Bytes of bodies that one connection holds before anybody wants them; a stream holds at most 65,535.");
    static final Key<Integer> HTTP2_RESETS = Key.defaulted(
            "resets",
            Types.integer(1, 1_000_000),
            HTTP2.resets(),
            "Streams of one connection that are reset for the client's part, in ten seconds.");
    static final Key<Integer> HTTP2_CONTROL_FRAMES = Key.defaulted(
            "control_frames",
            Types.integer(1, 1_000_000),
            HTTP2.controlFrames(),
            "Frames of one connection that carry no request, in ten seconds, of each kind.");
    static final Key<Long> HTTP2_COLLECTED_BYTES = Key.defaulted(
            "collected_bytes",
            Types.size(0, 1 << 30),
            (long) HTTP2.collectedBytes(),
            "Bytes of bodies that the streams of one connection collect for functions, together; one alone may have its "
                    + "`max_body` all the same.");
    static final Schema HTTP2_TABLE = new Schema(
            "[listener.http2]",
            "What a peer may do with an HTTP/2 connection, beyond the limits of the listener.",
            "",
            List.of(HTTP2_STREAMS, HTTP2_CONNECTION_WINDOW, HTTP2_RESETS, HTTP2_CONTROL_FRAMES, HTTP2_COLLECTED_BYTES));

    static final Key<List<Protocol>> PROTOCOLS = Key.defaulted(
            "protocols",
            Types.list(protocol(), "an array of \"h2\" and \"http/1.1\"", false),
            List.of(Protocol.values()),
            "What is spoken: chosen by ALPN under TLS, by what a client sends first without.");
    static final Key<List<AddressRange>> TRUSTED_PROXIES = Key.defaulted(
            "trusted_proxies",
            addressRanges(),
            List.of(),
            "Proxies in front of this listener that are believed when they say who the client is, see "
                    + "[client address](client-address.md).");
    static final Key<ClientField> CLIENT_FIELD = Key.defaulted(
            "client_field",
            clientField(),
            ClientField.X_FORWARDED_FOR,
            "The one field in which they say it; the other one is not believed.");
    static final Key<Boolean> PROXY_PROTOCOL = Key.defaulted(
            "proxy_protocol",
            Types.flag(),
            false,
            "Every connection begins with a header of the PROXY protocol, version 1 or 2, and comes from a trusted proxy; "
                    + "others are closed.");
    static final Key<Boolean> TOLERANT = Key.defaulted(
            "tolerant",
            Types.flag(),
            false,
            "Takes requests of HTTP/1.1 for what they say that RFC 9112 would have refused, where that can be told: see "
                    + "[framing](http-framing.md#tolerant-listeners). Not behind a proxy that reads them in another way.");
    static final Key<Section> LISTENER_HTTP2 =
            Key.optional("http2", Types.table(HTTP2_TABLE), "Left out: the defaults below.");
    static final Key<Sited<String>> LISTENER_NAME =
            Key.required("name", Types.sited(Types.name("the name of the listener")), "Unique among listeners.");
    static final Key<Sited<InetSocketAddress>> LISTENER_ADDRESS = Key.required(
            "address",
            Types.sited(Types.parsed(
                    "an address such as \"0.0.0.0:8080\"",
                    (text, decoding) -> Addresses.listening(text),
                    InetSocketAddress::toString)),
            "Where to bind: `host:port`, `[::1]:443`, or `:8080` for every address. Port 0 picks a free one.");
    static final Key<Section> TLS = Key.optional("tls", Types.table(TLS_TABLE), "Left out: clear text.");
    static final Key<Section> LISTENER_LIMITS =
            Key.optional("limits", Types.table(LISTENER_LIMITS_TABLE), "Left out: the defaults below.");
    static final Schema LISTENER_TABLE = new Schema(
            "[[listener]]",
            "An address that accepts connections. At least one.",
            """
            [[listener]]
            name = "web"
            address = "0.0.0.0:8443"
            tls.certificates = [{ certificate = "tls/site.pem", key = "tls/site.key" }]
            limits.connections = 10_000
            """,
            List.of(
                    LISTENER_NAME,
                    LISTENER_ADDRESS,
                    PROTOCOLS,
                    TRUSTED_PROXIES,
                    CLIENT_FIELD,
                    PROXY_PROTOCOL,
                    TOLERANT,
                    TLS,
                    LISTENER_LIMITS,
                    LISTENER_HTTP2));

    // [[upstream]]
    static final Key<List<Sited<Path>>> UPSTREAM_CA = Key.defaulted(
            "ca",
            Types.list(
                    Types.sited(Types.path("the path of a file of certificates")),
                    "the path of a file of certificates, or an array of them",
                    true),
            List.of(),
            "PEM files of the authorities that are trusted, and no other; empty: the trust store of the Java runtime.");
    static final Key<String> UPSTREAM_SERVER_NAME = Key.optional(
            "server_name",
            checked("a host name", HttpSyntax::hostName),
            "The name that targets are asked for (SNI) and must have a certificate for; left out, their host.");
    static final Key<Sited<Path>> UPSTREAM_CERTIFICATE = Key.optional(
            "certificate",
            Types.sited(Types.path("the path of a certificate chain")),
            "What is shown to a target that asks who is there, in PEM, the leaf first; needs `key`.");
    static final Key<Sited<Path>> UPSTREAM_KEY = Key.optional(
            "key",
            Types.sited(Types.path("the path of a private key")),
            "The private key of `certificate` in PEM (PKCS #8), unencrypted.");
    static final Key<Boolean> UPSTREAM_INSECURE = Key.defaulted(
            "insecure_skip_verify",
            Types.flag(),
            false,
            "Takes any certificate, so that nobody knows who answers; logged at every start.");
    static final Schema UPSTREAM_TLS_TABLE = new Schema(
            "[upstream.tls]",
            "TLS to targets with `https` URLs. Their certificates are verified, with their names.",
            "",
            List.of(UPSTREAM_CA, UPSTREAM_SERVER_NAME, UPSTREAM_CERTIFICATE, UPSTREAM_KEY, UPSTREAM_INSECURE));
    static final Key<WireConfig.Protocol> UPSTREAM_PROTOCOL = Key.defaulted(
            "protocol",
            upstreamProtocol(),
            WireConfig.Protocol.AUTO,
            "`auto` is HTTP/2 or HTTP/1.1 as the target chooses by ALPN, and HTTP/1.1 in clear text; `h2` in clear text "
                    + "needs no agreement before.");
    static final Key<Integer> UPSTREAM_STREAMS = Key.defaulted(
            "streams",
            Types.integer(1, 10_000),
            WIRE_HTTP2.streams(),
            "Requests at once on one connection, if the target takes as many; for more another connection is made.");
    static final Key<Long> UPSTREAM_STREAM_WINDOW = Key.defaulted(
            "stream_window",
            Types.size(1 << 16, 1 << 26),
            (long) WIRE_HTTP2.streamWindow(),
            "Bytes of a response that are held for a client that does not read.");
    static final Key<Integer> UPSTREAM_CONTROL_FRAMES = Key.defaulted(
            "control_frames",
            Types.integer(1, 1_000_000),
            WIRE_HTTP2.controlFrames(),
            "Frames of one connection that carry no response, in ten seconds, of each kind.");
    static final Key<Duration> UPSTREAM_PING_INTERVAL = Key.optional(
            "ping_interval",
            Types.duration(MILLISECOND, HOUR),
            "How long a target may be silent while requests are with it before it is pinged. Left out: it is pinged only "
                    + "when a request has timed out. Many gRPC servers take no more than one ping in five minutes.");
    static final Schema UPSTREAM_HTTP2_TABLE = new Schema(
            "[upstream.http2]",
            "What an HTTP/2 connection to a target carries and bears.",
            "",
            List.of(UPSTREAM_STREAMS, UPSTREAM_STREAM_WINDOW, UPSTREAM_CONTROL_FRAMES, UPSTREAM_PING_INTERVAL));
    static final Key<Section> UPSTREAM_HTTP2 =
            Key.optional("http2", Types.table(UPSTREAM_HTTP2_TABLE), "Left out: the defaults below.");
    static final Key<Section> UPSTREAM_TLS =
            Key.optional("tls", Types.table(UPSTREAM_TLS_TABLE), "Left out: the defaults below.");
    static final Key<Sited<String>> UPSTREAM_NAME =
            Key.required("name", Types.sited(Types.name("the name of the upstream")), "Unique among upstreams.");
    static final Key<Target> TARGET_URL =
            Key.required("url", target(), "`http://host:port`, `https://host:port` or `unix:/path/to.sock`.");
    static final Key<Integer> TARGET_WEIGHT = Key.defaulted(
            "weight",
            Types.integer(1, UpstreamConfig.MAX_WEIGHT),
            1,
            "The share of requests it gets, against the weights of the others.");
    static final Schema TARGET_TABLE = new Schema(
            "[[upstream.targets]]", "A target with more than a URL.", "", List.of(TARGET_URL, TARGET_WEIGHT));
    static final Key<List<Target>> TARGETS = Key.required(
            "targets",
            Types.list(
                    Types.shortened(
                            target(),
                            TARGET_TABLE,
                            table -> table.get(TARGET_URL).weighing(table.get(TARGET_WEIGHT))),
                    "an array of URLs such as \"http://127.0.0.1:3000\"",
                    false),
            "At least one: `http://host:port`, `https://host:port`, `unix:/path/to.sock`, or with a weight"
                    + " `{ url = \"http://host:port\", weight = 2 }`.");
    static final Key<HostPolicy> UPSTREAM_HOST = Key.defaulted(
            "host",
            Types.parsed(
                    "\"client\", \"target\", or a host with or without a port",
                    (text, decoding) -> Addresses.hostPolicy(text),
                    ConfigSchema::written),
            new HostPolicy.OfClient(),
            "What targets get as Host: what the client asked for, their own name of `targets`, or always this one. "
                    + "X-Forwarded-Host has what the client asked for.");
    static final Key<BalancePolicy> BALANCE = Key.defaulted(
            "balance",
            balance(),
            POLICY.balance(),
            "How a target is chosen, see [upstreams](upstreams.md): `round_robin`, `least_requests`, `random_two`,"
                    + " `hash:header:NAME`, `hash:cookie:NAME`, `hash:client`.");
    static final Key<Duration> UPSTREAM_IDLE_TIMEOUT = Key.defaulted(
            "idle_timeout",
            Types.duration(MILLISECOND, Duration.ofHours(24)),
            POLICY.idleTimeout(),
            "Between two pieces of the response, and for a target to take more of a request.");
    static final Key<Duration> REQUEST_TIMEOUT = Key.optional(
            "request_timeout",
            Types.duration(MILLISECOND, Duration.ofHours(24)),
            "For everything: waiting, all attempts, the whole response. Left out: no limit.");
    static final Key<Duration> SLOW_START = Key.defaulted(
            "slow_start",
            Types.duration(Duration.ZERO, HOUR),
            POLICY.slowStart(),
            "How long a target that comes back takes to get its whole share.");

    static final Key<Integer> UPSTREAM_REQUESTS =
            Key.defaulted("requests", Types.integer(1, 1_000_000), LIMITS.requests(), "The most requests at once.");
    static final Key<Integer> TARGET_REQUESTS = Key.defaulted(
            "target_requests",
            Types.integer(1, 1_000_000),
            LIMITS.targetRequests(),
            "The most requests at once to one target.");
    static final Key<Integer> UPSTREAM_QUEUE = Key.defaulted(
            "queue",
            Types.integer(0, 1_000_000),
            LIMITS.queue(),
            "The most requests that wait for their turn, first come, first served; a further one is answered 503.");
    static final Key<Duration> QUEUE_TIMEOUT = Key.defaulted(
            "queue_timeout",
            Types.duration(MILLISECOND, HOUR),
            LIMITS.queueTimeout(),
            "The longest wait; then the answer is 503.");
    static final Schema UPSTREAM_LIMITS_TABLE = new Schema(
            "[upstream.limits]",
            "How much of an upstream is used at once.",
            "",
            List.of(UPSTREAM_REQUESTS, TARGET_REQUESTS, UPSTREAM_QUEUE, QUEUE_TIMEOUT));

    static final Key<Integer> ATTEMPTS = Key.defaulted(
            "attempts",
            Types.integer(1, 10),
            RETRY.attempts(),
            "The most a request is sent, the first time included; 1 sends nothing again.");
    static final Key<Double> RETRY_BUDGET = Key.defaulted(
            "budget",
            Types.share(),
            RETRY.budget(),
            "The most requests that are sent again, as a share of those of the last ten seconds.");
    static final Key<Integer> RETRY_MINIMUM = Key.defaulted(
            "minimum_per_second",
            Types.integer(0, 1_000_000),
            RETRY.minimumPerSecond(),
            "So many may be sent again each second, however few requests there are.");
    static final Key<Duration> BACKOFF = Key.defaulted(
            "backoff",
            Types.duration(Duration.ZERO, Duration.ofSeconds(1)),
            RETRY.backoff(),
            "The longest wait before the second attempt, doubled for each further one; the wait is random.");
    static final Key<List<Integer>> RETRY_STATUSES = Key.defaulted(
            "statuses",
            Types.list(new OneOf(List.of(502, 503, 504)), "an array of 502, 503 and 504", false),
            List.of(),
            "Responses to idempotent requests that are taken for failures.");
    static final Key<Long> RETRY_BODY = Key.defaulted(
            "max_body",
            Types.size(0, 16 << 20),
            (long) RETRY.maxBodyBytes(),
            "The largest body that is held for another attempt, for each request.");
    static final Schema RETRY_TABLE = new Schema(
            "[upstream.retry]",
            "When a request that failed is sent again; what is safe is in [upstreams](upstreams.md).",
            "",
            List.of(ATTEMPTS, RETRY_BUDGET, RETRY_MINIMUM, BACKOFF, RETRY_STATUSES, RETRY_BODY));

    static final Key<String> HEALTH_PATH = Key.required(
            "path", checked("a path such as \"/healthz\"", HttpSyntax::originForm), "What is asked for, with GET.");
    static final Key<String> HEALTH_HOST = Key.optional(
            "host",
            checked("a host name", HttpSyntax::hostPattern),
            "The Host of the question. Left out: that of the target.");
    static final Key<Duration> HEALTH_INTERVAL = Key.defaulted(
            "interval",
            Types.duration(Duration.ofMillis(10), HOUR),
            Duration.ofSeconds(5),
            "Between two checks of a target, give or take a tenth.");
    static final Key<Duration> HEALTH_TIMEOUT = Key.defaulted(
            "timeout",
            Types.duration(MILLISECOND, HOUR),
            Duration.ofSeconds(1),
            "For connection and response header section, together.");
    static final Key<Integer> HEALTHY = Key.defaulted(
            "healthy", Types.integer(1, 100), 2, "So many good answers in a row make an unhealthy target healthy.");
    static final Key<Integer> UNHEALTHY = Key.defaulted(
            "unhealthy",
            Types.integer(1, 100),
            3,
            "So many bad ones in a row make a healthy target unhealthy; the very first answer decides alone.");
    static final Key<List<StatusRange>> HEALTH_STATUSES = Key.defaulted(
            "statuses",
            Types.list(statuses(), "an array of statuses such as \"204\" or \"200-299\"", false),
            List.of(new StatusRange(200, 299)),
            "Which answers are good.");
    static final Schema HEALTH_TABLE = new Schema(
            "[upstream.health]",
            "How targets are asked whether they are well; one check a target, however many event loops there are.",
            "",
            List.of(HEALTH_PATH, HEALTH_HOST, HEALTH_INTERVAL, HEALTH_TIMEOUT, HEALTHY, UNHEALTHY, HEALTH_STATUSES));

    static final Key<Integer> EJECTION_FAILURES = Key.defaulted(
            "failures",
            Types.integer(0, 10_000),
            EJECTION.failures(),
            "So many requests in a row without a response eject a target; 0 never does.");
    static final Key<Integer> EJECTION_SERVER_ERRORS = Key.defaulted(
            "server_errors",
            Types.integer(0, 10_000),
            EJECTION.serverErrors(),
            "So many responses of 500 and above in a row eject it too; 0 never does.");
    static final Key<Duration> EJECTION_BASE_TIME = Key.defaulted(
            "base_time",
            Types.duration(MILLISECOND, HOUR),
            EJECTION.baseTime(),
            "How long the first ejection lasts; each that follows soon lasts a base time longer.");
    static final Key<Duration> EJECTION_MAX_TIME = Key.defaulted(
            "max_time", Types.duration(MILLISECOND, Duration.ofHours(24)), EJECTION.maxTime(), "The longest ejection.");
    static final Key<Double> EJECTION_MAX_SHARE = Key.defaulted(
            "max_share",
            Types.share(),
            EJECTION.maxShare(),
            "The largest share of the targets that is ejected at once.");
    static final Schema EJECTION_TABLE = new Schema(
            "[upstream.ejection]",
            "When a target that fails requests gets none for a while.",
            "",
            List.of(
                    EJECTION_FAILURES,
                    EJECTION_SERVER_ERRORS,
                    EJECTION_BASE_TIME,
                    EJECTION_MAX_TIME,
                    EJECTION_MAX_SHARE));
    static final Key<Section> UPSTREAM_LIMITS =
            Key.optional("limits", Types.table(UPSTREAM_LIMITS_TABLE), "Left out: the defaults below.");
    static final Key<Section> RETRY_KEY =
            Key.optional("retry", Types.table(RETRY_TABLE), "Left out: the defaults below.");
    static final Key<Section> HEALTH =
            Key.optional("health", Types.table(HEALTH_TABLE), "Left out: targets are not asked.");
    static final Key<Section> EJECTION_KEY =
            Key.optional("ejection", Types.table(EJECTION_TABLE), "Left out: the defaults below.");
    static final Key<Duration> CONNECT_TIMEOUT = Key.defaulted(
            "connect_timeout",
            Types.duration(MILLISECOND, HOUR),
            Duration.ofSeconds(1),
            "To establish a connection, TLS and the preface of HTTP/2 included.");
    static final Key<Duration> RESPONSE_TIMEOUT = Key.defaulted(
            "response_timeout",
            Types.duration(MILLISECOND, Duration.ofHours(24)),
            Duration.ofSeconds(30),
            "From the end of the request to the response's header section.");
    static final Key<Integer> IDLE_CONNECTIONS = Key.defaulted(
            "idle_connections",
            Types.integer(0, 100_000),
            64,
            "The most unused connections kept per target and event loop.");
    static final Key<List<String>> UPGRADES = Key.defaulted(
            "upgrades",
            Types.list(
                    Types.parsed(
                            "a protocol such as \"websocket\"",
                            (text, decoding) -> HttpSyntax.upgrade(text),
                            text -> "\"" + text + "\""),
                    "an array of protocols such as [\"websocket\"]",
                    false),
            List.of(),
            "What clients may switch to by `Upgrade`, see [tunnels](tunnels.md); empty: nothing. The targets are then"
                    + " spoken to in HTTP/1.1.");
    static final Key<Duration> TUNNEL_IDLE_TIMEOUT = Key.defaulted(
            "tunnel_idle_timeout",
            Types.duration(MILLISECOND, Duration.ofHours(24)),
            TunnelConfig.DEFAULT_IDLE_TIMEOUT,
            "How long a tunnel may be silent in both directions.");
    static final Key<String> STICKY_COOKIE = Key.required(
            "cookie",
            checked("the name of a cookie", HttpSyntax::fieldName),
            "The name of the cookie that leads a client back.");
    static final Key<Duration> STICKY_MAX_AGE = Key.optional(
            "max_age",
            Types.duration(Duration.ofSeconds(1), Duration.ofDays(365)),
            "How long the client keeps it; left out, until it is closed.");
    static final Key<String> STICKY_SECRET = Key.optional(
            "secret",
            new Secret("a secret of at least 16 characters"),
            "What values are made with: the same in every process that is to understand them. Left out, each process has its own, "
                    + "and clients are led anew after a restart.");
    static final Schema UPSTREAM_STICKY_TABLE = new Schema(
            "[upstream.sticky]",
            "Leads a client back to the target that answered it before.",
            "",
            List.of(STICKY_COOKIE, STICKY_MAX_AGE, STICKY_SECRET));
    static final Key<Section> UPSTREAM_STICKY = Key.optional(
            "sticky", Types.table(UPSTREAM_STICKY_TABLE), "Left out: every request is a choice of its own.");
    static final Schema UPSTREAM_TABLE = new Schema(
            "[[upstream]]",
            "A group of servers that answer the same requests.",
            """
            [[upstream]]
            name = "app"
            targets = ["http://127.0.0.1:3000", { url = "http://127.0.0.1:3001", weight = 2 }]
            balance = "least_requests"
            health = { path = "/healthz", interval = "2s" }
            retry = { attempts = 2, statuses = [503] }
            """,
            List.of(
                    UPSTREAM_NAME,
                    TARGETS,
                    UPSTREAM_HOST,
                    BALANCE,
                    UPSTREAM_STICKY,
                    CONNECT_TIMEOUT,
                    RESPONSE_TIMEOUT,
                    UPSTREAM_IDLE_TIMEOUT,
                    REQUEST_TIMEOUT,
                    IDLE_CONNECTIONS,
                    SLOW_START,
                    UPSTREAM_LIMITS,
                    RETRY_KEY,
                    EJECTION_KEY,
                    HEALTH,
                    UPSTREAM_PROTOCOL,
                    UPSTREAM_TLS,
                    UPSTREAM_HTTP2,
                    UPGRADES,
                    TUNNEL_IDLE_TIMEOUT));

    // [[split]]
    static final Key<Sited<String>> SHARE_UPSTREAM =
            Key.required("name", Types.sited(Types.name("the name of an upstream")), "The upstream.");
    static final Key<Integer> SHARE_WEIGHT = Key.defaulted(
            "weight",
            Types.integer(0, SplitConfig.MAX_WEIGHT),
            1,
            "Its part of the requests, against the weights of the others; 0 takes nobody, not even clients with a cookie.");
    static final Schema SHARE_TABLE =
            new Schema("[[split.upstreams]]", "An upstream and its part.", "", List.of(SHARE_UPSTREAM, SHARE_WEIGHT));
    static final Key<Sited<String>> SPLIT_NAME = Key.required(
            "name", Types.sited(Types.name("the name of the split")), "Unique among splits and upstreams.");
    static final Key<List<Section>> SHARES =
            Key.required("upstreams", Types.tables(SHARE_TABLE), "At least one with a weight.");
    static final Key<BalancePolicy.HashSource> SPLIT_BY = Key.optional(
            "by",
            Types.parsed(BalanceSyntax.SOURCE, (text, decoding) -> BalanceSyntax.source(text), BalanceSyntax::written),
            "What decides: the same value leads to the same upstream. Left out, or where a request has none, chance does.");
    static final Schema SPLIT_STICKY_TABLE = new Schema(
            "[split.sticky]",
            "Leads a client back to the upstream that it was given before.",
            "",
            List.of(STICKY_COOKIE, STICKY_MAX_AGE, STICKY_SECRET));
    static final Key<Section> SPLIT_STICKY =
            Key.optional("sticky", Types.table(SPLIT_STICKY_TABLE), "Left out: nothing is remembered.");
    static final Schema SPLIT_TABLE = new Schema(
            "[[split]]",
            "Several upstreams that share the requests of a route, as for a canary release: a route names it as its `upstream`.",
            """
            [[split]]
            name = "shop"
            upstreams = [{ name = "stable", weight = 95 }, { name = "canary", weight = 5 }]
            sticky = { cookie = "shop_release", max_age = "24h" }

            [[route]]
            name = "shop"
            upstream = "shop"
            """,
            List.of(SPLIT_NAME, SHARES, SPLIT_BY, SPLIT_STICKY));

    // [[function]] and [defaults.function]
    static final Key<Duration> TIMEOUT = Key.defaulted(
            "timeout",
            Types.duration(MILLISECOND, HOUR),
            FUNCTION.timeout(),
            "The longest an execution may run by the clock.");
    static final Key<Long> FUEL = Key.defaulted(
            "fuel",
            Types.count(1, Long.MAX_VALUE),
            FUNCTION.fuel(),
            "The most fuel an execution may use; one unit is about one simple instruction, see [fuel](fuel.md).");
    static final Key<Long> MEMORY = Key.defaulted(
            "memory",
            Types.size(FunctionLimits.PAGE_BYTES, FunctionLimits.MAX_MEMORY_BYTES),
            FUNCTION.memoryBytes(),
            "The most linear memory an instance may have, rounded down to whole 64 KiB pages.");
    static final Key<Long> MAX_OUTPUT = Key.defaulted(
            "max_output",
            Types.size(1, 1 << 30),
            (long) FUNCTION.maxOutputBytes(),
            "The most an execution may write to stdout.");
    static final Key<Long> MAX_BODY = Key.defaulted(
            "max_body",
            Types.size(0, 1 << 30),
            (long) FUNCTION.maxBodyBytes(),
            "The largest request body that is handed to the function.");
    static final Key<Integer> CONCURRENCY = Key.defaulted(
            "concurrency", Types.integer(1, 100_000), FUNCTION.concurrency(), "The most executions at once.");
    static final Key<Integer> QUEUE = Key.defaulted(
            "queue",
            Types.integer(0, 1_000_000),
            FUNCTION.queue(),
            "The most executions that wait for a worker, beyond those running.");
    static final Key<Duration> IDLE = Key.defaulted(
            "idle",
            Types.duration(MILLISECOND, Duration.ofDays(1)),
            InstancePolicy.defaults().idle(),
            "How long an instance is kept for the next request. A function without instances is bytes only.");
    static final Key<Integer> WARM = Key.defaulted(
            "warm",
            Types.integer(0, 1_000),
            InstancePolicy.defaults().warm(),
            "So many instances are made before the listeners open, and kept however long they are idle.");
    private static final List<Key<?>> FUNCTION_LIMITS =
            List.of(TIMEOUT, FUEL, MEMORY, MAX_OUTPUT, MAX_BODY, CONCURRENCY, QUEUE, IDLE);
    static final Key<Sited<String>> FUNCTION_NAME =
            Key.required("name", Types.sited(Types.name("the name of the function")), "Unique among functions.");
    static final Key<Sited<Path>> MODULE = Key.required(
            "module",
            Types.sited(Types.path("the path of a WebAssembly module")),
            "The WebAssembly binary, at most 256 MiB.");
    static final Key<Map<String, String>> ENV = Key.defaulted(
            "env",
            Types.strings("a table of strings", ConfigSchema::variableName, ConfigSchema::variableValue),
            Map.of(),
            "The only environment variables the function sees.");
    static final Schema FUNCTION_TABLE = new Schema(
            "[[function]]",
            "A WebAssembly module that answers requests, and what it may use.",
            """
            [[function]]
            name = "greet"
            module = "functions/greet.wasm"
            timeout = "50ms"
            memory = "64MiB"
            env = { GREETING = "hello", TOKEN = "${file:/run/secrets/token}" }
            """,
            List.of(
                    FUNCTION_NAME,
                    MODULE,
                    TIMEOUT,
                    FUEL,
                    MEMORY,
                    MAX_OUTPUT,
                    MAX_BODY,
                    CONCURRENCY,
                    QUEUE,
                    IDLE,
                    WARM,
                    ENV));
    static final Schema FUNCTION_DEFAULTS_TABLE = new Schema(
            "[defaults.function]", "Limits for every function that does not name its own.", "", FUNCTION_LIMITS);
    static final Key<Section> FUNCTION_DEFAULTS = Key.optional(
            "function", Types.table(FUNCTION_DEFAULTS_TABLE), "Limits for functions that do not name their own.");
    static final Schema DEFAULTS_TABLE =
            new Schema("[defaults]", "What tables get that leave a key out.", "", List.of(FUNCTION_DEFAULTS));

    // [[middleware]]
    static final Key<Sited<String>> MIDDLEWARE_NAME = Key.required(
            "name", Types.sited(Types.name("the name of the middleware")), "Unique among middleware and functions.");
    static final Key<Sited<String>> MIDDLEWARE_FUNCTION =
            Key.optional("function", Types.sited(Types.name("the name of a function")), "Calls this function.");
    static final Key<List<MiddlewareKind.Phase>> MIDDLEWARE_PHASES = Key.defaulted(
            "phases",
            Types.list(
                    choice(List.of(MiddlewareKind.Phase.values()), Types::lower),
                    "an array of \"request\" and \"response\"",
                    false),
            List.of(MiddlewareKind.Phase.REQUEST),
            "When the function is called: for requests on their way in, for responses on their way out, or for both.");
    static final Key<Boolean> MIDDLEWARE_BODY = Key.defaulted(
            "body",
            choice(List.of(false, true), buffered -> buffered ? "buffer" : "none"),
            false,
            "`buffer`: the function gets bodies whole, up to its `max_body`, and may replace them. `none`: they stream past it.");
    static final Key<List<String>> MIDDLEWARE_OWNS = Key.defaulted(
            "owns",
            Types.list(
                    checked("the name of a header field", HttpSyntax::ownableFieldName),
                    "an array of header fields",
                    false),
            List.of(),
            "Request fields that only this middleware sets: removed from what clients send, on every route that names it.");

    /** Those of functions alone. */
    static final List<Key<?>> MIDDLEWARE_OF_FUNCTIONS = List.of(MIDDLEWARE_PHASES, MIDDLEWARE_BODY, MIDDLEWARE_OWNS);

    static final List<Key<?>> MIDDLEWARE_KINDS = concat(List.of(MIDDLEWARE_FUNCTION), MiddlewareSyntax.keys());
    static final Schema MIDDLEWARE_TABLE = new Schema(
            "[[middleware]]",
            "What stands in the way of the routes that name it, see [middleware](middleware.md): exactly one of `"
                    + MIDDLEWARE_KINDS.stream().<String>map(Key::name).collect(Collectors.joining("`, `")) + "`.",
            """
            [[middleware]]
            name = "auth"
            function = "check-token"
            owns = ["X-User"]

            [[middleware]]
            name = "stamp"
            function = "rewrite-page"
            phases = ["response"]
            body = "buffer"

            [[middleware]]
            name = "office"
            addresses.allow = ["10.0.0.0/8", "2001:db8::/32"]

            [[middleware]]
            name = "tidy"
            [middleware.headers]
            request.set = { X-Client = "{client}", X-Shop = "{param.shop}" }
            response.remove = ["Server"]

            [[middleware]]
            name = "per-client"
            rate = { requests = 100, per = "1m", burst = 20 }

            [[middleware]]
            name = "per-key"
            concurrency = { requests = 8, by = "api_key" }

            [[middleware]]
            name = "compress"
            compress = { codings = ["br", "gzip"], min_size = "2KiB" }

            [[middleware]]
            name = "overload"
            shed = { tolerance = 2.0 }
            """,
            concat(
                    concat(List.of(MIDDLEWARE_NAME, MIDDLEWARE_FUNCTION), MIDDLEWARE_OF_FUNCTIONS),
                    MiddlewareSyntax.keys()));

    // [[route]]
    static final Key<List<Sited<String>>> MATCH_LISTENER = Key.defaulted(
            "listener",
            Types.list(
                    Types.sited(Types.name("the name of a listener")),
                    "the name of a listener, or an array of them",
                    true),
            List.of(),
            "A name or an array of names; empty: all listeners.");
    static final Key<String> MATCH_HOST = Key.optional(
            "host",
            checked("a host name, or *. and a host name", HttpSyntax::hostPattern),
            "An exact name, or `*.example.com` for any name below it; case and port do not count.");
    static final Key<String> MATCH_PATH = Key.optional(
            "path",
            checked("a path such as \"/v1/*\"", HttpSyntax::pathPattern),
            "Exact; a prefix when it ends in `/*`; with captures when it has `{name}` segments.");
    static final Key<List<String>> MATCH_METHODS = Key.defaulted(
            "methods",
            Types.list(checked("a method such as \"GET\"", HttpSyntax::method), "an array of methods", false),
            List.of(),
            "Case-sensitive; empty: all methods.");
    static final Key<Map<String, String>> MATCH_HEADERS = Key.defaulted(
            "headers",
            Types.strings("a table of header fields", HttpSyntax::fieldName, HttpSyntax::fieldValue),
            Map.of(),
            "Fields that must be there with exactly this value.");
    static final Key<Map<String, String>> MATCH_QUERY = Key.defaulted(
            "query",
            Types.strings("a table of query parameters", HttpSyntax::parameterName, HttpSyntax::parameterValue),
            Map.of(),
            "Parameters that must be there with exactly this value, after decoding.");
    static final Schema MATCH_TABLE = new Schema(
            "[route.match]",
            "The requests a route takes: those for which every given part matches, see [routing](routing.md).",
            "",
            List.of(MATCH_LISTENER, MATCH_HOST, MATCH_PATH, MATCH_METHODS, MATCH_HEADERS, MATCH_QUERY));

    static final Key<Integer> RESPOND_STATUS =
            Key.defaulted("status", Types.integer(200, 599), 200, "The status code.");
    static final Key<Map<String, String>> RESPOND_HEADERS = Key.defaulted(
            "headers",
            Types.strings("a table of header fields", HttpSyntax::responseFieldName, HttpSyntax::fieldValue),
            Map.of(),
            "Fields of the response, none that frame the message.");
    static final Key<String> RESPOND_BODY =
            Key.defaulted("body", Types.string("a string"), "", "The body, sent as UTF-8.");
    static final Schema RESPOND_TABLE = new Schema(
            "[route.respond]",
            "Answers with fixed content.",
            "",
            List.of(RESPOND_STATUS, RESPOND_HEADERS, RESPOND_BODY));

    static final Key<Integer> REDIRECT_STATUS =
            Key.defaulted("status", redirectStatus(), 302, "One of 301, 302, 303, 307 and 308.");
    static final Key<String> LOCATION = Key.required(
            "location",
            checked("an absolute URI or an absolute path", HttpSyntax::location),
            "An absolute http or https URI, or an absolute path.");
    static final Schema REDIRECT_TABLE =
            new Schema("[route.redirect]", "Sends the client elsewhere.", "", List.of(REDIRECT_STATUS, LOCATION));

    static final Key<Sited<String>> MIRROR_UPSTREAM = Key.required(
            "upstream",
            Types.sited(Types.name("the name of an upstream")),
            "Gets the copies; what it answers is thrown away.");
    static final Key<Double> MIRROR_SHARE = Key.defaulted(
            "share",
            Types.share(),
            MIRROR.share(),
            "The part of the requests that is copied, chosen by chance; not 0.0.");
    static final Key<Long> MIRROR_BODY = Key.defaulted(
            "max_body",
            Types.size(0, 16 << 20),
            (long) MIRROR.maxBodyBytes(),
            "A request with a larger body is not copied.");
    static final Key<Integer> MIRROR_REQUESTS = Key.defaulted(
            "requests",
            Types.integer(1, 100_000),
            MIRROR.requests(),
            "The most copies at once; a further request is not copied.");
    static final Key<Duration> MIRROR_TIMEOUT = Key.defaulted(
            "timeout",
            Types.duration(MILLISECOND, HOUR),
            MIRROR.timeout(),
            "For a copy, from when it is sent to the end of its answer.");
    static final Schema MIRROR_TABLE = new Schema(
            "[route.mirror]",
            "Sends copies of the requests to another upstream, see [traffic](traffic.md).",
            "",
            List.of(MIRROR_UPSTREAM, MIRROR_SHARE, MIRROR_BODY, MIRROR_REQUESTS, MIRROR_TIMEOUT));

    static final Key<Section> ROUTE_MIRROR =
            Key.optional("mirror", Types.table(MIRROR_TABLE), "Left out: nobody else sees the requests.");
    static final Key<Sited<String>> ROUTE_NAME =
            Key.required("name", Types.sited(Types.name("the name of the route")), "Unique among routes.");
    static final Key<Section> MATCH = Key.optional("match", Types.table(MATCH_TABLE), "Left out: every request.");
    static final Key<List<Sited<String>>> ROUTE_MIDDLEWARE = Key.defaulted(
            "middleware",
            Types.list(
                    Types.sited(Types.name("the name of a middleware or a function")),
                    "an array of names of middleware and functions",
                    false),
            List.of(),
            "In the order in which requests pass, responses in the reverse order. A function's own name stands for a middleware "
                    + "that calls it for requests, without their bodies.");
    static final Key<Sited<String>> ROUTE_FUNCTION =
            Key.optional("function", Types.sited(Types.name("the name of a function")), "Runs this function.");
    static final Key<Sited<String>> ROUTE_UPSTREAM = Key.optional(
            "upstream",
            Types.sited(Types.name("the name of an upstream or a split")),
            "Forwards to this upstream or split.");
    static final Key<Section> RESPOND =
            Key.optional("respond", Types.table(RESPOND_TABLE), "Answers with fixed content.");
    static final Key<Section> REDIRECT =
            Key.optional("redirect", Types.table(REDIRECT_TABLE), "Sends the client elsewhere.");
    static final Key<Section> STATIC = Key.optional("static", Types.table(FilesSyntax.TABLE), "Answers with files.");
    static final List<Key<?>> ACTIONS = List.of(ROUTE_FUNCTION, ROUTE_UPSTREAM, STATIC, RESPOND, REDIRECT);
    static final Schema ROUTE_TABLE = new Schema(
            "[[route]]",
            "Requests and what is done with them: exactly one of `function`, `upstream`, `static`, `respond` and `redirect`.",
            """
            [[route]]
            name = "api"
            match = { host = "api.example.com", path = "/v1/*", methods = ["GET", "POST"] }
            middleware = ["auth"]
            function = "greet"

            [[route]]
            name = "assets"
            match = { path = "/assets/*" }
            static = { root = "public", precompressed = ["br", "gzip"] }

            [[route]]
            name = "old"
            match = { path = "/old" }
            redirect = { status = 308, location = "/new" }

            [[route]]
            name = "health"
            match = { path = "/healthz" }
            respond = { status = 200, headers = { Content-Type = "text/plain" }, body = "ok" }
            """,
            List.of(
                    ROUTE_NAME,
                    MATCH,
                    ROUTE_MIDDLEWARE,
                    ROUTE_FUNCTION,
                    ROUTE_UPSTREAM,
                    STATIC,
                    RESPOND,
                    REDIRECT,
                    ROUTE_MIRROR));

    // [admin] and [metrics]
    static final Key<Sited<InetSocketAddress>> ADMIN_ADDRESS = Key.required(
            "address",
            Types.sited(Types.parsed(
                    "a loopback address such as \"127.0.0.1:2019\"",
                    (text, decoding) -> Addresses.loopback(text),
                    InetSocketAddress::toString)),
            "Where to bind; loopback only, until it can ask for a token.");
    static final Schema ADMIN_TABLE =
            new Schema("[admin]", "The operators' listener: health, status, metrics.", "", List.of(ADMIN_ADDRESS));
    static final Key<String> METRICS_PATH = Key.defaulted(
            "path",
            checked("a path such as \"/metrics\"", HttpSyntax::plainPath),
            "/metrics",
            "Where the operators' listener shows the metrics.");
    static final Schema METRICS_TABLE =
            new Schema("[metrics]", "Metrics for Prometheus; needs `[admin]`.", "", List.of(METRICS_PATH));

    // [tenancy] and [[tenant]]
    static final Key<Optional<TenantSource>> TENANCY_FROM = Key.required(
            "from",
            tenantSource(),
            "What of a request tells its tenant: `api_key`, `header:NAME`, `client_address`, or `none`; see [tenants](tenants.md).");
    static final Key<String> TENANCY_KEY_HEADER = Key.defaulted(
            "key_header",
            checked("the name of a header field", HttpSyntax::ownableFieldName),
            "X-Api-Key",
            "The field that API keys come in; taken from every request.");
    static final Key<Integer> TENANCY_TRACKED = Key.defaulted(
            "tracked",
            Types.integer(1, 10_000_000),
            10_000,
            "The most tenants that have no `[[tenant]]` and are told apart at once; further ones share the limits of one.");
    static final Key<Integer> TENANT_CONCURRENCY = Key.defaulted(
            "concurrency",
            Types.integer(1, 1_000_000),
            TENANT.concurrency(),
            "The most executions of a tenant at once, waiting ones included.");
    static final Key<Integer> TENANT_REQUESTS = Key.optional(
            "requests",
            Types.integer(1, 1_000_000_000),
            "The most requests of a tenant in a second, counted where they reach a function. Left out: no limit.");
    static final Key<Long> TENANT_FUEL = Key.optional(
            "fuel",
            Types.count(1, Long.MAX_VALUE),
            "The most [fuel](fuel.md) of a tenant in a second. Left out: no limit.");
    static final Schema TENANCY_TABLE = new Schema(
            "[tenancy]",
            "For whom functions run, so that room is shared fairly, and what each tenant may use that has no limits of its own.",
            """
            [tenancy]
            from = "api_key"
            concurrency = 4
            requests = 10

            [[tenant]]
            name = "acme"
            keys = ["${file:/run/secrets/acme}"]
            concurrency = 64
            fuel = 2_000_000_000
            """,
            List.of(
                    TENANCY_FROM,
                    TENANCY_KEY_HEADER,
                    TENANCY_TRACKED,
                    TENANT_CONCURRENCY,
                    TENANT_REQUESTS,
                    TENANT_FUEL));
    static final Key<Sited<String>> TENANT_NAME =
            Key.required("name", Types.sited(Types.name("the name of the tenant")), "Unique among tenants.");
    static final Key<List<String>> TENANT_KEYS = Key.defaulted(
            "keys",
            Types.list(new Secret("an API key of at least 16 characters"), "an array of API keys", false),
            List.of(),
            "Its API keys; `${file:/run/secrets/name}` keeps them out of the config.");
    static final Schema TENANT_TABLE = new Schema(
            "[[tenant]]",
            "A tenant with limits or keys of its own; a limit left out is that of `[tenancy]`.",
            "",
            List.of(TENANT_NAME, TENANT_KEYS, TENANT_CONCURRENCY, TENANT_REQUESTS, TENANT_FUEL));

    // [debug]
    static final Key<String> DEBUG_SECRET = Key.required(
            "secret",
            new Secret("a secret of at least 16 characters"),
            "Sent in `X-Gojinn-Debug`, it brings back what functions log for that request in `X-Gojinn-Logs`, see "
                    + "[contract](contract.md); `${file:/run/secrets/name}` keeps it out of the config.");
    static final Schema DEBUG_TABLE =
            new Schema("[debug]", "Left out: nobody is shown what functions log.", "", List.of(DEBUG_SECRET));

    // The file
    static final Key<Section> SERVER = Key.optional("server", Types.table(SERVER_TABLE), "");
    static final Key<Section> RELOAD_KEY = Key.optional("reload", Types.table(RELOAD_TABLE), "");
    static final Key<Section> DNS_KEY = Key.optional("dns", Types.table(DNS_TABLE), "");
    static final Key<List<Section>> LISTENERS = Key.required("listener", Types.tables(LISTENER_TABLE), "");
    static final Key<List<Section>> UPSTREAMS = Key.optional("upstream", Types.tables(UPSTREAM_TABLE), "");
    static final Key<List<Section>> SPLITS = Key.optional("split", Types.tables(SPLIT_TABLE), "");
    static final Key<Section> DEFAULTS = Key.optional("defaults", Types.table(DEFAULTS_TABLE), "");
    static final Key<List<Section>> FUNCTIONS = Key.optional("function", Types.tables(FUNCTION_TABLE), "");
    static final Key<List<Section>> MIDDLEWARE = Key.optional("middleware", Types.tables(MIDDLEWARE_TABLE), "");
    static final Key<List<Section>> ROUTES = Key.optional("route", Types.tables(ROUTE_TABLE), "");
    static final Key<Section> ADMIN = Key.optional("admin", Types.table(ADMIN_TABLE), "");
    static final Key<Section> TENANCY = Key.optional("tenancy", Types.table(TENANCY_TABLE), "");
    static final Key<List<Section>> TENANTS = Key.optional("tenant", Types.tables(TENANT_TABLE), "");
    static final Key<Section> DEBUG = Key.optional("debug", Types.table(DEBUG_TABLE), "");
    static final Key<Section> METRICS = Key.optional("metrics", Types.table(METRICS_TABLE), "");
    static final Schema FILE = new Schema(
            "the file",
            "",
            "",
            List.of(
                    SERVER,
                    RELOAD_KEY,
                    DNS_KEY,
                    LISTENERS,
                    UPSTREAMS,
                    SPLITS,
                    DEFAULTS,
                    FUNCTIONS,
                    MIDDLEWARE,
                    ROUTES,
                    TENANCY,
                    TENANTS,
                    ADMIN,
                    METRICS,
                    DEBUG));

    private ConfigSchema() {}

    private static List<Key<?>> concat(List<Key<?>> first, List<Key<?>> second) {
        List<Key<?>> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    private static ValueType<Optional<TenantSource>> tenantSource() {
        String expected = "\"api_key\", \"header:NAME\", \"client_address\" or \"none\"";
        return Types.parsed(
                expected,
                (text, decoding) -> {
                    if (text.startsWith("header:")) {
                        String name = text.substring("header:".length());
                        HttpSyntax.ownableFieldName(name);
                        return Optional.of(new TenantSource.Header(name));
                    }
                    return switch (text) {
                        case "api_key" -> Optional.of(new TenantSource.ApiKey(""));
                        case "client_address" -> Optional.of(new TenantSource.ClientAddress());
                        case "none" -> Optional.empty();
                        default -> throw new Refused(expected);
                    };
                },
                source -> "\"" + source + "\"");
    }

    private static ValueType<Target> target() {
        return Types.parsed(
                "a URL http://host:port or https://host:port, or unix:/path/to.sock", Addresses::target, Target::label);
    }

    private static String written(HostPolicy policy) {
        return '"'
                + switch (policy) {
                    case HostPolicy.OfClient() -> "client";
                    case HostPolicy.OfTarget() -> "target";
                    case HostPolicy.Fixed(String authority) -> authority;
                }
                + '"';
    }

    private static ValueType<BalancePolicy> balance() {
        return Types.parsed(
                BalanceSyntax.EXPECTED, (text, decoding) -> BalanceSyntax.parse(text), BalanceSyntax::written);
    }

    private static ValueType<StatusRange> statuses() {
        String expected = "a status such as \"204\", or two such as \"200-299\"";
        return Types.parsed(
                expected,
                (text, decoding) -> {
                    Matcher matcher = STATUSES.matcher(text);
                    if (!matcher.matches()) {
                        throw new Refused(expected);
                    }
                    int first = Integer.parseInt(matcher.group(1));
                    int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
                    if (last < first) {
                        throw new Refused(expected + ", the lower one first");
                    }
                    return new StatusRange(first, last);
                },
                range -> '"'
                        + (range.first() == range.last() ? "" + range.first() : range.first() + "-" + range.last())
                        + '"');
    }

    private static ValueType<Integer> redirectStatus() {
        return new OneOf(List.of(301, 302, 303, 307, 308));
    }

    private static ValueType<ClientField> clientField() {
        return Types.parsed(
                "\"x-forwarded-for\" or \"forwarded\"",
                (text, decoding) -> {
                    for (ClientField field : ClientField.values()) {
                        if (field.field().equalsIgnoreCase(text)) {
                            return field;
                        }
                    }
                    throw new Refused("\"x-forwarded-for\" or \"forwarded\"");
                },
                field -> '"' + field.field() + '"');
    }

    private static ValueType<WireConfig.Protocol> upstreamProtocol() {
        String expected = "\"auto\", \"http/1.1\" or \"h2\"";
        return Types.parsed(
                expected,
                (text, decoding) -> {
                    for (WireConfig.Protocol protocol : WireConfig.Protocol.values()) {
                        if (protocol.id().equals(text)) {
                            return protocol;
                        }
                    }
                    throw new Refused(expected);
                },
                protocol -> '"' + protocol.id() + '"');
    }

    private static ValueType<Protocol> protocol() {
        return Types.parsed(
                "\"h2\" or \"http/1.1\"",
                (text, decoding) -> {
                    for (Protocol protocol : Protocol.values()) {
                        if (protocol.id().equals(text)) {
                            return protocol;
                        }
                    }
                    throw new Refused("\"h2\" or \"http/1.1\"");
                },
                protocol -> '"' + protocol.id() + '"');
    }

    private static void variableName(String name) throws Refused {
        if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
            throw new Refused("the name of an environment variable");
        }
    }

    private static void variableValue(String value) throws Refused {
        if (value.indexOf('\0') >= 0) {
            throw new Refused("text without NUL");
        }
    }
}
