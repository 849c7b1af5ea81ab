package io.gojinn.proxy.listen;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Reads private keys in PEM (RFC 7468): PKCS #8, plain and encrypted, PKCS #1 (RSA) and SEC 1 (EC). */
final class PemKey {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([^-]*)-----END \\1-----");
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

    // AlgorithmIdentifier of rsaEncryption with NULL, and the identifier of ecPublicKey without its curve.
    private static final byte[] RSA = {
        0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0
    };
    private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};
    private static final byte[] VERSION_0 = {2, 1, 0};
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 4;
    private static final int CURVE = 0xa0;

    private PemKey() {}

    /**
     * Reads a key.
     *
     * @throws IOException when the file cannot be read
     * @throws GeneralSecurityException that says what is wrong, without a word of the key
     */
    static PrivateKey read(Path file, Optional<String> password) throws IOException, GeneralSecurityException {
        Matcher block = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        if (!block.find()) {
            throw new GeneralSecurityException("no private key in PEM");
        }
        String text = block.group(2);
        if (text.contains("Proc-Type")) {
            throw new GeneralSecurityException("encrypted in the form before PKCS #8, expected PKCS #8");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(text);
        } catch (IllegalArgumentException malformed) {
            throw new GeneralSecurityException("no Base64", malformed);
        }
        return switch (block.group(1)) {
            case "PRIVATE KEY" -> fromPkcs8(der);
            case "ENCRYPTED PRIVATE KEY" ->
                fromPkcs8(decrypted(
                        der,
                        password.orElseThrow(
                                () -> new GeneralSecurityException("an encrypted key, expected its password"))));
            case "RSA PRIVATE KEY" -> fromPkcs8(der(SEQUENCE, VERSION_0, RSA, der(OCTETS, der)));
            case "EC PRIVATE KEY" ->
                fromPkcs8(der(SEQUENCE, VERSION_0, der(SEQUENCE, EC, curve(der)), der(OCTETS, der)));
            default -> throw new GeneralSecurityException("a key of an unknown kind: " + block.group(1));
        };
    }

    private static PrivateKey fromPkcs8(byte[] der) throws GeneralSecurityException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (InvalidKeySpecException other) {
                // Tried with the next one.
            }
        }
        throw new GeneralSecurityException("neither an RSA nor an EC nor an Ed25519 key");
    }

    private static byte[] decrypted(byte[] der, String password) throws GeneralSecurityException {
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
            String algorithm = info.getAlgName();
            if (algorithm.equals("PBES2") || algorithm.equals("1.2.840.113549.1.5.13")) {
                algorithm = info.getAlgParameters().toString();
            }
            SecretKey secret =
                    SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password.toCharArray()));
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(Cipher.DECRYPT_MODE, secret, info.getAlgParameters());
            return info.getKeySpec(cipher).getEncoded();
        } catch (IOException | GeneralSecurityException wrong) {
            throw new GeneralSecurityException("an encrypted key that the password does not open", wrong);
        }
    }

    // The parameters of ECPrivateKey (RFC 5915, 3): what is in the tag [0] after the version and the key.
    private static byte[] curve(byte[] der) throws GeneralSecurityException {
        try {
            int at = contentAt(der, 0);
            while (at < der.length) {
                int content = contentAt(der, at);
                int end = content + length(der, at);
                if ((der[at] & 0xff) == CURVE) {
                    return Arrays.copyOfRange(der, content, end);
                }
                at = end;
            }
        } catch (IndexOutOfBoundsException malformed) {
            throw new GeneralSecurityException("a malformed EC key", malformed);
        }
        throw new GeneralSecurityException("an EC key without its curve");
    }

    private static int contentAt(byte[] der, int tagAt) {
        int first = der[tagAt + 1] & 0xff;
        return tagAt + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int length(byte[] der, int tagAt) {
        int first = der[tagAt + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = length << 8 | (der[tagAt + 2 + i] & 0xff);
        }
        if (length < 0) {
            throw new IndexOutOfBoundsException("a negative length");
        }
        return length;
    }

    private static byte[] der(int tag, byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        byte[] der = new byte[4 + length];
        der[0] = (byte) tag;
        // Two bytes for every length: keys are shorter than 64 KiB.
        der[1] = (byte) 0x82;
        der[2] = (byte) (length >> 8);
        der[3] = (byte) length;
        int at = 4;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, der, at, part.length);
            at += part.length;
        }
        return der;
    }
}
