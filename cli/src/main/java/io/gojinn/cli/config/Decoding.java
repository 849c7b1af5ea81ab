package io.gojinn.cli.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * What decoders share while one file is read.
 *
 * @param folder where relative paths start
 */
record Decoding(Path folder, Placeholders placeholders, Problems problems) {
    void refuse(Node node, Refused refused) {
        problems.add(node.place(), node.shown(), refused.expected(), refused.suggestion());
    }

    /** A path of the file, absolute. */
    Path resolve(String path) throws Refused {
        try {
            if (path.isEmpty()) {
                throw new Refused("the path of a file");
            }
            return folder.resolve(path).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new Refused("a path that the file system can hold");
        }
    }
}
