package io.gojinn.proxy.http;

import io.gojinn.proxy.address.Origin;
import io.gojinn.proxy.address.OriginFields;
import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.FailureAnswer;
import io.gojinn.proxy.head.HeadFields;
import io.gojinn.proxy.observe.AccessLog;
import io.gojinn.proxy.observe.TraceContext;
import io.gojinn.proxy.tenant.Tenants;
import io.gojinn.runtime.Tenant;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its answer: the owner of both halves from the header section to the last byte.
 *
 * <p>The same whatever protocol the client speaks: a {@link ClientStream} carries it. Confined to the event loop of its
 * connection. It is answered either whole ({@link #reply}), piece by piece ({@link
 * #begin}, {@link #write}, {@link #finish}) or with a failure ({@link #fail}), whatever comes first, and ends once, in
 * {@link #end}: there the access log is written and the metrics are counted. Every buffer handed to it is released in every
 * outcome, also after the end.
 */
public final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    private static final AsciiString JSON = AsciiString.cached("application/json");
    private static final String GRPC = "application/grpc";
    private static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");
    private static final AsciiString ERROR = AsciiString.cached(FailureAnswer.HEADER);

    private final ConnectionContext connection;
    private final ClientStream stream;
    private final HttpRequest request;
    private final Origin origin;
    private final RequestHead head;
    private final TraceContext trace;
    private final long startNanos;
    private final Route route;
    private final Pins.OfLoop pin;
    private final Map<String, String> params;
    private final String upgrade;
    // Null where the route has no middleware.
    private final @Nullable MiddlewareChain chain;

    // As the action is to see it, which middleware may change.
    private RequestHead target;
    private @Nullable Activity activity;
    private @Nullable Failure failure;
    private @Nullable String upstreamTarget;
    private @Nullable DebugLog debugLog;
    private @Nullable Tenants tenants;
    private @Nullable Tenant keyTenant;
    private @Nullable Tenant countedFor;
    private long fuel = -1;
    private @Nullable Runnable whenEnded;
    private @Nullable BodyPace pace;
    private long collectedBytes;
    private boolean wantsBody;
    private boolean bodyComplete;
    private boolean continueSent;
    private boolean begun;
    private boolean finished;
    private boolean ended;
    private boolean tunnel;
    private boolean outputClosed;
    private int status;
    private long requestBytes;
    private long responseBytes;

    Exchange(
            ConnectionContext connection,
            ClientStream stream,
            HttpRequest request,
            Origin origin,
            RequestHead head,
            Route route,
            Map<String, String> params,
            long startNanos,
            Pins.OfLoop pin) {
        this.connection = connection;
        this.stream = stream;
        this.request = request;
        this.origin = origin;
        this.head = head;
        this.target = head;
        this.route = route;
        this.trace = TraceContext.of(request.headers().get(TRACEPARENT));
        this.params = params;
        this.startNanos = startNanos;
        this.upgrade = !head.upgrade().isEmpty() && route.action().takesUpgrade(head.upgrade()) ? head.upgrade() : "";
        this.chain = route.middleware().isEmpty() ? null : new MiddlewareChain(this, route.middleware());
        this.pin = pin;
        pin.entered();
        route.metrics().began();
    }

    // The request.

    /** The header section; an action that forwards it may change it. */
    public HttpRequest request() {
        return request;
    }

    /** The target in origin form, as it was sent or as middleware has changed it. */
    public String uri() {
        return target.uri();
    }

    /** The path of it. */
    public String path() {
        return target.path();
    }

    /** The query of it without its question mark, empty when there is none. */
    public String query() {
        return target.query();
    }

    /** The Host as it was sent, empty when HTTP/1.0 named none. */
    public String authority() {
        return head.authority();
    }

    /** {@code http} or {@code https}, as the client asked. */
    public String scheme() {
        return origin.scheme();
    }

    /** The address of the client, without port. */
    public String clientAddress() {
        return origin.address();
    }

    /** Writes the fields that tell the next server where the request comes from. */
    public void tellOrigin(HttpHeaders headers) {
        ConnectionSettings settings = connection.settings();
        OriginFields.tell(headers, origin, settings.trust().field(), settings.scheme(), authority());
    }

    /** Path captures by name. */
    public Map<String, String> params() {
        return params;
    }

    /** Who the client has proved to be in its handshake; null when it has not. */
    public @Nullable ClientCertificate clientCertificate() {
        return connection.tls().certificate();
    }

    /** The name of the route. */
    public String route() {
        return route.name();
    }

    /** The place in a trace. */
    public TraceContext trace() {
        return trace;
    }

    /** The length of the body, 0 without one, -1 when it is not known beforehand. */
    public long contentLength() {
        return target.contentLength();
    }

    /** The protocol for which the client wants a tunnel that the route may make, in lower case; empty otherwise. */
    public String upgrade() {
        return upgrade;
    }

    /** Whether the client speaks HTTP/2. */
    public boolean isHttp2() {
        return request.protocolVersion().majorVersion() == 2;
    }

    // As RFC 9112 and 9113 call it; a message that could not be decoded has none.
    private String protocol() {
        if (isHttp2()) {
            return "HTTP/2";
        }
        return request instanceof FullHttpRequest
                ? "-"
                : request.protocolVersion().text();
    }

    /** The event loop this exchange belongs to. */
    public EventLoop loop() {
        return connection.loop();
    }

    /** Where memory for the answer comes from. */
    public ByteBufAllocator allocator() {
        return connection.allocator();
    }

    /** Notes who answered, for the access log. */
    public void upstreamTarget(String target) {
        this.upstreamTarget = target;
    }

    /** Adds what a function used, for the access log. */
    public void fuel(long units) {
        this.fuel = Math.max(0, fuel) + units;
    }

    /** Shows the client what functions log. */
    void showLogs() {
        debugLog = new DebugLog();
    }

    /** What takes the lines that functions log, to show them to the client; null when it must not see them. */
    public @Nullable DebugLog debugLog() {
        return debugLog;
    }

    /** Tells the request's tenant by these. */
    void tenants(Tenants known) {
        tenants = known;
        keyTenant = known.takeKey(request.headers());
    }

    /** For whom the request is, as its fields say now; null when nobody is told apart. */
    public @Nullable Tenant tenant() {
        if (tenants == null || keyTenant != null) {
            return keyTenant;
        }
        return tenants.of(request.headers(), clientAddress());
    }

    /** Counts the exchange among the requests of a tenant; false when it was counted before. */
    public boolean countFor(Tenant tenant) {
        boolean isNew = !tenant.equals(countedFor);
        countedFor = tenant;
        return isNew;
    }

    /** Has this run on the event loop when the exchange ends, whatever comes of it. Asked for once at most. */
    public void whenEnded(Runnable task) {
        if (whenEnded != null || ended) {
            throw new IllegalStateException("somebody waits for the end, or it has come");
        }
        whenEnded = task;
    }

    // What middleware changes.

    void changeMethod(String method) {
        if (!upgrade.isEmpty() && !method.equals(request.method().name())) {
            throw new IllegalArgumentException("the method of a request for an upgrade stays");
        }
        request.setMethod(RequestHead.method(method));
    }

    void changeTarget(String uri) {
        target = target.to(uri);
    }

    void changeContentLength(long bytes) {
        if (target.contentLength() != bytes) {
            target = target.withContentLength(bytes);
            request.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes);
        }
        request.headers().remove(HttpHeaderNames.TRANSFER_ENCODING).remove(HttpHeaderNames.TRAILER);
    }

    /** Whether middleware asks the action for less than the client has asked for. */
    boolean asksForHeadAlone() {
        return !isHead() && request.method().equals(HttpMethod.HEAD);
    }

    // The request body.

    /**
     * Starts or stops the flow of the body. The first start also tells a client that waits for it to go on (RFC 9110,
     * 10.1.1).
     */
    public void wantBody(boolean wanted) {
        assert loop().inEventLoop();
        if (chain != null && chain.holdsRequestBody()) {
            chain.wantRequestBody(wanted);
        } else {
            wantClientBody(wanted);
        }
    }

    void wantClientBody(boolean wanted) {
        if (ended || wantsBody == wanted) {
            return;
        }
        wantsBody = wanted;
        if (wanted) {
            if (head.expectsContinue() && !continueSent && !begun && !bodyComplete) {
                continueSent = true;
                stream.inform(HttpResponseStatus.CONTINUE, newHeaders());
            }
            stream.resume();
        }
        watchPace();
    }

    private void watchPace() {
        BodyPace watched = pace;
        if (!wantsBody || bodyComplete) {
            if (watched != null) {
                watched.stop(System.nanoTime());
            }
        } else if (!begun && !ended && head.contentLength() != 0 && mustHurry()) {
            long nowNanos = System.nanoTime();
            if (watched == null) {
                ConnectionSettings settings = connection.settings();
                watched = new BodyPace(settings.headerTimeoutNanos(), settings.bodyRate());
                pace = watched;
            }
            watched.start(nowNanos);
            stream.watchBody(watched.deadlineNanos());
        }
    }

    // A call of gRPC may be a conversation: its messages come when there is something to say.
    private boolean mustHurry() {
        return connection.settings().bodyRate() > 0
                && !(isHttp2()
                        && route.action().passesCalls()
                        && request.headers()
                                .get(HttpHeaderNames.CONTENT_TYPE, "")
                                .startsWith(GRPC));
    }

    /**
     * When the client is to be refused for sending its body too slowly, unless more of it comes: in terms of {@link
     * System#nanoTime}, 0 while there is no such time. Once an answer has begun there is none.
     */
    long bodyDeadlineNanos() {
        return pace == null || bodyComplete || begun || ended || !pace.isRunning() ? 0 : pace.deadlineNanos();
    }

    /** Refuses a body that is late, or looks again later. */
    void expireBody(long nowNanos) {
        long deadlineNanos = bodyDeadlineNanos();
        if (deadlineNanos == 0) {
            return;
        }
        if (nowNanos - deadlineNanos >= 0) {
            fail(new Failure.Client(ClientFault.BODY_SLOW, requestBytes + " bytes so far"));
        } else {
            stream.watchBody(deadlineNanos);
        }
    }

    /**
     * Counts bytes of the body that are kept until the exchange ends, because they are wanted whole.
     *
     * @return false when the streams of the connection keep too many together; these bytes count all the same
     */
    public boolean collect(int bytes) {
        if (chain != null && chain.hasReadRequest()) {
            // It was kept before, and counted.
            return true;
        }
        return keep(bytes);
    }

    /** Counts bytes that middleware keeps until the exchange ends, as {@link #collect}. */
    boolean keep(int bytes) {
        collectedBytes += bytes;
        return connection.collected().add(bytes, collectedBytes);
    }

    boolean wantsBody() {
        return wantsBody && !bodyComplete && !finished;
    }

    boolean bodyComplete() {
        return bodyComplete;
    }

    /** The whole answer is on its way; what is still to come of the body is of no use. */
    boolean finished() {
        return finished;
    }

    /** Begins what the route does. The stream must be ready to carry an answer. */
    void start() {
        try {
            if (chain == null) {
                openAction();
            } else {
                chain.start();
            }
        } catch (RuntimeException defect) {
            LOG.error("route {} failed to start", route.name(), defect);
            fail(new Failure.Host(defect.toString()));
        }
    }

    /** The request is through its middleware. */
    void openAction() {
        Activity opened = route.action().open(this);
        activity = opened;
        opened.start();
    }

    /** The action has answered whole, even if that is not sent yet. */
    void actionDone() {
        activity = null;
        wantsBody = false;
        watchPace();
    }

    /** What the action goes on to answer is not wanted. */
    void giveUpAction() {
        cancelActivity();
        actionDone();
    }

    void bodyReceived(HttpContent content) {
        int bytes = content.content().readableBytes();
        requestBytes += bytes;
        bodyComplete = content instanceof LastHttpContent;
        if (pace != null) {
            pace.received(bytes, System.nanoTime());
        }
        if (chain != null && !tunnel) {
            if (chain.collectsRequest()) {
                chain.requestBodyReceived(content);
                return;
            }
            if (content instanceof LastHttpContent last) {
                chain.requestEnds(last);
            }
        }
        deliver(content);
        endTunnelIfClosed();
    }

    /** Gives a piece of the body to the action. Owns it. */
    void deliver(HttpContent content) {
        if (activity == null || finished || ended) {
            content.release();
        } else {
            activity.bodyReceived(content);
        }
    }

    /** A piece of the body that no action will see has passed. */
    void bodyDiscarded(HttpContent content) {
        requestBytes += content.content().readableBytes();
        bodyComplete = content instanceof LastHttpContent;
        content.release();
    }

    void writabilityChanged() {
        if (activity != null && !finished && !ended) {
            activity.writabilityChanged();
        }
    }

    // The tunnel.

    /**
     * Agrees to the upgrade. The bytes of the client come as a body that begins anew, those written go to it as they are, and
     * {@link #finish} closes that direction alone: the exchange ends with the second direction, or when it fails.
     *
     * @param headers owned; without fields of a connection
     * @param through takes the place of the activity that was opened before; its caller starts it
     */
    public void openTunnel(HttpHeaders headers, Activity through) {
        assert loop().inEventLoop();
        if (begun || ended || upgrade.isEmpty()) {
            throw new IllegalStateException("no upgrade is waited for");
        }
        begun = true;
        tunnel = true;
        bodyComplete = false;
        wantsBody = false;
        pace = null;
        status = isHttp2() ? HttpResponseStatus.OK.code() : HttpResponseStatus.SWITCHING_PROTOCOLS.code();
        activity = through;
        route.metrics().tunnelOpened();
        stream.openTunnel(this, upgrade, headers);
    }

    boolean isTunnel() {
        return tunnel;
    }

    /** The direction to the client is closed, with all that was written before. */
    void outputClosed() {
        outputClosed = true;
        endTunnelIfClosed();
    }

    private void endTunnelIfClosed() {
        if (tunnel && bodyComplete && outputClosed) {
            end();
        }
    }

    // The response.

    /** Whether more can be written without piling up. */
    public boolean isWritable() {
        return chain != null && !tunnel ? chain.isWritable() : stream.isWritable();
    }

    boolean isStreamWritable() {
        return stream.isWritable();
    }

    /** Passes on an interim answer such as 103, unless the client speaks HTTP/1.0, which has none. */
    public void inform(HttpResponseStatus status, HttpHeaders headers) {
        assert loop().inEventLoop();
        if (!begun && !ended && !request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            stream.inform(status, headers);
        }
    }

    /** A set of fields for an answer; names and values are checked as they are added. */
    public static HttpHeaders newHeaders() {
        return DefaultHttpHeadersFactory.headersFactory().newHeaders();
    }

    /**
     * Answers whole.
     *
     * @param headers without framing fields
     * @param body owned; left out where the method or the status allows none
     */
    public void reply(int status, HttpHeaders headers, ByteBuf body) {
        assert loop().inEventLoop();
        if (begun || ended || (chain != null && chain.answered())) {
            body.release();
            return;
        }
        if (status != 204 && status != 304) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        }
        begin(HttpResponseStatus.valueOf(status), headers);
        finish(last(status, body));
    }

    private LastHttpContent last(int status, ByteBuf body) {
        if (isBodiless(status)) {
            body.release();
            return LastHttpContent.EMPTY_LAST_CONTENT;
        }
        return new DefaultLastHttpContent(body, EmptyHttpHeaders.INSTANCE);
    }

    /**
     * Sends a header section.
     *
     * @param headers owned: fields of this connection are added. Content-Length tells the length of the body where it is
     *     known; how a body of unknown length ends is the connection's
     */
    public void begin(HttpResponseStatus status, HttpHeaders headers) {
        assert loop().inEventLoop();
        if (chain != null) {
            chain.begin(status, headers);
        } else {
            sendHead(status, headers);
        }
    }

    void sendHead(HttpResponseStatus status, HttpHeaders headers) {
        if (begun || ended) {
            return;
        }
        begun = true;
        this.status = status.code();
        if (!headers.contains(HttpHeaderNames.DATE)) {
            HeadFields.setChecked(headers, HttpHeaderNames.DATE, connection.date());
        }
        if (debugLog != null && !debugLog.isEmpty()) {
            headers.set(DebugLog.RESPONSE, debugLog.value());
        }
        stream.begin(this, status, headers, isBodiless(status.code()));
    }

    /** How much of the body of the answer has been passed on to the client. */
    long responseBytes() {
        return responseBytes;
    }

    /** Sends a piece of the body. Owns it. */
    public void write(ByteBuf piece) {
        assert loop().inEventLoop();
        if (chain != null && !tunnel) {
            chain.write(piece);
        } else {
            sendPiece(piece);
        }
    }

    void sendPiece(ByteBuf piece) {
        if (!begun || finished || ended || outputClosed || isBodiless(status)) {
            piece.release();
            return;
        }
        responseBytes += piece.readableBytes();
        stream.write(piece);
    }

    /** Sends what was written. */
    public void flush() {
        if (chain != null && !tunnel) {
            chain.flush();
        } else {
            stream.flush();
        }
    }

    void flushStream() {
        stream.flush();
    }

    /** Sends the last piece, with its trailers where the client can take them. Owns it. The exchange ends when it was sent. */
    public void finish(LastHttpContent last) {
        assert loop().inEventLoop();
        if (chain != null && !tunnel) {
            chain.finish(last);
        } else {
            sendLast(last);
        }
    }

    void sendLast(LastHttpContent last) {
        if (!begun || finished || ended) {
            last.release();
            return;
        }
        // A tunnel may have more to come from the client.
        finished = !tunnel;
        responseBytes += last.content().readableBytes();
        stream.finish(this, last);
    }

    /** Answers with a failure, or cuts the stream off when an answer has begun: a truncated one must not end cleanly. */
    public void fail(Failure failure) {
        assert loop().inEventLoop();
        if (finished || ended) {
            return;
        }
        if (this.failure == null) {
            this.failure = failure;
        }
        cancelActivity();
        if (failure instanceof Failure.Client client) {
            connection.countClientError(client.fault());
        } else if (failure instanceof Failure.Denied denied) {
            connection.countDenial(denied.denial());
        }
        FailureAnswer answer = FailureAnswer.to(failure);
        if (begun) {
            if (chain != null) {
                chain.abandon();
            }
            stream.abort();
            return;
        }
        if (answer.close()) {
            stream.closeAfter();
        }
        HttpHeaders headers = newHeaders();
        headers.set(ERROR, answer.label());
        headers.set(HttpHeaderNames.CONTENT_TYPE, JSON);
        for (Map.Entry<String, String> field : answer.headers()) {
            headers.set(field.getKey(), field.getValue());
        }
        FailureResponse response = new FailureResponse(
                failure, answer, headers, ByteBufUtil.writeUtf8(allocator(), answer.body(trace.traceId())));
        if (chain != null) {
            chain.answering(response);
        }
        ByteBuf body = response.takeBody();
        headers.set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        sendHead(HttpResponseStatus.valueOf(answer.status()), headers);
        sendLast(last(answer.status(), body));
    }

    private boolean isHead() {
        return head.method().equals("HEAD");
    }

    /** Whether no body follows an answer of this status. */
    boolean isBodiless(int status) {
        return isHead() || status == 204 || status == 304;
    }

    // The end.

    /** What is still to come of a body of known length; 0 when that is nothing or unknown. */
    long remainingBytes() {
        return bodyComplete || head.contentLength() <= 0 ? 0 : head.contentLength() - requestBytes;
    }

    /** Whether the next step is the client's. */
    boolean awaitsClient() {
        return wantsBody() && head.contentLength() != 0;
    }

    /** Nothing that follows can be read as part of this request. */
    void discardAll() {
        bodyComplete = true;
    }

    boolean ended() {
        return ended;
    }

    /** Whether the client waits for a 100 that it will not get: it may send the body or not, nobody knows. */
    boolean bodyInDoubt() {
        return head.expectsContinue() && !continueSent && !bodyComplete;
    }

    /** The client is gone. */
    void clientLeft(ClientFault fault) {
        if (failure == null && !ended) {
            failure = new Failure.Client(fault, "");
            connection.countClientError(fault);
        }
        if (!begun) {
            status = 499;
        }
        end();
    }

    /** The stream is reset for what the client did; nothing is answered, the status is for the log alone. */
    void refused(Failure.Client refusal) {
        if (failure == null && !ended) {
            failure = refusal;
            connection.countClientError(refusal.fault());
        }
        if (!begun) {
            status = FailureAnswer.to(refusal).status();
        }
        end();
    }

    /** The proxy gives the exchange up. */
    void stopped() {
        if (failure == null) {
            failure = new Failure.Stopped();
        }
        if (!begun) {
            status = 503;
        }
        end();
    }

    /** The one end of every exchange; calls after the first do nothing. */
    void end() {
        assert loop().inEventLoop();
        if (ended) {
            return;
        }
        ended = true;
        if (!finished) {
            cancelActivity();
        }
        activity = null;
        if (chain != null) {
            chain.ended();
        }
        connection.collected().remove(collectedBytes);
        if (whenEnded != null) {
            whenEnded.run();
        }
        long durationNanos = System.nanoTime() - startNanos;
        if (tunnel) {
            route.metrics().tunnelEnded(status);
        } else {
            route.metrics().ended(status, durationNanos);
        }
        connection
                .peers()
                .log(new AccessLog.Entry(
                        head.method(),
                        head.path(),
                        head.authority(),
                        protocol(),
                        status,
                        requestBytes,
                        responseBytes,
                        durationNanos,
                        route.name(),
                        connection.settings().listener(),
                        clientAddress(),
                        trace,
                        failure,
                        upstreamTarget,
                        fuel,
                        connection.fingerprint()));
        pin.left();
    }

    private void cancelActivity() {
        Activity cancelled = activity;
        activity = null;
        if (cancelled != null) {
            cancelled.cancelled();
        }
    }

    /** An empty body. */
    public static ByteBuf noBody() {
        return Unpooled.EMPTY_BUFFER;
    }
}
