package io.gojinn.proxy.files;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.FileFault;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One exchange that is answered with a file. Confined to its event loop, except for what runs on {@link FileThreads}: one task
 * at a time, which hands its result back. The task that runs owns the file; between tasks this does.
 *
 * <p>A file is read piece by piece, the next one when the client has taken the one before. A file that is cut off or written to
 * while it is sent cuts the answer off, so that nobody takes a mixture for the whole.
 */
final class FileActivity implements Activity {
    private static final Logger LOG = LoggerFactory.getLogger(FileActivity.class);
    // Long against the way to another thread and back, short against the memory that an exchange may hold.
    private static final int PIECE_BYTES = 128 << 10;

    private final Exchange exchange;
    private final FileAction action;
    private final FileThreads threads;
    private boolean entered;
    private boolean busy;
    private boolean over;
    // Between tasks: what is sent, and how much of it was.
    private FileAnswer.@Nullable Content content;
    private long sent;

    FileActivity(Exchange exchange, FileAction action, FileThreads threads) {
        this.exchange = exchange;
        this.action = action;
        this.threads = threads;
    }

    /** What a task hands back. */
    private sealed interface Result {
        /** An answer without content: to HEAD, one whose file is closed. */
        record Answer(FileAnswer answer) implements Result {}

        /**
         * A piece of the content, and with it the file again, unless the piece is the last.
         *
         * @param end where in the content it ends
         */
        record Piece(FileAnswer.Content content, ByteBuf bytes, long end) implements Result {
            boolean isFirst() {
                return end == bytes.readableBytes();
            }

            boolean isLast() {
                return end == content.length();
            }

            void drop() {
                bytes.release();
                if (!isLast()) {
                    close(content.file());
                }
            }
        }

        record Failed(String detail) implements Result {}
    }

    private interface Task {
        Result run() throws IOException;
    }

    @Override
    public void start() {
        HttpMethod method = exchange.request().method();
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            over = true;
            exchange.fail(new Failure.MethodNotAllowed(Set.of("GET", "HEAD")));
            return;
        }
        entered = threads.enter();
        if (!entered) {
            over = true;
            exchange.fail(new Failure.File(FileFault.BUSY, "too many files are open"));
            return;
        }
        FileRequest request = FileRequest.of(exchange);
        run(() -> find(request));
    }

    // On other threads.

    private Result find(FileRequest request) throws IOException {
        FileAnswer answer = action.answer(request);
        if (!(answer instanceof FileAnswer.Content found)) {
            return new Result.Answer(answer);
        }
        if (request.isHead()) {
            found.file().close();
            return new Result.Answer(found);
        }
        return read(found, 0);
    }

    private Result read(FileAnswer.Content from, long position) throws IOException {
        int wanted = (int) Math.min(PIECE_BYTES, from.length() - position);
        long end = position + wanted;
        boolean last = end == from.length();
        ByteBuf bytes = exchange.allocator().directBuffer(Math.max(1, wanted));
        boolean good = false;
        try {
            good = from.file().read(from.first() + position, wanted, bytes)
                    && (!last || from.file().isUnchanged());
        } finally {
            if (!good) {
                bytes.release();
            }
            if (last || !good) {
                from.file().close();
            }
        }
        return good
                ? new Result.Piece(from, bytes, end)
                : new Result.Failed(from.file().path() + " has changed while it was read");
    }

    private static void close(OpenFile file) {
        try {
            file.close();
        } catch (IOException failure) {
            LOG.warn("{} was not closed", file.path(), failure);
        }
    }

    private static Result result(Task task) {
        try {
            return task.run();
        } catch (IOException | RuntimeException failure) {
            LOG.warn("a file cannot be read", failure);
            return new Result.Failed(failure.toString());
        }
    }

    // On the event loop.

    private void run(Task task) {
        busy = true;
        threads.run(() -> {
            Result result = result(task);
            try {
                exchange.loop().execute(() -> done(result));
            } catch (RejectedExecutionException stopped) {
                if (result instanceof Result.Piece piece) {
                    piece.drop();
                }
            }
        });
    }

    private void done(Result result) {
        busy = false;
        if (over) {
            if (result instanceof Result.Piece piece) {
                threads.run(piece::drop);
            }
            leave();
            return;
        }
        switch (result) {
            case Result.Answer(FileAnswer.Missing missing) -> {
                finished();
                exchange.fail(new Failure.File(FileFault.NONE, ""));
            }
            case Result.Answer(FileAnswer.Bodiless(int status, HttpHeaders headers)) -> {
                finished();
                exchange.reply(status, headers, Exchange.noBody());
            }
            case Result.Answer(FileAnswer.Content found) -> {
                finished();
                exchange.begin(HttpResponseStatus.valueOf(found.status()), found.headers());
                exchange.finish(LastHttpContent.EMPTY_LAST_CONTENT);
            }
            case Result.Piece piece -> send(piece);
            case Result.Failed(String detail) -> {
                finished();
                exchange.fail(new Failure.File(FileFault.UNREADABLE, detail));
            }
        }
    }

    private void send(Result.Piece piece) {
        if (piece.isLast()) {
            finished();
        } else {
            content = piece.content();
            sent = piece.end();
        }
        if (piece.isFirst()) {
            exchange.begin(
                    HttpResponseStatus.valueOf(piece.content().status()),
                    piece.content().headers());
        }
        if (piece.isLast()) {
            exchange.finish(new DefaultLastHttpContent(piece.bytes()));
        } else {
            exchange.write(piece.bytes());
            exchange.flush();
            readOn();
        }
    }

    private void readOn() {
        FileAnswer.Content from = content;
        if (!busy && !over && from != null && exchange.isWritable()) {
            content = null;
            long position = sent;
            run(() -> read(from, position));
        }
    }

    private void finished() {
        over = true;
        leave();
    }

    private void leave() {
        if (entered) {
            entered = false;
            threads.leave();
        }
    }

    @Override
    public void bodyReceived(HttpContent piece) {
        piece.release();
    }

    @Override
    public void writabilityChanged() {
        readOn();
    }

    @Override
    public void cancelled() {
        over = true;
        FileAnswer.Content from = content;
        content = null;
        if (from != null) {
            threads.run(() -> close(from.file()));
        }
        if (!busy) {
            leave();
        }
    }
}
