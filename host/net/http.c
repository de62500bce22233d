/* The parts of HTTP that every transport shares: header lists and absolute URLs.
 * Limits: none of its own; the texts are bounded by who made them. */
#include <string.h>

#include "net/net.h"

void gw_headers_add(struct gw_arena *arena, struct gw_headers *headers, struct gw_view name,
                    struct gw_view value)
{
    if (headers->count == headers->capacity) {
        size_t capacity = headers->capacity == 0 ? 8 : 2 * headers->capacity;
        struct gw_header *items = gw_arena_alloc(arena, capacity * sizeof *items);
        if (headers->count > 0) {
            memcpy(items, headers->items, headers->count * sizeof *items);
        }
        headers->items = items;
        headers->capacity = capacity;
    }
    headers->items[headers->count++] =
        (struct gw_header){gw_arena_dup(arena, name), gw_arena_dup(arena, value)};
}

struct gw_view gw_headers_get(const struct gw_headers *headers, struct gw_view name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (gw_view_equal_nocase(headers->items[i].name, name)) {
            return headers->items[i].value;
        }
    }
    return GW_VIEW_NONE;
}

void gw_headers_drop(struct gw_headers *headers, struct gw_view name)
{
    size_t kept = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (!gw_view_equal_nocase(headers->items[i].name, name)) {
            headers->items[kept++] = headers->items[i];
        }
    }
    headers->count = kept;
}

/* ---- URL ------------------------------------------------------------------------------------- */

static struct gw_view drop(struct gw_view text, size_t len)
{
    return gw_view_sub(text, len, text.len);
}

static size_t find_any(struct gw_view text, const char *set)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(set, text.data[i]) != NULL) {
            return i;
        }
    }
    return text.len;
}

/* Spaces, controls and bytes above ASCII must come percent-encoded: raw ones would end the request
 * line early, or be sent differently from how they were signed. */
static bool is_printable(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

static bool parse_port(struct gw_view text, int *port)
{
    int64_t number = 0;
    if (text.len == 0 || text.len > 5 || text.data[0] == '-' || text.data[0] == '+' ||
        !gw_view_to_int64(text, &number) || number < 1 || number > 65535) {
        return false;
    }
    *port = (int)number;
    return true;
}

/* The text after the host: nothing, or ":port". */
static bool parse_port_part(struct gw_view text, int *port)
{
    return text.len == 0 || (text.data[0] == ':' && parse_port(drop(text, 1), port));
}

static bool parse_authority(struct gw_view authority, struct gw_url *out)
{
    out->authority = authority;
    size_t end = gw_view_find_char(authority, ':');
    if (authority.len > 0 && authority.data[0] == '[') {
        end = gw_view_find_char(authority, ']');
        if (end == GW_NPOS) {
            return false;
        }
        out->host = gw_view_sub(authority, 1, end - 1);
        return out->host.len > 0 && parse_port_part(drop(authority, end + 1), &out->port);
    }
    end = end == GW_NPOS ? authority.len : end;
    out->host = gw_view_sub(authority, 0, end);
    return out->host.len > 0 && find_any(out->host, "[]\\%") == out->host.len &&
           parse_port_part(drop(authority, end), &out->port);
}

static bool has_user(struct gw_view text, size_t colon)
{
    struct gw_view rest = colon == GW_NPOS ? text : drop(text, colon + 3);
    return gw_view_find_char(gw_view_sub(rest, 0, find_any(rest, "/?")), '@') != GW_NPOS;
}

bool gw_url_parse(struct gw_view text, struct gw_url *out, struct gw_err *err)
{
    *out = (struct gw_url){0};
    size_t colon = gw_view_find(text, GW_VIEW("://"));
    if (has_user(text, colon)) { /* not quoted: a password may stand there */
        return gw_fail(err, GW_ERR_INPUT, "url: has a user or password, which has no place there");
    }
    if (colon == GW_NPOS) {
        return gw_fail(err, GW_ERR_INPUT, "url '%.*s': expected http:// or https://",
                       GW_VIEW_ARGS(text));
    }
    out->scheme = gw_view_sub(text, 0, colon);
    if (!gw_view_equal_nocase(out->scheme, GW_VIEW("http")) &&
        !gw_view_equal_nocase(out->scheme, GW_VIEW("https"))) {
        return gw_fail(err, GW_ERR_INPUT, "url '%.*s': expected http or https, not '%.*s'",
                       GW_VIEW_ARGS(text), GW_VIEW_ARGS(out->scheme));
    }
    if (!is_printable(text) || gw_view_find_char(text, '#') != GW_NPOS) {
        return gw_fail(err, GW_ERR_INPUT,
                       "url '%.*s': has a fragment, or bytes that are not percent-encoded",
                       GW_VIEW_ARGS(text));
    }
    struct gw_view rest = drop(text, colon + 3);
    size_t authority_len = find_any(rest, "/?");
    if (!parse_authority(gw_view_sub(rest, 0, authority_len), out)) {
        return gw_fail(err, GW_ERR_INPUT, "url '%.*s': expected host or host:port after '://'",
                       GW_VIEW_ARGS(text));
    }
    rest = drop(rest, authority_len);
    size_t path_len = find_any(rest, "?");
    out->path = gw_view_sub(rest, 0, path_len);
    out->query = drop(rest, path_len + 1);
    return true;
}
