package io.gojinn.proxy.admin;

import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers operators, one request a connection. Confined to its event loop; pages are made on a virtual thread, because
 * they may block.
 *
 * <p>A request must name the address it was sent to, or loopback, as its host: a web page that a browser loads from a name
 * bound to this address would name that name (DNS rebinding). What acts is not done for a request that a web page makes to
 * another origin, which its browser says (RFC 6454, 7).
 */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(AdminHandler.class);

    private final AdminPages pages;

    AdminHandler(AdminPages pages) {
        this.pages = pages;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            answer(ctx, new AdminPages.Page(400, "text/plain", "malformed request\n"), false);
            return;
        }
        if (!isAddressed(ctx, request.headers().getAll(HttpHeaderNames.HOST))) {
            answer(ctx, new AdminPages.Page(403, "text/plain", "Host must name this address\n"), false);
            return;
        }
        int question = request.uri().indexOf('?');
        String path = question < 0 ? request.uri() : request.uri().substring(0, question);
        boolean head = request.method().equals(HttpMethod.HEAD);
        if (!pages.has(path)) {
            answer(ctx, new AdminPages.Page(404, "text/plain", "no such page\n"), head);
        } else if (pages.acts(path) ? !request.method().equals(HttpMethod.POST) : !isRead(request.method())) {
            String allowed = pages.acts(path) ? "POST" : "GET, HEAD";
            answer(ctx, new AdminPages.Page(405, "text/plain", allowed + " only\n"), false, allowed);
        } else if (pages.acts(path) && request.headers().contains(HttpHeaderNames.ORIGIN)) {
            answer(ctx, new AdminPages.Page(403, "text/plain", "not for web pages\n"), false);
        } else {
            String accept = request.headers().get(HttpHeaderNames.ACCEPT);
            Thread.startVirtualThread(() -> {
                AdminPages.Page page = make(path, accept);
                ctx.executor().execute(() -> answer(ctx, page, head));
            });
        }
    }

    private static boolean isRead(HttpMethod method) {
        return method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
    }

    private AdminPages.Page make(String path, @Nullable String accept) {
        try {
            return pages.page(path, accept);
        } catch (RuntimeException defect) {
            LOG.error("admin page {} failed", path, defect);
            return new AdminPages.Page(500, "text/plain", "internal error\n");
        }
    }

    private static boolean isAddressed(ChannelHandlerContext ctx, List<String> hosts) {
        if (hosts.size() != 1) {
            return false;
        }
        String host = hosts.getFirst().toLowerCase(Locale.ROOT);
        int colon = host.lastIndexOf(':');
        String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
        if (name.equals("localhost")) {
            return true;
        }
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(name);
        if (literal == null || !(ctx.channel().localAddress() instanceof InetSocketAddress local)) {
            return false;
        }
        try {
            InetAddress address = InetAddress.getByAddress(literal);
            return address.isLoopbackAddress() || address.equals(local.getAddress());
        } catch (UnknownHostException impossible) {
            return false;
        }
    }

    private static void answer(ChannelHandlerContext ctx, AdminPages.Page page, boolean head) {
        answer(ctx, page, head, "");
    }

    private static void answer(ChannelHandlerContext ctx, AdminPages.Page page, boolean head, String allowed) {
        ByteBuf body = ByteBufUtil.writeUtf8(ctx.alloc(), page.body());
        int length = body.readableBytes();
        if (head) {
            body.clear();
        }
        FullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(page.status()), body);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, page.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, length)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (!allowed.isEmpty()) {
            response.headers().set(HttpHeaderNames.ALLOW, allowed);
        }
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("admin connection failed", cause);
        Channels.close(ctx);
    }
}
