// A connector in Java 17 with nothing but the JDK's own library: no build, no dependency.
//   java Connector.java send document.json   publish a message, and again where the bus asks for it
//   java Connector.java take                 empty the system's inbox: keep each message, then acknowledge it
//   java Connector.java hook 9000            receive signed webhooks until it is stopped
// Where things are: LGSP (http://127.0.0.1:8080), SYSTEM (archive), TOKEN, SECRET (whsec_…), KEPT (the folder for what came).
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Connector {
    static final String LGSP = setting("LGSP", "http://127.0.0.1:8080");
    static final String INBOX = LGSP + "/v1/systems/" + setting("SYSTEM", "archive") + "/inbox";
    static final String TOKEN = setting("TOKEN", "change-me-it-is-a-demo");
    static final String SECRET = setting("SECRET", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    static final Path KEPT = Path.of(setting("KEPT", "kept"));
    static final int MOST_BYTES = 16 << 20;
    static final int TRIES = 5;
    static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    public static void main(String[] words) throws Exception {
        switch (words.length == 0 ? "" : words[0]) {
            case "send" -> send(Path.of(words[1]));
            case "take" -> take();
            case "hook" -> hook(Integer.parseInt(words[1]));
            default -> throw new IllegalArgumentException("send FILE, take, or hook PORT");
        }
    }

    // --- send: a repeat is harmless, because the bus knows (source, id)

    static void send(Path file) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(LGSP + "/v1/messages")).timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/cloudevents+json").POST(HttpRequest.BodyPublishers.ofFile(file)).build();
        for (int left = TRIES; ; left--) {
            long waitS = 1;
            try {
                HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 202 || answer.statusCode() == 200) {
                    System.out.println(answer.statusCode() == 202 ? "accepted" : "was accepted before");
                    return;
                }
                if (left == 1 || answer.statusCode() != 429 && answer.statusCode() != 503)
                    throw new IllegalStateException("HTTP " + answer.statusCode() + ": " + answer.body());
                waitS = answer.headers().firstValueAsLong("Retry-After").orElse(1);
            } catch (IOException broken) {
                if (left == 1) throw broken;
            }
            Thread.sleep(waitS * 1000);
        }
    }

    // --- take: one at a time, kept before it is acknowledged, so that neither side loses it

    static void take() throws Exception {
        for (String answer; !(answer = inbox("GET", "?wait=5&limit=1&lease=60", "")).equals("{\"items\":[]}"); ) {
            String key = first(answer, "\\{\"items\":\\[\\{\"idempotency_key\":\"([0-9a-f]{32})\"");
            boolean isNew = keep(key, answer);
            inbox("POST", "/ack", "{\"keys\": [\"" + key + "\"], \"reference\": \"" + key + ".json\"}");
            System.out.println((isNew ? "took " : "had ") + key);
        }
    }

    static String inbox(String method, String rest, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(INBOX + rest)).timeout(Duration.ofSeconds(30))
            .header("Authorization", "Bearer " + TOKEN).header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200)
            throw new IllegalStateException(method + " " + rest + ": HTTP " + answer.statusCode() + ": " + answer.body());
        return answer.body();
    }

    // --- hook: Standard Webhooks; nothing is kept before its signature and its age are right

    static void hook(int port) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/hook", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(judged(exchange), -1);
            }
        });
        server.start();
        System.out.println("listens at http://127.0.0.1:" + server.getAddress().getPort() + "/hook");
    }

    static int judged(HttpExchange call) throws IOException {
        byte[] body = call.getRequestBody().readNBytes(MOST_BYTES + 1);
        if (body.length > MOST_BYTES) return 413;
        String id = header(call, "Webhook-Id"), at = header(call, "Webhook-Timestamp");
        if (!id.matches("[0-9a-f]{32}") || !at.matches("[0-9]{1,12}")) return 400;
        boolean fresh = Math.abs(Instant.now().getEpochSecond() - Long.parseLong(at)) < 300;
        if (!fresh || !signed(id, at, body, header(call, "Webhook-Signature"))) return 401;
        System.out.println((keep(id, new String(body, StandardCharsets.UTF_8)) ? "took " : "had ") + id);
        return 204;
    }

    static boolean signed(String id, String at, byte[] body, String signatures) {
        byte[] mine;
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(SECRET.replaceFirst("^whsec_", "")), "HmacSHA256"));
            mac.update((id + "." + at + ".").getBytes(StandardCharsets.UTF_8));
            mine = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
        boolean found = false;  // while a secret is replaced there are several, and each is looked at
        for (String one : signatures.split(" ")) found |= MessageDigest.isEqual(mine, one.getBytes(StandardCharsets.UTF_8));
        return found;
    }

    // --- what came: a file for each key, written whole or not at all; false where it is there already

    static boolean keep(String key, String text) throws IOException {
        Path file = Files.createDirectories(KEPT).resolve(key + ".json");
        if (Files.exists(file)) return false;
        Path part = Files.createTempFile(KEPT, key, ".part");
        Files.writeString(part, text);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        return true;
    }

    static String first(String text, String form) {
        Matcher found = Pattern.compile(form).matcher(text);
        if (!found.lookingAt()) throw new IllegalStateException("not what an inbox says: " + text.substring(0, Math.min(200, text.length())));
        return found.group(1);
    }

    static String header(HttpExchange call, String name) {
        String found = call.getRequestHeaders().getFirst(name);
        return found == null ? "" : found;
    }

    static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }
}
