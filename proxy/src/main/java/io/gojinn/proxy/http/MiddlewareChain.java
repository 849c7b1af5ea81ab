package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one exchange through the middleware of its route. Confined to the exchange's event loop.
 *
 * <p>It stands between the exchange and its action, and has two halves that know little of each other. The request half
 * opens passages one by one, collects the body when one of them asks for it, and holds it for those that follow and the
 * action. The response half takes what the action answers and passes the header section back through the passages that were
 * opened; what comes of the body meanwhile waits here, while the action is told that it cannot be written on: so that is one
 * read. Then the body goes to the client as it comes, through the transforms that the passages have left.
 */
final class MiddlewareChain {
    private static final Logger LOG = LoggerFactory.getLogger(MiddlewareChain.class);

    private enum Response {
        /** There is none yet. */
        NONE,
        /** It is on its way through the passages. */
        HELD,
        /** Its header section was sent. */
        SENDING
    }

    private final Exchange exchange;
    private final RouteMiddleware middleware;
    private final Passage[] passages;
    private int opened;
    private boolean over;

    // The request.
    private boolean stepping;
    private boolean stepAgain;
    private @Nullable CollectedBody requestBody;
    private @Nullable Consumer<CollectedBody> requestReader;
    private int requestLimit;
    private boolean requestRead;
    private boolean wanted;
    private boolean replaying;

    // The response.
    private Response response = Response.NONE;
    private HttpResponseStatus status = HttpResponseStatus.OK;
    private HttpHeaders headers = EmptyHttpHeaders.INSTANCE;
    private int nextBack;
    private boolean steppingBack;
    private boolean stepBackAgain;
    private boolean beginning;
    private boolean actionDone;
    private final ArrayDeque<ByteBuf> held = new ArrayDeque<>(0);
    private @Nullable LastHttpContent heldLast;
    private @Nullable CollectedBody responseBody;
    private @Nullable Consumer<CollectedBody> responseReader;
    private int responseLimit;
    private List<BodyTransform> transforms = List.of();
    private @Nullable BodyPipeline pipeline;

    MiddlewareChain(Exchange exchange, RouteMiddleware middleware) {
        this.exchange = exchange;
        this.middleware = middleware;
        this.passages = new Passage[middleware.size()];
    }

    Exchange exchange() {
        return exchange;
    }

    // The request.

    void start() {
        middleware.prepare(exchange.request().headers());
        nextRequest();
    }

    /** Goes on with the next passage, or the action. A loop where phases end at once, so that a long list needs no stack. */
    void nextRequest() {
        if (requestReader != null) {
            failed(new IllegalStateException("the body that was asked for is not whole"));
            return;
        }
        stepAgain = true;
        if (stepping) {
            return;
        }
        stepping = true;
        try {
            while (stepAgain && !over) {
                stepAgain = false;
                if (opened == passages.length) {
                    exchange.openAction();
                } else {
                    Passage passage = middleware.open(opened, exchange);
                    passages[opened++] = passage;
                    passage.request(new RequestPhase(this));
                }
            }
        } catch (RuntimeException defect) {
            failed(defect);
        } finally {
            stepping = false;
        }
    }

    void readRequestBody(int maxBytes, Consumer<CollectedBody> whole) {
        if (over) {
            return;
        }
        CollectedBody before = requestBody;
        long known = before == null ? exchange.contentLength() : before.bytes();
        if (known > maxBytes) {
            requestTooLarge(maxBytes);
        } else if (before != null) {
            whole.accept(before);
        } else {
            requestBody = new CollectedBody();
            requestReader = whole;
            requestLimit = maxBytes;
            exchange.wantClientBody(true);
        }
    }

    private void requestTooLarge(int maxBytes) {
        exchange.fail(new Failure.Client(ClientFault.BODY_LIMIT, "more than " + maxBytes + " bytes"));
    }

    private void tooMuchKept() {
        exchange.fail(new Failure.Client(ClientFault.COLLECTED_LIMIT, "with the other streams"));
    }

