package io.gojinn.proxy.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A folder whose files are shown. Every step beneath it is made from the folder that the step before has opened, and follows no
 * link: whatever is renamed meanwhile, nothing is opened that is not beneath it. Immutable; blocks.
 */
final class Folder {
    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    private static final int ATTEMPTS = 3;

    private final Path root;
    private final boolean followsLinks;

    /**
     * A folder, which may itself be a link and may come to lead elsewhere.
     *
     * @param followsLinks whether links beneath it are followed that stay beneath it
     */
    Folder(Path root, boolean followsLinks) {
        this.root = root;
        this.followsLinks = followsLinks;
    }

    /** What names lead to. */
    sealed interface Found {
        /** A file, the caller's to close. */
        record File(OpenFile file) implements Found {}

        record Directory() implements Found {}

        /** Nothing, or nothing that is shown. */
        record Nothing() implements Found {}
    }

    /**
     * Follows names.
     *
     * @throws IOException when the folder itself cannot be read
     */
    Found find(List<String> names) throws IOException {
        Path top = root.toRealPath();
        if (!followsLinks) {
            return find(top, names);
        }
        try {
            Path real = resolve(top, names).toRealPath();
            if (!real.startsWith(top)) {
                return new Found.Nothing();
            }
            List<String> realNames = new ArrayList<>();
            // The folder itself has one name, which is empty.
            top.relativize(real).forEach(name -> realNames.add(name.toString()));
            realNames.removeIf(String::isEmpty);
            return find(top, realNames);
        } catch (FileSystemException failure) {
            return nothing(failure);
        }
    }

    // No such file, no folder, a link, no permission: who asks is not told which. What has run out here is another
    // matter.
    private static Found nothing(FileSystemException failure) throws FileSystemException {
        if (String.valueOf(failure.getReason()).startsWith("Too many open files")) {
            throw failure;
        }
        return new Found.Nothing();
    }

    private static Path resolve(Path top, List<String> names) {
        Path path = top;
        for (String name : names) {
            path = path.resolve(name);
        }
        return path;
    }

    private static Found find(Path top, List<String> names) throws IOException {
        if (names.isEmpty()) {
            return new Found.Directory();
        }
        try (DirectoryStream<Path> opened = Files.newDirectoryStream(top)) {
            if (!(opened instanceof SecureDirectoryStream<Path> folder)) {
                throw new IOException("files of " + top + " cannot be opened safely on this system");
            }
            return find(folder, names, resolve(top, names));
        }
    }

    private static Found find(SecureDirectoryStream<Path> folder, List<String> names, Path path) throws IOException {
        Path name = Path.of(names.getFirst());
        try {
            if (names.size() > 1) {
                try (SecureDirectoryStream<Path> below = folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
                    return find(below, names.subList(1, names.size()), path);
                }
            }
            return open(folder, name, path);
        } catch (FileSystemException failure) {
            return nothing(failure);
        }
    }

    private static Found open(SecureDirectoryStream<Path> folder, Path name, Path path) throws IOException {
        BasicFileAttributeView view =
                folder.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            // Looked at before it is opened: opening a pipe would wait for somebody to write to it.
            BasicFileAttributes before = view.readAttributes();
            if (before.isDirectory()) {
                return new Found.Directory();
            }
            if (!before.isRegularFile()) {
                return new Found.Nothing();
            }
            FileChannel channel = (FileChannel) folder.newByteChannel(name, READ);
            boolean taken = false;
            try {
                // And after: what was looked at is what was opened.
                taken = OpenFile.isSame(before, view.readAttributes());
                if (taken) {
                    return new Found.File(new OpenFile(path, channel, before));
                }
            } finally {
                if (!taken) {
                    channel.close();
                }
            }
        }
        throw new IOException(path + " changes all the time");
    }
}
