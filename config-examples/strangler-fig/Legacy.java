import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service that was there before: invoices, and the tax on a value. {@code java Legacy.java PORT}. */
public final class Legacy {
    private static final Pattern VALUE = Pattern.compile("\"value\"\\s*:\\s*([0-9.]+)");

    private Legacy() {}

    /** Serves until it is stopped. */
    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", exchange -> answer(exchange, 200, "{\"by\":\"legacy\",\"invoices\":[17,18]}"));
        server.createContext("/tax", exchange -> {
            String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            Matcher value = VALUE.matcher(request);
            if (value.find()) {
                double total = Double.parseDouble(value.group(1)) * 1.15;
                answer(exchange, 200, String.format(Locale.ROOT, "{\"by\":\"legacy\",\"total\":%.2f}", total));
            } else {
                answer(exchange, 400, "{\"by\":\"legacy\"}");
            }
        });
        server.start();
        System.out.println("legacy service on port " + server.getAddress().getPort());
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