    /** Whether the body of the request was read here, before the action gets it. */
    boolean hasReadRequest() {
        return requestRead;
    }

    /** Whether what comes of the body is to come here. */
    boolean collectsRequest() {
        return requestReader != null;
    }

    /** A piece of the body that is collected. Owns it. */
    void requestBodyReceived(HttpContent content) {
        CollectedBody body = requestBody;
        Consumer<CollectedBody> reader = requestReader;
        if (body == null || reader == null) {
            content.release();
            return;
        }
        boolean last = content instanceof LastHttpContent;
        if (content instanceof LastHttpContent end) {
            middleware.removeOwned(end.trailingHeaders());
        }
        int bytes = content.content().readableBytes();
        body.add(content, exchange.allocator());
        if (body.bytes() > requestLimit) {
            requestTooLarge(requestLimit);
        } else if (!exchange.keep(bytes)) {
            tooMuchKept();
        } else if (last) {
            requestReader = null;
            requestRead = true;
            accept(reader, body);
        }
    }

    /** The end of a body that is not collected has come. */
    void requestEnds(LastHttpContent last) {
        middleware.removeOwned(last.trailingHeaders());
    }

    void replaceRequestBody(ByteBuf body) {
        if (over || requestReader != null) {
            body.release();
            return;
        }
        if (requestBody != null) {
            requestBody.release();
        }
        CollectedBody replacement = new CollectedBody();
        replacement.add(body, exchange.allocator());
        requestBody = replacement;
        exchange.changeContentLength(replacement.bytes());
    }

    /** Whether the body is here, and the action is to get it from here. */
    boolean holdsRequestBody() {
        return requestBody != null && requestReader == null;
    }

    /** The action wants the body that is here, or none of it for now. */
    void wantRequestBody(boolean wantedNow) {
        wanted = wantedNow;
        if (replaying) {
            return;
        }
        replaying = true;
        try {
            CollectedBody body;
            while (wanted && !over && (body = requestBody) != null) {
                HttpContent next = body.next();
                if (next instanceof LastHttpContent) {
                    requestBody = null;
                }
                exchange.deliver(next);
            }
        } finally {
            replaying = false;
        }
    }

    // The response, as the action gives it.

    /** The middleware whose request phase this is answers. Owns headers and body. */
    void reply(int code, HttpHeaders fields, ByteBuf body) {
        if (over || response != Response.NONE) {
            body.release();
            return;
        }
        requestReader = null;
        releaseRequest();
        if (code != 204 && code != 304) {
            fields.set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        }
        respond(opened - 2, HttpResponseStatus.valueOf(code), fields);
        finish(new DefaultLastHttpContent(body));
    }

    void begin(HttpResponseStatus begun, HttpHeaders fields) {
        respond(opened - 1, begun, fields);
    }

    private void respond(int from, HttpResponseStatus begun, HttpHeaders fields) {
        if (over || response != Response.NONE) {
            return;
        }
        response = Response.HELD;
        status = begun;
        headers = fields;
        nextBack = from;
        beginning = true;
        nextResponse();
        beginning = false;
    }

    /** Whether an answer has begun, as far as the action is concerned. */
    boolean answered() {
        return response != Response.NONE;
    }

    /** A piece of the body. Owns it. */
    void write(ByteBuf piece) {
        if (over || actionDone || response == Response.NONE) {
            piece.release();
        } else if (response == Response.SENDING) {
            send(piece);
        } else if (responseReader != null) {
            collect(piece);
        } else {
            held.add(piece);
        }
    }

    void flush() {
        if (over || response != Response.SENDING) {
            return;
        }
        BodyPipeline through = pipeline;
        if (through != null) {
            guarded(through::flush);
        }
        exchange.flushStream();
    }

    /** The end of the body. Owns it. */
    void finish(LastHttpContent last) {
        if (over || actionDone || response == Response.NONE) {
            last.release();
            return;
        }
        actionDone = true;
        exchange.actionDone();
        if (response == Response.SENDING) {
            sendLast(last);
        } else if (responseReader != null) {
            collectLast(last);
        } else {
            heldLast = last;
        }
    }

