package io.gojinn.proxy.compress;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.github.luben.zstd.util.Native;
import io.gojinn.proxy.middleware.Coding;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import java.util.Optional;

/** Encoders, and whether their libraries are there. */
public final class Codecs {
    // Levels that cost about as much as sending what they save, and windows that bound the memory of one response.
    private static final int GZIP_LEVEL = 5;
    private static final int ZSTD_LEVEL = 3;
    private static final int BROTLI_QUALITY = 4;
    private static final int WINDOW_LOG = 18;

    private Codecs() {}

    /** Loads the libraries of these codings; the reason when one cannot be. May block. */
    public static Optional<String> load(List<Coding> codings) {
        for (Coding coding : codings) {
            try {
                switch (coding) {
                    case GZIP -> {}
                    case BR -> Brotli4jLoader.ensureAvailability();
                    case ZSTD -> Native.load();
                }
            } catch (LinkageError | RuntimeException missing) {
                return Optional.of("the library of " + coding.token() + " cannot be loaded: " + missing);
            }
        }
        return Optional.empty();
    }

    static Encoder encoder(Coding coding, ByteBufAllocator allocator) {
        return switch (coding) {
            case GZIP -> new GzipEncoder(allocator, GZIP_LEVEL);
            case BR -> new BrotliEncoder(allocator, BROTLI_QUALITY, WINDOW_LOG);
            case ZSTD -> new ZstdEncoder(allocator, ZSTD_LEVEL, WINDOW_LOG);
        };
    }
}
