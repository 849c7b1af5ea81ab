package io.gojinn.proxy.files;

import io.gojinn.proxy.compress.AcceptedCodings;
import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteMatch;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Answers with files of a folder. Thread-safe. */
public final class FileAction implements Action {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    private static final AsciiString CONTENT_TYPE_OPTIONS = AsciiString.cached("x-content-type-options");
    private static final AsciiString NO_SNIFF = AsciiString.cached("nosniff");

    private final RouteAction.Files config;
    private final Folder folder;
    private final int skippedSegments;
    private final FileThreads threads;

    /**
     * Answers with files.
     *
     * @param match of the route: what stands for the {@code *} of its path leads to the file, without one the whole path
     */
    public FileAction(RouteAction.Files config, RouteMatch match, FileThreads threads) {
        this.config = config;
        this.folder = new Folder(config.root(), config.followsLinks());
        this.skippedSegments = match.path()
                .filter(path -> path.endsWith("/*"))
                .map(path -> (int) path.chars().filter(c -> c == '/').count() - 1)
                .orElse(0);
        this.threads = threads;
    }

    @Override
    public Activity open(Exchange exchange) {
        return new FileActivity(exchange, this, threads);
    }

    /** The file that a request asks for, and how it is answered. Blocks. */
    FileAnswer answer(FileRequest request) throws IOException {
        List<String> names = FileNames.of(request.path(), skippedSegments);
        if (names == null) {
            return new FileAnswer.Missing();
        }
        boolean asFolder = request.path().endsWith("/");
        Folder.Found found = folder.find(names);
        if (found instanceof Folder.Found.Directory && !config.index().isEmpty()) {
            names = below(names, config.index());
            found = folder.find(names);
            if (!asFolder && found instanceof Folder.Found.File(OpenFile index)) {
                index.close();
                return toFolder(request);
            }
        } else if (asFolder && found instanceof Folder.Found.File(OpenFile file)) {
            file.close();
            found = new Folder.Found.Nothing();
        }
        if (!(found instanceof Folder.Found.File) && !config.fallback().isEmpty()) {
            names = List.of(config.fallback());
            found = folder.find(names);
        }
        return switch (found) {
            case Folder.Found.File(OpenFile file) -> answer(request, file, names);
            case Folder.Found.Directory directory -> new FileAnswer.Missing();
            case Folder.Found.Nothing nothing -> new FileAnswer.Missing();
        };
    }

    private static List<String> below(List<String> names, String name) {
        List<String> below = new ArrayList<>(names);
        below.add(name);
        return below;
    }

    // So that what a page there refers to is looked for there. Relative: middleware may have changed what is before.
    private static FileAnswer toFolder(FileRequest request) {
        String path = request.path();
        HttpHeaders headers = Exchange.newHeaders();
        headers.set(
                HttpHeaderNames.LOCATION,
                "./" + path.substring(path.lastIndexOf('/') + 1) + '/'
                        + (request.query().isEmpty() ? "" : '?' + request.query()));
        return new FileAnswer.Bodiless(301, headers);
    }

    private FileAnswer answer(FileRequest request, OpenFile file, List<String> names) throws IOException {
        Optional<Encoded> encoded;
        try {
            encoded = encoded(request, file, names);
        } catch (IOException | RuntimeException failure) {
            file.close();
            throw failure;
        }
        if (encoded.isEmpty()) {
            return answer(request, file, names.getLast(), "");
        }
        file.close();
        return answer(
                request,
                encoded.get().file(),
                names.getLast(),
                encoded.get().coding().token());
    }

    private record Encoded(OpenFile file, Coding coding) {}

    private Optional<Encoded> encoded(FileRequest request, OpenFile file, List<String> names) throws IOException {
        for (Coding coding : AcceptedCodings.of(request.acceptEncoding(), config.precompressed())) {
            List<String> beside = new ArrayList<>(names);
            beside.set(beside.size() - 1, names.getLast() + coding.suffix());
            if (folder.find(beside) instanceof Folder.Found.File(OpenFile found)) {
                // One that is older was made of another content.
                if (found.attributes()
                                .lastModifiedTime()
                                .compareTo(file.attributes().lastModifiedTime())
                        >= 0) {
                    return Optional.of(new Encoded(found, coding));
                }
                found.close();
            }
        }
        return Optional.empty();
    }

    /** Answers with a file, which is owned. */
    private FileAnswer answer(FileRequest request, OpenFile file, String name, String coding) throws IOException {
        Validators validators = Validators.of(
                file.attributes().lastModifiedTime().to(TimeUnit.NANOSECONDS),
                file.size(),
                coding,
                System.currentTimeMillis() / 1_000);
        HttpHeaders headers = Exchange.newHeaders();
        headers.set(HttpHeaderNames.ETAG, validators.tag());
        headers.set(HttpHeaderNames.LAST_MODIFIED, DATE.format(Instant.ofEpochSecond(validators.modifiedSeconds())));
        if (!config.precompressed().isEmpty()) {
            headers.set(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING);
        }
        switch (validators.verdict(request.conditions())) {
            case NOT_MODIFIED -> {
                file.close();
                return new FileAnswer.Bodiless(304, headers);
            }
            case FAILED -> {
                file.close();
                return new FileAnswer.Bodiless(412, headers);
            }
            case GO_ON -> {}
        }
        headers.set(HttpHeaderNames.ACCEPT_RANGES, HttpHeaderValues.BYTES);
        ByteRange range = request.isHead() || !validators.allowsRange(request.conditions())
                ? new ByteRange.Whole()
                : ByteRange.of(request.range(), file.size());
        if (range instanceof ByteRange.Unsatisfiable) {
            file.close();
            headers.set(HttpHeaderNames.CONTENT_RANGE, "bytes */" + file.size());
            return new FileAnswer.Bodiless(416, headers);
        }
        headers.set(HttpHeaderNames.CONTENT_TYPE, MediaTypes.of(name));
        headers.set(CONTENT_TYPE_OPTIONS, NO_SNIFF);
        if (!coding.isEmpty()) {
            headers.set(HttpHeaderNames.CONTENT_ENCODING, coding);
        }
        if (range instanceof ByteRange.Part part) {
            headers.set(HttpHeaderNames.CONTENT_RANGE, "bytes " + part.first() + '-' + part.last() + '/' + file.size());
            headers.set(HttpHeaderNames.CONTENT_LENGTH, part.length());
            return new FileAnswer.Content(206, headers, file, part.first(), part.length());
        }
        headers.set(HttpHeaderNames.CONTENT_LENGTH, file.size());
        return new FileAnswer.Content(200, headers, file, 0, file.size());
    }
}
