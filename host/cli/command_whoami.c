/* command_whoami: gwrun whoami: whose credentials a run would use, where they come from and until when,
 * and in which region it would be. AWS itself is asked, so that they are known to work. */
#include <string.h>

#include "cli/internal.h"
#include "codec/codec.h"

struct answer {
    bool has_come;
    struct gw_arena *arena;
    struct gw_view account, arn, user_id;
    struct gw_err err;
};

/* What is known of the caller, for both forms of output. */
struct caller {
    const struct answer *answer;
    const struct gw_credentials *credentials; /* without keys */
    struct gw_view region, region_origin;
    int64_t now_epoch_s;
};

/* ---- asking ---------------------------------------------------------------------------------- */

static void on_identity(void *ctx, const struct gw_call_result *result)
{
    struct answer *answer = ctx;
    answer->has_come = true;
    if (result->err) {
        answer->err = *result->err;
    } else if (result->error) {
        const struct gw_aws_error *error = result->error;
        gw_fail(&answer->err, GW_ERR_CREDENTIALS,
                "%.*s:%.*s: %.*s (%.*s); the credentials came from %.*s",
                GW_VIEW_ARGS(error->service), GW_VIEW_ARGS(error->operation),
                GW_VIEW_ARGS(gw_view_sub(error->message, 0, 400)), GW_VIEW_ARGS(error->code),
                GW_VIEW_ARGS(result->credentials_source));
    } else {
        answer->account =
            gw_arena_dup(answer->arena, gw_map_text(result->output, GW_VIEW("Account")));
        answer->arn = gw_arena_dup(answer->arena, gw_map_text(result->output, GW_VIEW("Arn")));
        answer->user_id =
            gw_arena_dup(answer->arena, gw_map_text(result->output, GW_VIEW("UserId")));
    }
}

static bool ask(struct gw_cli_session *session, const struct gw_run_target *target,
                struct answer *answer, struct gw_err *err)
{
    const struct gw_service *service = gw_models_find(gw_models_builtin(), GW_VIEW("sts"));
    struct gw_client *client = target->client(target->ctx, GW_VIEW_NONE, GW_VIEW_NONE, err);
    struct gw_value none = gw_value_map();
    struct gw_call_request request = {
        .op = gw_service_find_operation(service, GW_VIEW("GetCallerIdentity")),
        .input = &none,
        .done = on_identity,
        .ctx = answer};
    if (!client || !gw_call_start(client, &request, err)) {
        return false;
    }
    while (!answer->has_come && gw_loop_step(gw_cli_session_loop(session))) {
    }
    return answer->err.code == GW_ERR_NONE ||
           gw_fail(err, answer->err.code, "%s", answer->err.message);
}

/* ---- telling --------------------------------------------------------------------------------- */

static void print_row(const char *name, struct gw_view text)
{
    printf("%-10s ", name);
    gw_cli_print(stdout, text);
    putchar('\n');
}

static struct gw_view expiry_text(const struct caller *caller, struct gw_arena *arena)
{
    int64_t expires_s = caller->credentials->expires_epoch_s;
    struct gw_buf text;
    if (expires_s == 0) {
        return GW_VIEW("never");
    }
    gw_buf_init(&text, 128);
    gw_time_write((double)expires_s, GW_TIME_ISO8601, &text);
    gw_buf_add_text(&text, ", in ");
    gw_duration_write((double)(expires_s - caller->now_epoch_s), &text);
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy;
}

static void print_text(const struct caller *caller, struct gw_arena *arena)
{
    const struct answer *answer = caller->answer;
    print_row("account", answer->account);
    print_row("identity", answer->arn);
    print_row("user id", answer->user_id);
    print_row("source", caller->credentials->source);
    print_row("expires", expiry_text(caller, arena));
    print_row("region", gw_arena_printf(arena, "%.*s (%.*s)", GW_VIEW_ARGS(caller->region),
                                        GW_VIEW_ARGS(caller->region_origin)));
}

static void print_json(const struct caller *caller, struct gw_arena *arena)
{
    const struct gw_credentials *credentials = caller->credentials;
    const struct {
        const char *key;
        struct gw_view text;
    } texts[] = {{"account", caller->answer->account}, {"arn", caller->answer->arn},
                 {"user_id", caller->answer->user_id}, {"source", credentials->source},
                 {"region", caller->region},           {"region_source", caller->region_origin}};
    struct gw_value object = gw_value_map();
    struct gw_buf out, when;
    gw_buf_init(&out, (size_t)64 << 10);
    gw_buf_init(&when, 64);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *gw_map_add(arena, &object, gw_view_of(texts[i].key)) = gw_value_string(texts[i].text);
    }
    if (credentials->expires_epoch_s > 0) {
        gw_time_write((double)credentials->expires_epoch_s, GW_TIME_ISO8601, &when);
        *gw_map_add(arena, &object, GW_VIEW("expires")) = gw_value_string(gw_buf_view(&when));
        *gw_map_add(arena, &object, GW_VIEW("expires_in_s")) =
            gw_value_int(credentials->expires_epoch_s - caller->now_epoch_s);
    }
    gw_json_write(&object, NULL, &out);
    puts(gw_buf_view(&out).data);
    gw_buf_clear(&when);
    gw_buf_clear(&out);
}

static int tell(struct gw_cli_session *session, const struct gw_cli_options *options,
                struct gw_arena *arena)
{
    struct gw_run_target target;
    struct answer answer = {.arena = arena};
    struct gw_err err = {0};
    if (!gw_cli_session_settle(session, GW_VIEW_NONE, true, &target, &err) ||
        !ask(session, &target, &answer, &err)) {
        return gw_cli_fail(&err);
    }
    struct caller caller = {.answer = &answer,
                            .credentials = gw_cli_session_caller(session),
                            .region = target.region,
                            .region_origin = gw_cli_session_region_origin(session),
                            .now_epoch_s = gw_loop_wall_ms(gw_cli_session_loop(session)) / 1000};
    if (options->json) {
        print_json(&caller, arena);
    } else {
        print_text(&caller, arena);
    }
    return GW_EXIT_OK;
}

int gw_cli_whoami(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct gw_cli_session_options session_options = {.cli = options,
                                                     .fallback_region = GW_VIEW("us-east-1")};
    struct gw_cli_session *session = gw_cli_session_open(&session_options, &err);
    if (!session) {
        return gw_cli_fail(&err);
    }
    struct gw_arena *arena = gw_arena_new();
    int exit_code = tell(session, options, arena);
    gw_arena_free(arena);
    gw_cli_session_close(session);
    return exit_code;
}
