package io.gojinn.proxy.listen;

import io.gojinn.proxy.transport.Channels;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.unix.RawUnixChannelOption;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a listening socket without losing a connection that the kernel has established: closing it resets those that wait
 * to be accepted, with the requests they may already hold.
 *
 * <p>First, where the kernel allows it, a packet filter makes the socket deaf to further connections, whose clients try again
 * and are refused once it is closed. Then connections are accepted until none has come for two looks. Confined to the loop of
 * the listening socket.
 */
final class AcceptGate extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(AcceptGate.class);
    private static final long LOOK_MILLIS = 3;
    // Without the filter a storm of connections has no end: this is when to give up, 300 ms.
    private static final int MAX_LOOKS = 100;

    // socket(7): SO_ATTACH_FILTER of SOL_SOCKET takes a struct sock_fprog.
    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int PROGRAM_BYTES = 16;
    private static final int PROGRAM_POINTER_AT = 8;
    // One instruction: return 0 bytes of the packet, that is, drop it.
    private static final long DROP_EVERYTHING = 0x06;

    private long accepted;
    private long acceptedAtLastLook = -1;
    private int quietLooks;
    private int looks;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object connection) {
        accepted++;
        ctx.fireChannelRead(connection);
    }

    /** Closes the socket when nothing waits in it any more. */
    void close(Channel socket, CompletableFuture<Void> closed) {
        if (!socket.eventLoop().inEventLoop()) {
            socket.eventLoop().execute(() -> close(socket, closed));
            return;
        }
        socket.closeFuture().addListener(done -> closed.complete(null));
        if (socket.isActive()) {
            deafen(socket);
            look(socket);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void look(Channel socket) {
        quietLooks = accepted == acceptedAtLastLook ? quietLooks + 1 : 0;
        acceptedAtLastLook = accepted;
        looks++;
        if (quietLooks == 2 || looks == MAX_LOOKS) {
            Channels.close(socket);
        } else {
            socket.eventLoop().schedule(() -> look(socket), LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private static void deafen(Channel socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment instruction = arena.allocate(ValueLayout.JAVA_LONG);
            instruction.set(ValueLayout.JAVA_LONG, 0, DROP_EVERYTHING);
            ByteBuffer program = ByteBuffer.allocateDirect(PROGRAM_BYTES).order(ByteOrder.nativeOrder());
            program.putShort(0, (short) 1).putLong(PROGRAM_POINTER_AT, instruction.address());
            socket.config()
                    .setOption(
                            new RawUnixChannelOption("SO_ATTACH_FILTER", SOL_SOCKET, SO_ATTACH_FILTER, PROGRAM_BYTES),
                            program);
        } catch (RuntimeException refused) {
            // Then connections that come while the last ones are taken may be reset, which HTTP clients must expect.
            LOG.debug("no packet filter for {}", socket.localAddress(), refused);
        }
    }
}
