package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.FailureAnswer;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.RequestEnvelopeEncoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What docs/contract.md says in tables is what is done. */
class ContractDocumentTest {
    private static final Path DOCUMENT =
            Path.of(System.getProperty("gojinn.root", "..")).resolve("docs/contract.md");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    @Test
    void everyEndOfAnExecutionIsThereWithItsStatus() throws IOException {
        Map<String, Integer> told = new TreeMap<>();
        for (List<String> row : table("## How an execution ends")) {
            for (String label : codes(row.get(2))) {
                told.put(label, Integer.parseInt(row.get(1).substring(0, 3)));
            }
        }
        Map<String, Integer> done = new TreeMap<>();
        for (FunctionFailure failure : FunctionFailure.values()) {
            // Who cancels is not there any more to be answered.
            if (failure != FunctionFailure.CANCELLED) {
                done.put(failure.label(), status(new Failure.Function(failure, "")));
            }
        }
        Failure tooLarge = new Failure.Client(ClientFault.BODY_LIMIT, "");
        done.put(tooLarge.label(), status(tooLarge));
        assertThat(told).isEqualTo(done);
    }

    private static int status(Failure failure) {
        return FailureAnswer.to(failure).status();
    }

    @Test
    void everyMemberOfAnEnvelopeIsThere() throws IOException {
        ByteBuffer noText = ByteBuffer.wrap(new byte[] {(byte) 0xff});
        RequestEnvelope envelope = new RequestEnvelope(
                "POST",
                "/",
                "/",
                "",
                "https",
                "a",
                List.of(),
                List.of(noText),
                "t",
                Map.of(),
                "::1",
                "r",
                "acme",
                new RequestEnvelope.Response(200, List.of(), List.of(noText.duplicate())));
        ByteBuffer encoded = RequestEnvelopeEncoder.encode(
                envelope, ByteBuffer.allocateDirect(4096), (current, additional) -> current);
        JsonNode members = JsonMapper.shared()
                .readTree(StandardCharsets.UTF_8.decode(encoded).toString());
        TreeSet<String> told = new TreeSet<>();
        for (List<String> row : table("## Request envelope")) {
            told.addAll(codes(row.get(0)));
            if (row.get(0).equals("`response`")) {
                assertThat(codes(row.get(1)))
                        .containsExactlyElementsOf(members.get("response").propertyNames());
            }
        }
        assertThat(told).isEqualTo(new TreeSet<>(members.propertyNames()));
    }

    /** The rows of the first table below a heading, without its head. */
    private static List<List<String>> table(String heading) throws IOException {
        List<List<String>> rows = new ArrayList<>();
        String section = Files.readString(DOCUMENT).split(Pattern.quote(heading + "\n"), 2)[1];
        for (String line : section.lines().toList()) {
            if (line.startsWith("|")) {
                rows.add(List.of(line.substring(2, line.length() - 2).split(" \\| ")));
            } else if (!rows.isEmpty()) {
                break;
            }
        }
        return rows.subList(2, rows.size());
    }

    private static List<String> codes(String cell) {
        return CODE.matcher(cell).results().map(match -> match.group(1)).toList();
    }
}
