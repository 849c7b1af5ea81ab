package io.gojinn.proxy.transport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/** What tells whether files hold the same as before: a file is replaced in place, so that its path says nothing. */
public final class FileDigest {
    private FileDigest() {}

    /**
     * The SHA-256 of the files together, in hexadecimal. Of one that cannot be read that alone counts: whoever loads it says why.
     * Blocks.
     */
    public static String of(Collection<Path> files) {
        MessageDigest all;
        try {
            all = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
        for (Path file : files) {
            byte[] content;
            try {
                content = Files.readAllBytes(file);
            } catch (IOException unreadable) {
                content = new byte[0];
            }
            // The length keeps apart what would run together.
            all.update((content.length + ":").getBytes(StandardCharsets.UTF_8));
            all.update(content);
        }
        return HexFormat.of().formatHex(all.digest());
    }
}
