package io.gojinn.proxy;

import io.gojinn.proxy.listen.TlsConfig;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Self-signed certificates in a folder, and clients that trust everybody. */
final class TestCertificate {
    private TestCertificate() {}

    static TlsConfig.Certificate named(Path folder, String name) {
        try {
            X509Bundle bundle = new CertificateBuilder()
                    .subject("CN=" + name)
                    .addSanDnsName(name)
                    .setIsCertificateAuthority(true)
                    .buildSelfSigned();
            Path certificate = folder.resolve(name + ".pem");
            Path key = folder.resolve(name + ".key");
            Files.writeString(certificate, bundle.getCertificatePathPEM());
            Files.writeString(key, bundle.getPrivateKeyPEM());
            return new TlsConfig.Certificate(certificate, key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static TlsConfig tls(Path folder) {
        return new TlsConfig(List.of(named(folder, "localhost")));
    }

    static SSLContext trustingEverybody() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustEverybody()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class TrustEverybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
