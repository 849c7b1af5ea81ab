package io.gojinn.proxy.files;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * A regular file that is open, as it was when it was opened. Confined to one thread at a time, one that may block.
 *
 * @param path where it was found, no link in it beneath its folder
 */
record OpenFile(Path path, FileChannel channel, BasicFileAttributes attributes) implements AutoCloseable {
    long size() {
        return attributes.size();
    }

    /**
     * Reads from a position; as many bytes as wanted unless the file has become shorter.
     *
     * @return whether they are all there
     */
    boolean read(long position, int bytes, ByteBuf into) throws IOException {
        while (bytes > into.readableBytes()) {
            int read = into.writeBytes(channel, position + into.readableBytes(), bytes - into.readableBytes());
            if (read < 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether nobody has written to it since it was opened. A file that took its place is another one. */
    boolean isUnchanged() throws IOException {
        if (channel.size() != size()) {
            return false;
        }
        try {
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return !Objects.equals(now.fileKey(), attributes.fileKey()) || isSame(now, attributes);
        } catch (NoSuchFileException removed) {
            return true;
        }
    }

    static boolean isSame(BasicFileAttributes one, BasicFileAttributes other) {
        return Objects.equals(one.fileKey(), other.fileKey())
                && one.size() == other.size()
                && one.lastModifiedTime().equals(other.lastModifiedTime());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
