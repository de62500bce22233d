/* state: where runs are kept, and who runs them. The folder is --state, else GWRUN_STATE, else
 * gwrun in the user's folder for state (XDG Base Directory Specification 0.8). */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/internal.h"
#include "codec/codec.h"

static void warn(void *ctx, const char *text)
{
    (void)ctx;
    gw_log(GW_LOG_WARN, "%s", text);
}

struct gw_view gw_cli_state_folder(const struct gw_cli_options *options, struct gw_arena *arena)
{
    const char *given = options->state ? options->state : getenv("GWRUN_STATE");
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (given && given[0]) {
        return gw_arena_dup(arena, gw_view_of(given));
    }
    if (state && state[0] == '/') { /* relative ones are to be ignored */
        return gw_arena_printf(arena, "%s/gwrun", state);
    }
    return gw_arena_printf(arena, "%s/.local/state/gwrun", home && home[0] ? home : ".");
}

struct gw_journal *gw_cli_open_journal(const struct gw_cli_options *options, bool rehearsals,
                                       bool read_only, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view folder = gw_cli_state_folder(options, arena);
    struct gw_view path = gw_arena_printf(arena, "%.*s/%s", GW_VIEW_ARGS(folder),
                                          rehearsals ? "rehearsals.db" : "journal.db");
    struct gw_journal_options journal = {.path = path.data, .read_only = read_only, .warn = warn};
    struct gw_journal *opened = gw_journal_open(&journal, err);
    gw_arena_free(arena);
    return opened;
}

/* The user of the system, whatever the environment says: approvals go by it. */
struct gw_view gw_cli_user(struct gw_arena *arena)
{
    const struct passwd *entry = getpwuid(geteuid());
    if (entry) {
        return gw_arena_dup(arena, gw_view_of(entry->pw_name));
    }
    return gw_arena_printf(arena, "uid %u", (unsigned)geteuid());
}

struct gw_view gw_cli_host(struct gw_arena *arena)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0) {
        return GW_VIEW("unknown host");
    }
    return gw_arena_dup(arena, gw_view_of(name));
}

/* One digest over the built-in modules: scripts run on them. */
static struct gw_view stdlib_hash(struct gw_arena *arena)
{
    struct gw_buf hashes;
    char hash[2 * GW_SHA256_LEN + 1];
    gw_buf_init(&hashes, (size_t)1 << 20);
    for (const struct gw_script_module *module = gw_stdlib_modules; module->name; module++) {
        gw_sha256_hex((struct gw_view){module->source, module->source_len}, hash);
        gw_buf_addf(&hashes, "%s %s\n", hash, module->name);
    }
    gw_sha256_hex(gw_buf_view(&hashes), hash);
    gw_buf_clear(&hashes);
    return gw_arena_dup(arena, gw_view_of(hash));
}

static void add_text(struct gw_arena *arena, struct gw_value *map, const char *name,
                     const char *text)
{
    if (text) {
        *gw_map_add(arena, map, gw_view_of(name)) = gw_value_text(text);
    }
}

struct gw_value gw_cli_run_facts(const struct gw_cli_options *options, struct gw_arena *arena)
{
    struct gw_value facts = gw_value_map(), session = gw_value_map();
    add_text(arena, &session, "region", options->region);
    add_text(arena, &session, "profile", options->profile);
    add_text(arena, &session, "endpoint_url", options->endpoint_url);
    add_text(arena, &session, "ca_bundle", options->ca_bundle);
    *gw_map_add(arena, &session, GW_VIEW("no_sign_request")) =
        gw_value_bool(options->no_sign_request);
    *gw_map_add(arena, &facts, GW_VIEW("pid")) = gw_value_int(getpid());
    add_text(arena, &facts, "version", GW_VERSION);
    *gw_map_add(arena, &facts, GW_VIEW("stdlib")) = gw_value_string(stdlib_hash(arena));
    *gw_map_add(arena, &facts, GW_VIEW("session")) = session;
    return facts;
}
