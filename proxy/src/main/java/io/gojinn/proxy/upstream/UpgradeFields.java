package io.gojinn.proxy.upstream;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** What asks a target for an upgrade, and what agrees to it (RFC 9110, 7.8; RFC 6455, 4). */
final class UpgradeFields {
    static final String WEBSOCKET = "websocket";

    private static final int KEY_BYTES = 16;
    // RFC 6455, 1.3
    private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private UpgradeFields() {}

    /**
     * Asks for an upgrade.
     *
     * @param headers of a request, without fields of a connection
     * @param ownKey whether the handshake of a WebSocket begins here, because the client speaks HTTP/2 (RFC 8441, 5)
     */
    static void ask(HttpHeaders headers, String protocol, boolean ownKey) {
        headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        headers.set(HttpHeaderNames.UPGRADE, protocol);
        if (ownKey && protocol.equals(WEBSOCKET)) {
            // It proves nothing but that the target knows the protocol: it need not be hard to guess.
            byte[] key = new byte[KEY_BYTES];
            ThreadLocalRandom.current().nextBytes(key);
            headers.set(HttpHeaderNames.SEC_WEBSOCKET_KEY, Base64.getEncoder().encodeToString(key));
        }
    }

    /** What is wrong with an answer of status 101, null when it agrees to what was asked for. */
    static @Nullable String problemOf(HttpHeaders request, String protocol, HttpHeaders response) {
        List<String> protocols = response.getAll(HttpHeaderNames.UPGRADE);
        if (protocols.size() != 1 || !protocols.getFirst().strip().equalsIgnoreCase(protocol)) {
            return "101 with Upgrade " + protocols + ", expected " + protocol;
        }
        if (!response.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)) {
            return "101 without Connection: upgrade";
        }
        // RFC 9110, 8.6: who sends it means another message than the one that is read.
        if (response.contains(HttpHeaderNames.CONTENT_LENGTH) || response.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            return "101 with a body";
        }
        if (protocol.equals(WEBSOCKET)) {
            List<String> keys = request.getAll(HttpHeaderNames.SEC_WEBSOCKET_KEY);
            List<String> accepts = response.getAll(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT);
            if (keys.size() != 1
                    || accepts.size() != 1
                    || !accepts.getFirst().strip().equals(accept(keys.getFirst().strip()))) {
                return "101 whose Sec-WebSocket-Accept does not answer the key";
            }
        }
        return null;
    }

    private static String accept(String key) {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            return Base64.getEncoder()
                    .encodeToString(sha1.digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.ISO_8859_1)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