    boolean isWritable() {
        return switch (response) {
            case NONE, SENDING -> exchange.isStreamWritable();
            case HELD -> responseReader != null;
        };
    }

    // The response, as the passages see it.

    int status() {
        return status.code();
    }

    void status(int code) {
        if (code < 200 || code > 599) {
            throw new IllegalArgumentException("status is " + code + ", expected 200 to 599");
        }
        status = HttpResponseStatus.valueOf(code);
    }

    HttpHeaders headers() {
        return headers;
    }

    boolean isBodiless() {
        return exchange.isBodiless(status.code());
    }

    void transform(BodyTransform transform) {
        if (over || isBodiless()) {
            transform.close();
            return;
        }
        if (transforms.isEmpty()) {
            transforms = new ArrayList<>(2);
        }
        transforms.add(transform);
        headers.remove(HttpHeaderNames.CONTENT_LENGTH);
    }

    /** Goes on with the passage before, or to the client. */
    void nextResponse() {
        if (responseReader != null) {
            failed(new IllegalStateException("the body that was asked for is not whole"));
            return;
        }
        stepBackAgain = true;
        if (steppingBack) {
            return;
        }
        steppingBack = true;
        try {
            while (stepBackAgain && !over) {
                stepBackAgain = false;
                if (nextBack < 0) {
                    send();
                } else {
                    passages[nextBack--].response(new ResponsePhase(this));
                }
            }
        } catch (RuntimeException defect) {
            failed(defect);
        } finally {
            steppingBack = false;
        }
    }

    void readResponseBody(int maxBytes, Consumer<CollectedBody> whole) {
        if (over) {
            return;
        }
        CollectedBody before = responseBody;
        if (isBodiless()) {
            whole.accept(new CollectedBody());
        } else if (before != null && before.bytes() > maxBytes) {
            responseTooLarge(maxBytes);
        } else if (before != null) {
            whole.accept(before);
        } else {
            responseBody = new CollectedBody();
            responseReader = whole;
            responseLimit = maxBytes;
            pipeline = newPipeline(this::collected);
            drain();
        }
    }

    private @Nullable BodyPipeline newPipeline(Consumer<ByteBuf> sink) {
        if (transforms.isEmpty()) {
            return null;
        }
        BodyPipeline made = new BodyPipeline(transforms, sink);
        transforms = List.of();
        return made;
    }

    private void collect(ByteBuf piece) {
        BodyPipeline through = pipeline;
        if (through == null) {
            collected(piece);
        } else {
            guarded(() -> through.piece(piece));
        }
    }

    private void collected(ByteBuf piece) {
        CollectedBody body = responseBody;
        if (over || body == null) {
            piece.release();
            return;
        }
        int bytes = piece.readableBytes();
        body.add(piece, exchange.allocator());
        if (body.bytes() > responseLimit) {
            responseTooLarge(responseLimit);
        } else if (!exchange.keep(bytes)) {
            tooMuchKept();
        }
    }

    private void responseTooLarge(int maxBytes) {
        exchange.fail(new Failure.ResponseLimit(maxBytes));
    }

    private void collectLast(LastHttpContent last) {
        collect(last.content());
        BodyPipeline through = pipeline;
        if (through != null) {
            guarded(through::end);
            pipeline = null;
            through.close();
        }
        CollectedBody body = responseBody;
        Consumer<CollectedBody> reader = responseReader;
        if (over || body == null || reader == null) {
            return;
        }
        body.trailers(last.trailingHeaders());
        responseReader = null;
        accept(reader, body);
    }

    void replaceResponseBody(ByteBuf body) {
        if (over) {
            body.release();
            return;
        }
        releaseResponse();
        if (!actionDone) {
            actionDone = true;
            exchange.giveUpAction();
        }
        headers.remove(HttpHeaderNames.TRAILER);
        headers.set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        heldLast = new DefaultLastHttpContent(body);
    }

    // To the client.

