package io.gojinn.proxy.transport;

import io.gojinn.runtime.exec.KernelScheduling;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kernel interface in use, with the classes of Netty that go with it. */
public enum Transport {
    EPOLL(
            EpollServerSocketChannel.class,
            EpollSocketChannel.class,
            EpollDatagramChannel.class,
            EpollDomainSocketChannel.class) {
        @Override
        IoHandlerFactory handlers() {
            return EpollIoHandler.newFactory(0, Transport::yieldBeforeSelect);
        }

        @Override
        @Nullable
        ChannelOption<Long> unsentBound() {
            return EpollChannelOption.TCP_NOTSENT_LOWAT;
        }

        @Override
        @Nullable
        Throwable whyUnavailable() {
            return Epoll.unavailabilityCause();
        }
    },
    IO_URING(
            IoUringServerSocketChannel.class,
            IoUringSocketChannel.class,
            IoUringDatagramChannel.class,
            IoUringDomainSocketChannel.class) {
        @Override
        IoHandlerFactory handlers() {
            return IoUringIoHandler.newFactory();
        }

        @Override
        @Nullable
        ChannelOption<Long> unsentBound() {
            return IoUringChannelOption.TCP_NOTSENT_LOWAT;
        }

        @Override
        @Nullable
        Throwable whyUnavailable() {
            return IoUring.unavailabilityCause();
        }
    },
    NIO(NioServerSocketChannel.class, NioSocketChannel.class, NioDatagramChannel.class, NioDomainSocketChannel.class) {
        @Override
        public SocketAddress unixAddress(Path path) {
            return UnixDomainSocketAddress.of(path);
        }

        @Override
        IoHandlerFactory handlers() {
            return NioIoHandler.newFactory();
        }

        @Override
        @Nullable
        ChannelOption<Long> unsentBound() {
            return null;
        }

        @Override
        @Nullable
        Throwable whyUnavailable() {
            return null;
        }
    };

    /** The system property that chooses: {@code epoll}, {@code io_uring} or {@code nio}. */
    public static final String PROPERTY = "gojinn.transport";

    /**
     * What a TCP connection holds in the kernel beyond what is under way. Without a bound it is up to 4 MiB, of which a third
     * must go before the kernel tells that there is room: a side that takes 64 KiB a second seems to take nothing for 20 s.
     */
    private static final long UNSENT_BYTES = 128 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

    private final Class<? extends ServerChannel> serverChannel;
    private final Class<? extends SocketChannel> socketChannel;
    private final Class<? extends DatagramChannel> datagramChannel;
    private final Class<? extends Channel> unixChannel;

    Transport(
            Class<? extends ServerChannel> serverChannel,
            Class<? extends SocketChannel> socketChannel,
            Class<? extends DatagramChannel> datagramChannel,
            Class<? extends Channel> unixChannel) {
        this.serverChannel = serverChannel;
        this.socketChannel = socketChannel;
        this.datagramChannel = datagramChannel;
        this.unixChannel = unixChannel;
    }

    abstract IoHandlerFactory handlers();

    /** TCP_NOTSENT_LOWAT, tcp(7). */
    abstract @Nullable ChannelOption<Long> unsentBound();

    abstract @Nullable Throwable whyUnavailable();

    /**
     * The transport that was asked for, or epoll where it is available, or NIO.
     *
     * @throws IllegalArgumentException when the one asked for is unknown or unavailable
     */
    public static Transport select() {
        String wanted = System.getProperty(PROPERTY);
        Transport transport = wanted == null ? best() : named(wanted);
        LOG.atInfo()
                .addKeyValue("transport", transport.name().toLowerCase(Locale.ROOT))
                .log("sockets are driven");
        return transport;
    }

    private static Transport best() {
        Throwable noEpoll = EPOLL.whyUnavailable();
        if (noEpoll == null) {
            return EPOLL;
        }
        LOG.info("epoll is not available: {}", String.valueOf(noEpoll.getMessage()));
        return NIO;
    }

    private static Transport named(String wanted) {
        Transport transport = switch (wanted) {
            case "epoll" -> EPOLL;
            case "io_uring" -> IO_URING;
            case "nio" -> NIO;
            default ->
                throw new IllegalArgumentException(
                        PROPERTY + " is \"" + wanted + "\", expected epoll, io_uring or nio");
        };
        Throwable cause = transport.whyUnavailable();
        if (cause != null) {
            throw new IllegalArgumentException(PROPERTY + " is " + wanted + ", which is not available here", cause);
        }
        return transport;
    }

    private static SelectStrategy yieldBeforeSelect() {
        GivingWay others = new GivingWay();
        return (selectNow, hasTasks) -> {
            if (hasTasks) {
                return selectNow.get();
            }
            others.giveWay();
            return SelectStrategy.SELECT;
        };
    }

    /** New event loops. */
    public EventLoopGroup newLoops(int threads, String name) {
        ThreadFactory factory = new DefaultThreadFactory(name);
        ThreadFactory shortTasks = loop -> factory.newThread(() -> {
            KernelScheduling.shortTasks();
            loop.run();
        });
        return new MultiThreadIoEventLoopGroup(threads, shortTasks, handlers());
    }

    /** Sees to it that the slow progress of TCP connections is seen, where the transport can. */
    public Bootstrap boundUnsent(Bootstrap bootstrap) {
        ChannelOption<Long> bound = unsentBound();
        return bound == null ? bootstrap : bootstrap.option(bound, UNSENT_BYTES);
    }

    /** The same for connections that are accepted. */
    public ServerBootstrap boundUnsent(ServerBootstrap bootstrap) {
        ChannelOption<Long> bound = unsentBound();
        return bound == null ? bootstrap : bootstrap.childOption(bound, UNSENT_BYTES);
    }

    /** For listening sockets. */
    public Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    /** For connections. */
    public Class<? extends SocketChannel> socketChannel() {
        return socketChannel;
    }

    /** For DNS. */
    public Class<? extends DatagramChannel> datagramChannel() {
        return datagramChannel;
    }

    /** For connections to Unix domain sockets. */
    public Class<? extends Channel> unixChannel() {
        return unixChannel;
    }

    /** Where such a connection leads. */
    public SocketAddress unixAddress(Path path) {
        return new DomainSocketAddress(path.toString());
    }
}
