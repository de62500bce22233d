/* credentials_process: a program of the user's that prints credentials. It runs through the shell with
 * the standard input and the environment that we have, but for GWRUN_*, and may ask at the terminal. What it prints is
 * secret whatever it is: no message quotes it; the end of what it says on standard error is quoted
 * where it fails.
 * Limits: 5 minutes, 64 KiB of output; of standard error the first 4 KiB. */
#include <string.h>

#include "aws/internal.h"

extern char **environ; /* POSIX declares it nowhere */

#define TIMEOUT_MS       (5 * 60 * 1000)
#define OUTPUT_MAX_BYTES ((size_t)64 << 10)
#define ERROR_MAX_BYTES  ((size_t)4 << 10)
#define QUOTE_MAX_BYTES  ((size_t)300)

/* ---- its end --------------------------------------------------------------------------------- */

/* The last line, as a reason. */
static struct gw_view reason_of(struct gw_view err)
{
    struct gw_view text = gw_view_trim(err), line = text;
    while (gw_view_next(&text, '\n', &line)) {
    }
    return gw_view_sub(gw_view_trim(line), 0, QUOTE_MAX_BYTES);
}

static void fail_status(struct gw_fetch *fetch, const struct gw_process_end *end)
{
    struct gw_err err = {0};
    struct gw_view reason = reason_of(end->err);
    gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: ended with %s %d%s%.*s",
            GW_VIEW_ARGS(fetch->link->source), end->signal ? "signal" : "exit code",
            end->signal ? end->signal : end->code, reason.len > 0 ? ": " : "",
            GW_VIEW_ARGS(reason));
    gw_fetch_fail(fetch, &err);
}

static void fail_process(struct gw_fetch *fetch, const struct gw_err *cause)
{
    struct gw_err err = {0};
    const char *what = cause->code == GW_ERR_TIMEOUT ? "gave no answer within 5 minutes"
                       : cause->code == GW_ERR_LIMIT ? "printed more than 64 KiB"
                                                     : cause->message;
    gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: %s", GW_VIEW_ARGS(fetch->link->source), what);
    gw_fetch_fail(fetch, &err);
}

static bool check_version(const struct gw_value *object, struct gw_view source, struct gw_err *err)
{
    const struct gw_value *version = gw_map_get(object, GW_VIEW("Version"));
    struct gw_value one = gw_value_int(1);
    return (version && gw_value_equal(version, &one)) ||
           gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: expected Version 1 in what it prints",
                   GW_VIEW_ARGS(source));
}

/* What a process prints, on its own for the fuzzer. */
bool gw_process_read(struct gw_view text, struct gw_view source, struct gw_arena *arena,
                     struct gw_credentials *out, struct gw_err *err)
{
    static const struct gw_credentials_names names = {
        {"AccessKeyId", "SecretAccessKey", "SessionToken"}, "Expiration", "AccountId"};
    struct gw_value object;
    if (!gw_json_parse(text, arena, &object, NULL) || object.kind != GW_MAP) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: expected it to print a JSON object",
                       GW_VIEW_ARGS(source));
    }
    return check_version(&object, source, err) &&
           gw_credentials_read(&object, &names, source, arena, out, err);
}

static void on_end(void *ctx, const struct gw_process_end *end, const struct gw_err *cause)
{
    struct gw_fetch *fetch = ctx;
    struct gw_credentials credentials = {0};
    struct gw_err err = {0};
    fetch->process = NULL;
    if (!end) {
        fail_process(fetch, cause);
    } else if (end->signal || end->code != 0) {
        fail_status(fetch, end);
    } else if (!gw_process_read(end->out, fetch->link->source, fetch->arena, &credentials, &err)) {
        gw_fetch_fail(fetch, &err);
    } else {
        if (credentials.account_id.len == 0) {
            credentials.account_id = fetch->link->account_id;
        }
        gw_fetch_finish(fetch, &credentials);
    }
}

/* ---- its start ------------------------------------------------------------------------------- */

/* Ours, but for what may hold the secrets of a run: parameters come by variables of that name. */
static const char *const *environment_of(struct gw_arena *arena)
{
    size_t count = 0, kept = 0;
    while (environ[count]) {
        count++;
    }
    const char **out = gw_arena_alloc(arena, (count + 1) * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "GWRUN_", 6) != 0) {
            out[kept++] = environ[i];
        }
    }
    out[kept] = NULL;
    return out;
}

void gw_fetch_process(struct gw_fetch *fetch)
{
    struct gw_err err = {0};
    const char *command = gw_arena_dup(fetch->arena, fetch->link->command).data;
    const char *const arguments[] = {"sh", "-c", command, NULL};
    struct gw_process_options options = {.program = "/bin/sh",
                                         .arguments = arguments,
                                         .environment = environment_of(fetch->arena),
                                         .interactive = true,
                                         .max_out_bytes = OUTPUT_MAX_BYTES,
                                         .max_err_bytes = ERROR_MAX_BYTES,
                                         .timeout_ms = TIMEOUT_MS};
    fetch->process =
        gw_process_start(gw_identity_options(fetch->identity)->loop, &options, on_end, fetch, &err);
    if (!fetch->process) {
        fail_process(fetch, &err);
    }
}