    private void send() {
        CollectedBody body = responseBody;
        if (body != null && transforms.isEmpty() && !body.hasTrailers() && !isBodiless()) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, body.bytes());
        }
        // The length of what a middleware made of the answer to another method or with another status is not known.
        if (status.code() == 204 || exchange.asksForHeadAlone()) {
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
        }
        response = Response.SENDING;
        pipeline = newPipeline(exchange::sendPiece);
        exchange.sendHead(status, headers);
        drain();
    }

    /** Lets what was held go on; then the action can. */
    private void drain() {
        ByteBuf piece;
        while (!over && (piece = held.poll()) != null) {
            if (response == Response.SENDING) {
                send(piece);
            } else {
                collect(piece);
            }
        }
        if (over) {
            return;
        }
        LastHttpContent last = heldLast;
        heldLast = null;
        if (response == Response.SENDING && responseBody != null) {
            sendCollected();
        } else if (last != null && response == Response.SENDING) {
            sendLast(last);
        } else if (last != null) {
            collectLast(last);
        } else if (!beginning) {
            if (response == Response.SENDING) {
                exchange.flushStream();
            }
            exchange.writabilityChanged();
        }
    }

    private void sendCollected() {
        CollectedBody body = responseBody;
        responseBody = null;
        while (body != null && !over) {
            HttpContent next = body.next();
            if (next instanceof LastHttpContent last) {
                sendLast(last);
                return;
            }
            send(next.content());
        }
        if (body != null) {
            body.release();
        }
    }

    private void send(ByteBuf piece) {
        BodyPipeline through = pipeline;
        if (through == null) {
            exchange.sendPiece(piece);
        } else {
            guarded(() -> through.piece(piece));
        }
    }

    private void sendLast(LastHttpContent last) {
        BodyPipeline through = pipeline;
        if (through != null) {
            pipeline = null;
            guarded(() -> {
                through.piece(last.content());
                through.end();
            });
            through.close();
            if (!over) {
                exchange.sendLast(CollectedBody.last(last.trailingHeaders()));
            }
        } else if (isBodiless()) {
            last.release();
            exchange.sendLast(LastHttpContent.EMPTY_LAST_CONTENT);
        } else {
            exchange.sendLast(last);
        }
    }

    // Failure and the end.

    private void accept(Consumer<CollectedBody> reader, CollectedBody body) {
        guarded(() -> reader.accept(body));
    }

    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException defect) {
            failed(defect);
        }
    }

    private void failed(RuntimeException defect) {
        LOG.error("middleware of the route {} failed", exchange.route(), defect);
        exchange.fail(new Failure.Host(defect.toString()));
    }

    /** The proxy answers itself: the passages see it, and nothing else goes on. */
    void answering(FailureResponse answer) {
        abandon();
        for (int i = opened - 1; i >= 0; i--) {
            Passage passage = passages[i];
            try {
                passage.failed(answer);
            } catch (RuntimeException defect) {
                LOG.error("middleware of the route {} failed", exchange.route(), defect);
            }
        }
    }

    /** Nothing goes on, and nothing is held. */
    void abandon() {
        over = true;
        requestReader = null;
        releaseRequest();
        releaseResponse();
    }

    /** The exchange has ended. Called once. */
    void ended() {
        abandon();
        for (int i = opened - 1; i >= 0; i--) {
            Passage passage = passages[i];
            try {
                passage.ended();
            } catch (RuntimeException defect) {
                LOG.error("middleware of the route {} failed", exchange.route(), defect);
            }
        }
    }

    private void releaseRequest() {
        if (requestBody != null) {
            requestBody.release();
            requestBody = null;
        }
    }

    private void releaseResponse() {
        held.forEach(ByteBuf::release);
        held.clear();
        if (heldLast != null) {
            heldLast.release();
            heldLast = null;
        }
        responseReader = null;
        if (responseBody != null) {
            responseBody.release();
            responseBody = null;
        }
        transforms.forEach(BodyTransform::close);
        transforms = List.of();
        if (pipeline != null) {
            pipeline.close();
            pipeline = null;
        }
    }
}
