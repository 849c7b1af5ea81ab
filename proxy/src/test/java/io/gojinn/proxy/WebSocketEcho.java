package io.gojinn.proxy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** A WebSocket server (RFC 6455) that sends back every frame and answers other requests, as a script of an upstream. */
final class WebSocketEcho {
    private static final int CLOSE = 8;

    private WebSocketEcho() {}

    static void serve(RawUpstream.Peer peer) throws IOException {
        for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
            if (!field(head, "upgrade").isEmpty()) {
                peer.send(accepting(head, ""));
                echo(peer);
                return;
            }
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain");
        }
    }

    /** The answer that agrees. */
    static String accepting(String head, String moreFields) {
        return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: "
                + accept(field(head, "sec-websocket-key")) + "\r\n" + moreFields + "\r\n";
    }

    private static void echo(RawUpstream.Peer peer) throws IOException {
        DataInputStream in = new DataInputStream(peer.socket.getInputStream());
        while (true) {
            int first = in.read();
            if (first < 0) {
                return;
            }
            int second = in.readUnsignedByte();
            int length = second & 0x7f;
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = Math.toIntExact(in.readLong());
            }
            byte[] mask = in.readNBytes(4);
            byte[] content = in.readNBytes(length);
            for (int i = 0; i < content.length; i++) {
                content[i] ^= mask[i % 4];
            }
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            frame.write(first);
            if (length < 126) {
                frame.write(length);
            } else if (length < 1 << 16) {
                frame.writeBytes(new byte[] {126, (byte) (length >> 8), (byte) length});
            } else {
                frame.writeBytes(new byte[] {
                    127, 0, 0, 0, 0, (byte) (length >> 24), (byte) (length >> 16), (byte) (length >> 8), (byte) length
                });
            }
            frame.writeBytes(content);
            peer.socket.getOutputStream().write(frame.toByteArray());
            if ((first & 0xf) == CLOSE) {
                return;
            }
        }
    }

    static String field(String head, String name) {
        return head.lines()
                .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
    }

    static String accept(String key) {
        try {
            byte[] proof = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(proof));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
