package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What systemd is told by a process that it has started, and what it says of the unit. */
class SystemdTest {
    private static final Path ROOT = Path.of(System.getProperty("gojinn.root"));
    private static final Path UNIT = ROOT.resolve("systemd/gojinn.service");

    @TempDir
    private Path folder;

    @Test
    void isToldOfStartReloadLifeAndStop() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        Path socket = folder.resolve("notify");
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try {
            new Bootstrap()
                    .group(loop)
                    .channel(EpollDomainDatagramChannel.class)
                    .handler(new SimpleChannelInboundHandler<DomainDatagramPacket>() {
                        @Override
                        protected void channelRead0(ChannelHandlerContext ctx, DomainDatagramPacket packet) {
                            told.add(packet.content().toString(StandardCharsets.UTF_8));
                        }
                    })
                    .bind(new DomainSocketAddress(socket.toString()))
                    .sync();
            Gojinn.Served served = Gojinn.example("quickstart", folder);
            try (Gojinn gojinn = Gojinn.serve(
                    served.file(), Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "400000"))) {
                assertThat(next(told)).isEqualTo("READY=1\nSTATUS=serving");
                assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("WATCHDOG=1");
                assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("WATCHDOG=1");

                long before = System.nanoTime() / 1_000;
                gojinn.signal("HUP");
                String reloading = next(told);
                assertThat(reloading).matches("RELOADING=1\nMONOTONIC_USEC=\\d+\nSTATUS=reloading");
                assertThat(Long.parseLong(reloading.replaceAll("(?s).*USEC=(\\d+).*", "$1")))
                        .isBetween(before, System.nanoTime() / 1_000);
                assertThat(next(told)).isEqualTo("READY=1\nSTATUS=serving config 2");

                Files.writeString(served.file(), "\nnonsense = 1\n", StandardOpenOption.APPEND);
                gojinn.signal("HUP");
                assertThat(next(told)).startsWith("RELOADING=1\n");
                assertThat(next(told))
                        .isEqualTo("READY=1\nSTATUS=serving, after a reload that was refused: 1 problems");

                gojinn.terminate();
                assertThat(next(told)).startsWith("STOPPING=1\n");
                assertThat(gojinn.exitCode()).isZero();
            }
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private static String next(BlockingQueue<String> told) throws InterruptedException {
        while (true) {
            String message = told.poll(30, TimeUnit.SECONDS);
            if (!"WATCHDOG=1".equals(message)) {
                return String.valueOf(message);
            }
        }
    }

    /** Without warnings, once its paths lead to something; and hardened, as systemd judges: below 2 of 10 is what it calls safe. */
    @Test
    void acceptsTheUnit() throws Exception {
        String text = Files.readString(UNIT)
                .replace(
                        "/opt/gojinn/gojinn",
                        ROOT.resolve("cli/target/gojinn/gojinn").toString());
        Path unit = Files.writeString(folder.resolve("gojinn.service"), text);
        assertThat(analyze("verify", unit.toString())).isEmpty();
        assertThat(analyze("security", "--offline=true", "--threshold=20", "--no-pager", unit.toString()))
                .last()
                .asString()
                .contains("Overall exposure level for gojinn.service: 1.");
    }

    private static List<String> analyze(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("systemd-analyze"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = process.inputReader(StandardCharsets.UTF_8).readAllLines().stream()
                .filter(line -> !line.isBlank())
                .toList();
        assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
        return lines;
    }
}
