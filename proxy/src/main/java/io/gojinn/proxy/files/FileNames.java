package io.gojinn.proxy.files;

import io.gojinn.proxy.route.RequestPath;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The names of folders and of a file that the path of a request leads through, each a plain name beneath the one before. */
final class FileNames {
    private static final int LONGEST = 255;

    private FileNames() {}

    /**
     * Takes a path apart.
     *
     * @param path in its one form, see {@link RequestPath}
     * @param skipped how many segments at the beginning are no names
     * @return null when one of them is no name that may be asked for: hidden, or with a character that could mean something to
     *     a file system
     */
    static @Nullable List<String> of(String path, int skipped) {
        String[] segments = path.split("/", -1);
        if (segments.length - 1 < skipped) {
            return null;
        }
        List<String> names = new ArrayList<>(segments.length);
        // The path begins with a slash, and may end with one.
        for (int i = 1 + skipped; i < segments.length; i++) {
            if (i == segments.length - 1 && segments[i].isEmpty()) {
                break;
            }
            String name = RequestPath.decode(segments[i]);
            if (!isPlain(name)) {
                return null;
            }
            names.add(name);
        }
        return names;
    }

    private static boolean isPlain(String name) {
        if (name.isEmpty() || name.length() > LONGEST || name.charAt(0) == '.') {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            // The replacement character stands for what was no UTF-8.
            if (c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == '\uFFFD') {
                return false;
            }
        }
        return true;
    }
}
