/* needs: what a runbook declared that it needs, and which act an entry allows.
 *
 * In an entry `*` stands for any text. Of a host it stays within one label ("*.example.com" is not
 * "a.b.example.com") unless it is the whole host; of a path, of files too, within one name, and a
 * final '/' stands for all that is below. */
#include <string.h>

#include "run/internal.h"

/* ---- patterns -------------------------------------------------------------------------------- */

bool gw_run_matches(struct gw_view pattern, struct gw_view text, char barrier)
{
    size_t p = 0, at = 0, star = GW_NPOS, retry = 0;
    while (at < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            retry = at;
        } else if (p < pattern.len && pattern.data[p] == text.data[at]) {
            p++;
            at++;
        } else if (barrier == '/' && p == pattern.len && p > 0 && pattern.data[p - 1] == '/') {
            return true; /* all that is below */
        } else if (star != GW_NPOS && (barrier == '\0' || text.data[retry] != barrier)) {
            p = star + 1;
            at = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

typedef bool (*allows_fn)(struct gw_view entry, const void *wanted);

static bool is_listed(const struct gw_value *needs, const char *list_name, allows_fn allows,
                      const void *wanted)
{
    const struct gw_value *list = gw_map_get(needs, gw_view_of(list_name));
    for (size_t i = 0; list && list->kind == GW_LIST && i < list->as.list.count; i++) {
        const struct gw_value *item = &list->as.list.items[i];
        if (item->kind == GW_STRING && allows(item->as.string, wanted)) {
            return true;
        }
    }
    return false;
}

/* ---- AWS ------------------------------------------------------------------------------------- */

/* "ecs:DescribeServices", "ecs:Describe*", "*:Describe*" */
static bool allows_action(struct gw_view entry, const void *wanted)
{
    const struct gw_act *act = wanted;
    return gw_run_matches(entry, act->action, '\0');
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

static int port_of(const struct gw_url *url)
{
    return url->port              ? url->port
           : url->scheme.len == 5 ? 443 /* https */
                                  : 80;
}

static struct gw_view lower(struct gw_arena *arena, struct gw_view text)
{
    struct gw_view copy = gw_arena_dup(arena, text);
    char *data = (char *)copy.data;
    for (size_t i = 0; i < copy.len; i++) {
        data[i] = (char)(data[i] >= 'A' && data[i] <= 'Z' ? data[i] - 'A' + 'a' : data[i]);
    }
    return copy;
}

static bool host_matches(struct gw_view entry, struct gw_view host)
{
    struct gw_arena *arena = gw_arena_new();
    bool matches = gw_view_equal(entry, GW_VIEW("*")) ||
                   gw_run_matches(lower(arena, entry), lower(arena, host), '.');
    gw_arena_free(arena);
    return matches;
}

/* "/a/../b" is another path once it is sent, as is "/a/%2e%2e/b". */
static bool is_plain_path(struct gw_view path)
{
    struct gw_view name;
    for (size_t i = 0; i + 2 < path.len; i++) {
        if (gw_view_equal_nocase(gw_view_sub(path, i, 3), GW_VIEW("%2e"))) {
            return false;
        }
    }
    while (gw_view_next(&path, '/', &name)) {
        if (gw_view_equal(name, GW_VIEW(".")) || gw_view_equal(name, GW_VIEW(".."))) {
            return false;
        }
    }
    return true;
}

static bool path_matches(struct gw_view entry, struct gw_view path)
{
    return entry.len == 0 || (is_plain_path(path) && gw_run_matches(entry, path, '/'));
}

/* "example.com" allows every port and scheme, "example.com:8080" every scheme; a URL what it says. */
static bool allows_url(struct gw_view entry, const void *wanted)
{
    struct gw_url declared, url;
    const struct gw_act *act = wanted;
    bool has_scheme = gw_view_find(entry, GW_VIEW("://")) != GW_NPOS;
    char text[2048];
    int len =
        snprintf(text, sizeof text, "%s%.*s", has_scheme ? "" : "http://", GW_VIEW_ARGS(entry));
    if (len < 0 || (size_t)len >= sizeof text || !gw_url_parse(gw_view_of(text), &declared, NULL) ||
        !gw_url_parse(act->url, &url, NULL) || !host_matches(declared.host, url.host)) {
        return false;
    }
    if (has_scheme && (!gw_view_equal_nocase(declared.scheme, url.scheme) ||
                       port_of(&declared) != port_of(&url))) {
        return false;
    }
    return (declared.port == 0 || declared.port == port_of(&url)) &&
           path_matches(declared.path, url.path);
}

bool gw_run_check_declared(const struct gw_value *needs, const struct gw_act *act,
                           struct gw_err *err)
{
    if (act->url.len > 0) {
        return is_listed(needs, "http", allows_url, act) ||
               gw_fail(err, GW_ERR_DENIED,
                       "%.*s: not declared in this runbook's needs.http; add \"%.*s\" "
                       "(refused before anything was sent)",
                       GW_VIEW_ARGS(act->action), GW_VIEW_ARGS(act->host));
    }
    return is_listed(needs, "aws", allows_action, act) ||
           gw_fail(err, GW_ERR_DENIED,
                   "%.*s: not declared in this runbook's needs.aws; add \"%.*s\" "
                   "(refused before anything was sent)",
                   GW_VIEW_ARGS(act->action), GW_VIEW_ARGS(act->action));
}
