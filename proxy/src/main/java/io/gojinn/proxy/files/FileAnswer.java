package io.gojinn.proxy.files;

import io.netty.handler.codec.http.HttpHeaders;

/** How a request for a file is answered. */
sealed interface FileAnswer {
    /** There is none. */
    record Missing() implements FileAnswer {}

    /** Without content, and without framing fields. */
    record Bodiless(int status, HttpHeaders headers) implements FileAnswer {}

    /**
     * With a part of a file, or all of it.
     *
     * @param file owned by whoever has the answer
     * @param first the position of the first byte
     */
    record Content(int status, HttpHeaders headers, OpenFile file, long first, long length) implements FileAnswer {}
}
