/* options: the host's own part of the command line. What stands after the runbook's name and is not
 * known here is the runbook's. */
#include <stdlib.h>
#include <string.h>

#include "cli/internal.h"

enum kind { FLAG, TEXT, TEXTS };

struct option {
    struct gw_view name;
    enum kind kind;
    size_t offset; /* of the member, in struct gw_cli_options */
};

#define OPTION(text, kind, member)                                                                 \
    {                                                                                              \
        {text, sizeof(text) - 1}, kind, offsetof(struct gw_cli_options, member)                    \
    }

static const struct option known[] = {
    OPTION("--accept-changes", FLAG, accept_changes),
    OPTION("--ask", FLAG, ask),
    OPTION("--ca-bundle", TEXT, ca_bundle),
    OPTION("--endpoint-url", TEXT, endpoint_url),
    OPTION("--fault", TEXTS, faults),
    OPTION("--help", FLAG, help),
    OPTION("--no-color", FLAG, no_color),
    OPTION("--no-preflight", FLAG, no_preflight),
    OPTION("--no-sign-request", FLAG, no_sign_request),
    OPTION("--on-failure", TEXT, on_failure),
    OPTION("--on-foreign-change", TEXT, on_foreign_change),
    OPTION("--output", TEXT, output),
    OPTION("--plan", FLAG, plan),
    OPTION("--profile", TEXT, profile),
    OPTION("--quiet", FLAG, quiet),
    OPTION("--read-only", FLAG, read_only),
    OPTION("--region", TEXT, region),
    OPTION("--seed", TEXT, seed_text),
    OPTION("--sim", FLAG, sim),
    OPTION("--sim-world", TEXT, sim_world),
    OPTION("--state", TEXT, state),
    OPTION("--take-over", TEXT, take_over),
    OPTION("--uncertain", TEXT, on_uncertain),
    OPTION("--verbose", FLAG, verbose),
    OPTION("--version", FLAG, version),
    OPTION("--wait-for-lock", FLAG, wait_for_lock),
    OPTION("--yes", FLAG, yes),
    OPTION("-h", FLAG, help),
};

#define KNOWN_COUNT (sizeof known / sizeof *known)

size_t gw_cli_option_names(const struct gw_view **names)
{
    static struct gw_view all[KNOWN_COUNT];
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        all[i] = known[i].name;
    }
    *names = all;
    return KNOWN_COUNT;
}

static const struct option *find(struct gw_view name)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        if (gw_view_equal(known[i].name, name)) {
            return &known[i];
        }
    }
    return NULL;
}

static bool fail_unknown(struct gw_view name, struct gw_err *err)
{
    const struct gw_view *names;
    size_t count = gw_cli_option_names(&names);
    struct gw_view near = gw_view_nearest(name, names, count);
    if (near.len > 0) {
        return gw_fail(err, GW_ERR_INPUT, "unknown option '%.*s', did you mean '%.*s'?",
                       GW_VIEW_ARGS(name), GW_VIEW_ARGS(near));
    }
    return gw_fail(err, GW_ERR_INPUT, "unknown option '%.*s'; 'gwrun help' lists them",
                   GW_VIEW_ARGS(name));
}

static bool add_text(const struct option *option, struct gw_cli_texts *texts, const char *value,
                     struct gw_err *err)
{
    const size_t most = sizeof texts->items / sizeof *texts->items;
    if (texts->count == most) {
        return gw_fail(err, GW_ERR_INPUT, "option '%s': at most %zu of them", option->name.data,
                       most);
    }
    texts->items[texts->count++] = value;
    return true;
}

/* Sets the option at argv[*i], whose value may be the next argument. */
static bool set(const struct option *option, char **argv, int *i, struct gw_cli_options *out,
                struct gw_err *err)
{
    const char *equals = strchr(argv[*i], '=');
    void *member = (char *)out + option->offset;
    if (option->kind == FLAG) {
        *(bool *)member = true;
        return !equals ||
               gw_fail(err, GW_ERR_INPUT, "option '%s' takes no value", option->name.data);
    }
    const char *value = equals ? equals + 1 : argv[++*i];
    if (!value || (!equals && value[0] == '-' && value[1] == '-') || !value[0]) {
        return gw_fail(err, GW_ERR_INPUT, "option '%s' needs a value", option->name.data);
    }
    if (option->kind == TEXTS) {
        return add_text(option, member, value, err);
    }
    *(const char **)member = value;
    return true;
}

