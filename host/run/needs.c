/* needs: what a runbook declared that it needs, and which act an entry allows.
 *
 * In an entry `*` stands for any text. Of a host it stays within one label ("*.example.com" is not
 * "a.b.example.com") unless it is the whole host; of a path, of files too, within one name, and a
 * final '/' stands for all that is below. What follows a '\' stands for itself; so does the value
 * of a parameter (stdlib/runbook/needs.lua). */
#include <ctype.h>
#include <string.h>

#include "run/internal.h"

/* ---- patterns -------------------------------------------------------------------------------- */

/* Whether a '\' stands at `p`, and something behind it. */
static bool is_escape(struct gw_view pattern, size_t p)
{
    return p + 1 < pattern.len && pattern.data[p] == '\\';
}

size_t gw_run_find_plain(struct gw_view pattern, char wanted)
{
    size_t p = 0;
    while (p < pattern.len && pattern.data[p] != wanted) {
        p += is_escape(pattern, p) ? 2 : 1;
    }
    return p < pattern.len ? p : GW_NPOS;
}

bool gw_run_matches(struct gw_view pattern, struct gw_view text, char barrier)
{
    size_t p = 0, at = 0, star = GW_NPOS, retry = 0;
    while (at < text.len) {
        size_t literal = p + is_escape(pattern, p);
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            retry = at;
        } else if (p < pattern.len && pattern.data[literal] == text.data[at]) {
            p = literal + 1;
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

/* ---- commands -------------------------------------------------------------------------------- */

static const struct gw_view reads = {"read:", 5};

static bool next_word(struct gw_view *entry, struct gw_view *word)
{
    while (gw_view_starts_with(*entry, GW_VIEW(" "))) {
        *entry = gw_view_sub(*entry, 1, GW_NPOS);
    }
    *word = gw_view_sub(*entry, 0, gw_run_find_plain(*entry, ' '));
    *entry = gw_view_sub(*entry, word->len, GW_NPOS);
    return word->len > 0;
}

/* A word of the entry is a word of the command; a last `*` any number of them. */
static bool words_match(struct gw_view entry, const struct gw_value *words)
{
    struct gw_view word;
    size_t at = 0, count = words->as.list.count;
    while (next_word(&entry, &word)) {
        if (gw_view_equal(word, GW_VIEW("*")) && gw_view_trim(entry).len == 0) {
            return true;
        }
        if (at == count || !gw_run_matches(word, words->as.list.items[at++].as.string, '\0')) {
            return false;
        }
    }
    return at == count && count > 0;
}

static bool allows_reading_command(struct gw_view entry, const void *words)
{
    return gw_view_starts_with(entry, reads) &&
           words_match(gw_view_sub(entry, reads.len, GW_NPOS), words);
}

static bool allows_command(struct gw_view entry, const void *words)
{
    return allows_reading_command(entry, words) || words_match(entry, words);
}

static enum gw_effect effect_of(struct gw_gate *gate, const char *list_name,
                                const struct gw_value *words)
{
    const struct gw_run *run = (const struct gw_run *)gate; /* its first member */
    return is_listed(&run->needs, list_name, allows_reading_command, words) ? GW_EFFECT_READ
                                                                            : GW_EFFECT_CHANGE;
}

enum gw_effect gw_run_command_effect(struct gw_gate *gate, const struct gw_value *words)
{
    return effect_of(gate, "run", words);
}

enum gw_effect gw_run_inside_effect(struct gw_gate *gate, const struct gw_value *words)
{
    return effect_of(gate, "exec", words);
}

/* ---- the environment ------------------------------------------------------------------------- */

static bool is_variable_name(struct gw_view name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (!isalpha(c) && c != '_' && !(isdigit(c) && i > 0)) {
            return false;
        }
    }
    return name.len > 0;
}

/* Keys and tokens, which no entry allows. */
static bool is_forbidden(struct gw_view name)
{
    static const char *const names[] = {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                        "AWS_SECURITY_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (gw_view_equal(name, gw_view_of(names[i]))) {
            return true;
        }
    }
    return gw_view_starts_with(name, GW_VIEW("AWS_BEARER_TOKEN"));
}

static bool allows_variable(struct gw_view entry, const void *wanted)
{
    return gw_run_matches(entry, *(const struct gw_view *)wanted, '\0');
}

bool gw_run_allow_variable(struct gw_gate *gate, struct gw_view name, struct gw_err *err)
{
    const struct gw_run *run = (const struct gw_run *)gate; /* its first member */
    if (!is_variable_name(name)) {
        return gw_fail(err, GW_ERR_INPUT, "env '%.*s': is no name of a variable",
                       GW_VIEW_ARGS(name));
    }
    if (is_forbidden(name)) {
        return gw_fail(err, GW_ERR_DENIED, "env '%.*s': no runbook may read keys and tokens of AWS",
                       GW_VIEW_ARGS(name));
    }
    return is_listed(&run->needs, "env", allows_variable, &name) ||
           gw_fail(err, GW_ERR_DENIED,
                   "env '%.*s': not declared in this runbook's needs.env; add \"%.*s\"",
                   GW_VIEW_ARGS(name), GW_VIEW_ARGS(name));
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* The entry that would allow it: "git push origin". */
static bool fail_command(const struct gw_act *act, struct gw_err *err)
{
    struct gw_view entry = gw_view_sub(act->action, sizeof "run " - 1, GW_NPOS);
    return gw_fail(err, GW_ERR_DENIED,
                   "%.*s: not declared in this runbook's needs.run; add \"%.*s\" "
                   "(refused before it was run)",
                   GW_VIEW_ARGS(act->action), GW_VIEW_ARGS(entry));
}

/* A word with a space in it is one word of an entry too. */
static struct gw_view as_entry(const struct gw_value *words, struct gw_arena *arena)
{
    struct gw_buf entry;
    gw_buf_init(&entry, 4096);
    for (size_t i = 0; i < words->as.list.count; i++) {
        struct gw_view word = words->as.list.items[i].as.string;
        gw_buf_add_text(&entry, i > 0 ? " " : "");
        for (size_t k = 0; k < word.len; k++) {
            bool is_special = strchr(" *\\", word.data[k]) != NULL;
            gw_buf_addf(&entry, is_special ? "\\%c" : "%c", word.data[k]);
        }
    }
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&entry));
    gw_buf_clear(&entry);
    return copy;
}

static bool fail_inside(const struct gw_act *act, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view entry = as_entry(act->inside, arena);
    gw_fail(err, GW_ERR_DENIED,
            "%.*s: this command is not declared in this runbook's needs.exec; add \"%.*s\", with "
            "\"read: \" before it where it changes nothing (refused before anything was sent)",
            GW_VIEW_ARGS(act->action), GW_VIEW_ARGS(entry));
    gw_arena_free(arena);
    return false;
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
    if (act->command) {
        return is_listed(needs, "run", allows_command, act->command) || fail_command(act, err);
    }
    if (!is_listed(needs, "aws", allows_action, act)) {
        return gw_fail(err, GW_ERR_DENIED,
                       "%.*s: not declared in this runbook's needs.aws; add \"%.*s\" "
                       "(refused before anything was sent)",
                       GW_VIEW_ARGS(act->action), GW_VIEW_ARGS(act->action));
    }
    return !act->inside || is_listed(needs, "exec", allows_command, act->inside) ||
           fail_inside(act, err);
}
