package io.gojinn.proxy.files;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Media types by the extension of a name. */
final class MediaTypes {
    private static final String UNKNOWN = "application/octet-stream";
    private static final Map<String, String> BY_EXTENSION = new HashMap<>();

    static {
        text("text/html", "html", "htm");
        text("text/css", "css");
        text("text/javascript", "js", "mjs");
        text("text/plain", "txt", "text", "log");
        text("text/markdown", "md");
        text("text/csv", "csv");
        text("text/calendar", "ics");
        text("text/vtt", "vtt");
        all("application/json", "json", "map");
        all("application/ld+json", "jsonld");
        all("application/manifest+json", "webmanifest");
        all("application/atom+xml", "atom");
        all("application/rss+xml", "rss");
        all("application/xhtml+xml", "xhtml");
        all("application/xml", "xml");
        all("application/wasm", "wasm");
        all("application/pdf", "pdf");
        all("application/zip", "zip");
        all("application/gzip", "gz", "tgz");
        all("application/zstd", "zst");
        all("application/x-tar", "tar");
        all("application/x-bzip2", "bz2");
        all("application/x-xz", "xz");
        all("application/x-7z-compressed", "7z");
        all("application/java-archive", "jar");
        all("application/epub+zip", "epub");
        all("image/svg+xml", "svg");
        all("image/png", "png");
        all("image/jpeg", "jpg", "jpeg");
        all("image/gif", "gif");
        all("image/webp", "webp");
        all("image/avif", "avif");
        all("image/x-icon", "ico");
        all("image/bmp", "bmp");
        all("image/tiff", "tif", "tiff");
        all("font/woff", "woff");
        all("font/woff2", "woff2");
        all("font/ttf", "ttf");
        all("font/otf", "otf");
        all("audio/mpeg", "mp3");
        all("audio/ogg", "ogg", "oga", "opus");
        all("audio/wav", "wav");
        all("audio/flac", "flac");
        all("audio/mp4", "m4a");
        all("video/mp4", "mp4", "m4v");
        all("video/webm", "webm");
        all("video/ogg", "ogv");
        all("video/quicktime", "mov");
        all("application/vnd.apple.mpegurl", "m3u8");
        all("video/mp2t", "ts");
    }

    private MediaTypes() {}

    private static void all(String type, String... extensions) {
        for (String extension : extensions) {
            BY_EXTENSION.put(extension, type);
        }
    }

    private static void text(String type, String... extensions) {
        all(type + "; charset=utf-8", extensions);
    }

    /** The type of a file of this name; one that nothing executes when it is not known. */
    static String of(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0
                ? UNKNOWN
                : BY_EXTENSION.getOrDefault(name.substring(dot + 1).toLowerCase(Locale.ROOT), UNKNOWN);
    }
}