/* `gwrun call` has formats of its own. */
static bool read_output(struct gw_cli_options *out, struct gw_err *err)
{
    struct gw_view text = gw_view_of(out->output);
    if (out->name && strcmp(out->name, "call") == 0) {
        return true;
    }
    out->json = gw_view_equal(text, GW_VIEW("json"));
    return out->json || !out->output || gw_view_equal(text, GW_VIEW("text")) ||
           gw_fail(err, GW_ERR_INPUT, "option '--output': expected text or json, got '%s'",
                   out->output);
}

static bool read_seed(struct gw_cli_options *out, struct gw_err *err)
{
    int64_t seed = 1;
    if (out->seed_text && (!gw_view_to_int64(gw_view_of(out->seed_text), &seed) || seed < 1)) {
        return gw_fail(err, GW_ERR_INPUT, "option '--seed': expected a positive integer, got '%s'",
                       out->seed_text);
    }
    out->seed = (uint64_t)seed;
    return true;
}

static bool check_word(const char *option, const char *given, const char *const *words,
                       struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view all = GW_VIEW("");
    bool ok = !given;
    for (size_t i = 0; words[i]; i++) {
        ok = ok || strcmp(given, words[i]) == 0;
        all = gw_arena_printf(arena, "%s%s%s", all.data, i > 0 ? ", " : "", words[i]);
    }
    if (!ok) {
        gw_fail(err, GW_ERR_INPUT, "option '%s': expected one of %s, got '%s'", option, all.data,
                given);
    }
    gw_arena_free(arena);
    return ok;
}

static bool check_answers(const struct gw_cli_options *out, struct gw_err *err)
{
    static const char *const failure[] = {"retry", "skip", "undo", "stop", NULL};
    static const char *const foreign[] = {"stop", "accept", NULL};
    static const char *const uncertain[] = {"applied", "again", NULL};
    return check_word("--on-failure", out->on_failure, failure, err) &&
           check_word("--on-foreign-change", out->on_foreign_change, foreign, err) &&
           check_word("--uncertain", out->on_uncertain, uncertain, err);
}

static bool check_together(struct gw_cli_options *out, struct gw_err *err)
{
    if (out->yes && out->ask) {
        return gw_fail(err, GW_ERR_INPUT, "options '--yes' and '--ask' exclude each other");
    }
    if (out->quiet && out->verbose) {
        return gw_fail(err, GW_ERR_INPUT, "options '--quiet' and '--verbose' exclude each other");
    }
    bool simulates =
        out->sim ||
        (out->name && (strcmp(out->name, "sim") == 0 || strcmp(out->name, "drill") == 0));
    if (!simulates && (out->sim_world || out->seed_text || out->faults.count > 0)) {
        return gw_fail(err, GW_ERR_INPUT, "option '%s' is for the simulator; add '--sim'",
                       out->sim_world   ? "--sim-world"
                       : out->seed_text ? "--seed"
                                        : "--fault");
    }
    if (out->sim && (out->profile || out->endpoint_url)) {
        return gw_fail(err, GW_ERR_INPUT, "option '%s' has no meaning in the simulator",
                       out->profile ? "--profile" : "--endpoint-url");
    }
    return true;
}

/* The environment's word is for what is real: a rehearsal has nothing to protect. */
static void read_environment(struct gw_cli_options *out)
{
    const char *text = getenv("GWRUN_READ_ONLY");
    bool is_set = text && text[0] && strcmp(text, "0") != 0;
    out->read_only = out->read_only || (is_set && !out->sim);
}

bool gw_cli_parse(int argc, char **argv, struct gw_cli_options *out, struct gw_err *err)
{
    bool host = true;
    *out = (struct gw_cli_options){.rest = gw_alloc(((size_t)argc + 1) * sizeof *out->rest)};
    for (int i = 1; i < argc; i++) {
        struct gw_view name = gw_view_of(argv[i]);
        name.len = strcspn(argv[i], "=");
        const struct option *option = host ? find(name) : NULL;
        if (option) {
            if (!set(option, argv, &i, out, err)) {
                return false;
            }
        } else if (host && strcmp(argv[i], "--") == 0) {
            host = false;
            out->has_plain = out->name != NULL;
            out->plain_from = out->rest_count;
        } else if (out->name) {
            out->rest[out->rest_count++] = argv[i];
        } else if (host && argv[i][0] == '-') {
            return fail_unknown(name, err);
        } else {
            out->name = argv[i];
        }
    }
    read_environment(out);
    return read_output(out, err) && read_seed(out, err) && check_answers(out, err) &&
           check_together(out, err);
}

void gw_cli_options_clear(struct gw_cli_options *options)
{
    free(options->rest);
    options->rest = NULL;
    options->rest_count = 0;
}
