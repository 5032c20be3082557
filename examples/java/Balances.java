import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import java.util.Scanner;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The coins of the players on this game server, and payments between players. The map is what /balance shows; the
 * event stream keeps it fresh; /pay asks the database.
 */
public class Balances {
    private static final Pattern COINS = Pattern.compile("\"coins\":(\\d+)");
    private static final Pattern UUID_OF = Pattern.compile("\"uuid\":\"([^\"]*)\"");
    private static final Pattern LEFT = Pattern.compile("\"balance\":(\\d+)");

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, Long> coins = new ConcurrentHashMap<>(); // of players who are here
    private final String syncer;
    private String lastEvent = "none"; // not known there: the stream begins with a resync

    public Balances(String syncer) {
        this.syncer = syncer;
        Thread follower = new Thread(this::follow, "balances");
        follower.setDaemon(true);
        follower.start();
    }

    /** Call it from PlayerJoinEvent, off the main thread; on PlayerQuitEvent call quit. */
    public synchronized void join(String player) throws IOException, InterruptedException {
        HttpRequest request = request("/v1/players/" + encode(player) + "/balances").build();
        HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
            coins.put(player, number(COINS, answer.body()));
        }
    }

    public void quit(String player) {
        coins.remove(player);
    }

    /** /balance: from memory, at once. */
    public String balance(String player) {
        return "Your balance is " + coins.getOrDefault(player, 0L);
    }

    /**
     * /pay: call it off the main thread. The same key again is the same payment, so it may be sent until there is an
     * answer.
     */
    public String pay(String from, String to, long amount) throws InterruptedException {
        String body = "{\"from\":" + quote(from) + ",\"to\":" + quote(to)
            + ",\"currency\":\"coins\",\"amount\":" + amount
            + ",\"key\":\"" + UUID.randomUUID() + "\",\"reason\":\"/pay\"}";
        for (int attempt = 0; attempt < 5; attempt++) {
            try {
                HttpRequest request = request("/v1/transfers").header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(body)).build();
                HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
                if (answer.statusCode() == 200) {
                    return "You paid " + amount;
                } else if (answer.statusCode() == 402) {
                    return "You have only " + number(LEFT, answer.body());
                } else if (answer.statusCode() < 500) {
                    return "You cannot pay that";
                }
            } catch (IOException e) {
                // the sidecar restarts, perhaps
            }
            Thread.sleep(500);
        }
        return "Nobody knows yet whether you paid; look at your balance later";
    }

    private void follow() {
        while (true) {
            try {
                HttpRequest.Builder request = request("/v1/events?types=balance").header("Last-Event-ID", lastEvent);
                read(http.send(request.build(), BodyHandlers.ofLines()).body().iterator());
            } catch (IOException | java.io.UncheckedIOException e) {
                // comes back where it was
            } catch (InterruptedException e) {
                return;
            }
            try {
                Thread.sleep(1000);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void read(Iterator<String> lines) throws IOException, InterruptedException {
        String event = "";
        while (lines.hasNext()) {
            String line = lines.next();
            if (line.startsWith("id: ")) {
                lastEvent = line.substring(4);
            } else if (line.startsWith("event: ")) {
                event = line.substring(7);
            } else if (line.startsWith("data: ") && event.equals("resync")) {
                for (String player : coins.keySet()) {
                    join(player);
                }
            } else if (line.startsWith("data: ") && event.equals("balance")) {
                changed(line);
            }
        }
    }

    private synchronized void changed(String data) throws IOException, InterruptedException {
        Matcher player = UUID_OF.matcher(data);
        if (player.find() && coins.containsKey(player.group(1))) {
            if (data.contains("\"balances\":null")) {
                join(player.group(1));
            } else {
                coins.put(player.group(1), number(COINS, data));
            }
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(syncer + path));
    }

    private static long number(Pattern pattern, String json) {
        Matcher m = pattern.matcher(json);
        return m.find() ? Long.parseLong(m.group(1)) : 0;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static String quote(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** A game server of one line at a time: java Balances.java http://127.0.0.1:5082, then for example /join Steve. */
    public static void main(String[] args) throws Exception {
        Balances balances = new Balances(args[0]);
        for (Scanner in = new Scanner(System.in); in.hasNextLine(); ) {
            String[] words = in.nextLine().split(" ");
            switch (words[0]) {
                case "/join" -> balances.join(words[1]);
                case "/balance" -> System.out.println(balances.balance(words[1]));
                case "/pay" -> System.out.println(balances.pay(words[1], words[2], Long.parseLong(words[3])));
                default -> System.out.println("unknown: " + words[0]);
            }
        }
    }
}
