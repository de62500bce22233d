/* How an HTTP connection becomes a WebSocket (RFC 6455, 4): the request, and what may answer it. */
#include "net/internal.h"

#define MAX_HEAD_BYTES ((size_t)64 << 10)

/* ---- request --------------------------------------------------------------------------------- */

static bool is_this_machine(struct gw_view host)
{
    return gw_view_equal_nocase(host, GW_VIEW("localhost")) ||
           gw_view_equal(host, GW_VIEW("::1")) || gw_view_starts_with(host, GW_VIEW("127."));
}

/* wss:// is https:// until the answer; ws:// shows all that is typed to whoever is in between. */
static bool write_address(struct gw_view given, struct gw_buf *address, struct gw_url *url,
                          struct gw_err *err)
{
    bool is_secure = gw_view_starts_with(given, GW_VIEW("wss://"));
    if (!is_secure && !gw_view_starts_with(given, GW_VIEW("ws://"))) {
        return gw_fail(err, GW_ERR_INPUT, "websocket: expected a URL that begins with wss://");
    }
    gw_buf_addf(address, "http%.*s", GW_VIEW_ARGS(gw_view_sub(given, 2, GW_NPOS)));
    if (!gw_url_parse(gw_buf_view(address), url, err)) {
        return false;
    }
    return is_secure || is_this_machine(url->host) ||
           gw_fail(err, GW_ERR_INPUT,
                   "websocket: '%.*s' is not encrypted (ws://), which is for this machine only",
                   GW_VIEW_ARGS(url->authority));
}

bool gw_upgrade_write(const struct gw_websocket_request *request, const char *user_agent,
                      struct gw_buf *address, struct gw_buf *out, struct gw_err *err)
{
    struct gw_url url = {0};
    if (!write_address(request->url, address, &url, err)) {
        return false;
    }
    gw_buf_addf(out, "GET %s%.*s%s%.*s HTTP/1.1\r\nHost: %.*s\r\n", url.path.len > 0 ? "" : "/",
                GW_VIEW_ARGS(url.path), url.query.len > 0 ? "?" : "", GW_VIEW_ARGS(url.query),
                GW_VIEW_ARGS(url.authority));
    if (user_agent != NULL) {
        gw_buf_addf(out, "User-Agent: %s\r\n", user_agent);
    }
    return gw_buf_addf(out,
                       "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: %.*s\r\n"
                       "Sec-WebSocket-Version: 13\r\n\r\n",
                       GW_VIEW_ARGS(request->key)) ||
           gw_fail(err, GW_ERR_LIMIT, "websocket: the URL is too long");
}

/* ---- answer ---------------------------------------------------------------------------------- */

/* Of the header with that name; the empty view when there is none. */
static struct gw_view header(struct gw_view head, struct gw_view name)
{
    struct gw_view line;
    while (gw_view_next(&head, '\n', &line)) {
        size_t colon = gw_view_find_char(line, ':');
        if (colon != GW_NPOS && gw_view_equal_nocase(gw_view_sub(line, 0, colon), name)) {
            return gw_view_trim(gw_view_sub(line, colon + 1, GW_NPOS));
        }
    }
    return GW_VIEW("");
}

/* "HTTP/1.1 101 Switching Protocols" */
static bool check_status(struct gw_view head, struct gw_err *err)
{
    struct gw_view line = GW_VIEW(""), version = GW_VIEW(""), status = GW_VIEW("");
    gw_view_next(&head, '\n', &line);
    line = gw_view_trim(line);
    if (!gw_view_starts_with(line, GW_VIEW("HTTP/1.1 "))) {
        return gw_fail(err, GW_ERR_PROTOCOL, "websocket: what answers does not speak HTTP/1.1");
    }
    struct gw_view rest = line;
    gw_view_next(&rest, ' ', &version);
    gw_view_next(&rest, ' ', &status);
    return gw_view_equal(status, GW_VIEW("101")) ||
           gw_fail(err, GW_ERR_SERVICE, "websocket: answered '%.*s' in place of 101",
                   GW_VIEW_ARGS(gw_view_sub(line, sizeof "HTTP/1.1", 200)));
}

/* We have asked for no extension and no subprotocol, so that there may be none. */
static bool check_head(struct gw_view head, struct gw_view accept, struct gw_err *err)
{
    if (!check_status(head, err)) {
        return false;
    }
    if (!gw_view_equal_nocase(header(head, GW_VIEW("Upgrade")), GW_VIEW("websocket")) ||
        !gw_view_equal(header(head, GW_VIEW("Sec-WebSocket-Accept")), accept)) {
        return gw_fail(err, GW_ERR_PROTOCOL, "websocket: what answers is no WebSocket server");
    }
    return (header(head, GW_VIEW("Sec-WebSocket-Extensions")).len == 0 &&
            header(head, GW_VIEW("Sec-WebSocket-Protocol")).len == 0) ||
           gw_fail(err, GW_ERR_PROTOCOL, "websocket: the server wants what was not asked for");
}

enum gw_upgrade gw_upgrade_read(struct gw_view bytes, struct gw_view accept, size_t *len,
                                struct gw_err *err)
{
    size_t end = gw_view_find(bytes, GW_VIEW("\r\n\r\n"));
    if (end == GW_NPOS && bytes.len <= MAX_HEAD_BYTES) {
        return GW_UPGRADE_MORE;
    }
    if (end == GW_NPOS) {
        gw_fail(err, GW_ERR_LIMIT, "websocket: an answer of more than %zu bytes", MAX_HEAD_BYTES);
        return GW_UPGRADE_REFUSED;
    }
    *len = end + 4;
    return check_head(gw_view_sub(bytes, 0, end), accept, err) ? GW_UPGRADE_DONE
                                                               : GW_UPGRADE_REFUSED;
}
