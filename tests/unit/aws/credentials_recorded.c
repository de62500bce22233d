/* Recorded conversations: folders of the published suites, each an environment, a tree of files, the
 * traffic of one search for credentials, and what came of it. The folders are copied to one of ours,
 * the traffic is played back in its order, and the result compared.
 *
 * Meant to differ: an unknown AWS_PROFILE is an error here; nothing else is left out. */
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "unit/aws/player.h"

#define RECORDED_EPOCH_MS INT64_C(1230000000000) /* before all that the recordings let expire */
#define PATTERN           GW_VECTORS "/config/*/*/test-case.json"
#define DEEPER_PATTERN    GW_VECTORS "/config/*/*/*/test-case.json"

static char root[] = "/tmp/gwrun-recorded-XXXXXX";

/* ---- playing back ---------------------------------------------------------------------------- */

struct playback {
    struct gw_transport base;
    struct gw_loop *loop;
    struct gw_arena *arena;
    const struct gw_value *events; /* NULL: no traffic */
    int64_t connection;            /* that the next request is */
    const char *complaint;
};

struct playback_exchange {
    struct gw_http_response res;
    struct gw_err err;
    gw_http_done_fn done;
    void *ctx;
};

/* The body of the action of that name which is the connection's; NULL: none. */
static const struct gw_value *find_action(const struct playback *playback, const char *name,
                                          const char *direction)
{
    for (size_t i = 0; playback->events && i < playback->events->as.list.count; i++) {
        const struct gw_value *event = &playback->events->as.list.items[i];
        const struct gw_value *id = gw_map_get(event, GW_VIEW("connection_id"));
        const struct gw_value *action =
            gw_map_get(gw_map_get(event, GW_VIEW("action")), gw_view_of(name));
        if (action && id && id->as.integer == playback->connection &&
            (!direction ||
             gw_view_equal(gw_map_text(action, GW_VIEW("direction")), gw_view_of(direction)))) {
            return action;
        }
    }
    return NULL;
}

static struct gw_view without_query(struct gw_view url)
{
    return gw_view_sub(url, 0, gw_view_find_char(url, '?'));
}

static void fill_answer(struct playback *playback, struct gw_http_response *res, struct gw_err *err)
{
    const struct gw_value *action = find_action(playback, "Response", NULL);
    const struct gw_value *response = gw_map_get(action, GW_VIEW("response"));
    const struct gw_value *ok = gw_map_get(response, GW_VIEW("Ok"));
    const struct gw_value *data =
        gw_map_get(find_action(playback, "Data", "Response"), GW_VIEW("data"));
    if (!ok) {
        gw_fail(err, GW_ERR_NETWORK, "connection lost, as recorded");
        return;
    }
    res->status = (int)gw_map_get(ok, GW_VIEW("status"))->as.integer;
    res->body = gw_map_text(data, GW_VIEW("Utf8"));
    const struct gw_value *headers = gw_map_get(ok, GW_VIEW("headers"));
    for (size_t i = 0; i < headers->as.map.count; i++) {
        const struct gw_entry *header = &headers->as.map.entries[i];
        gw_headers_add(playback->arena, &res->headers, header->key,
                       header->value.as.list.items[0].as.string);
    }
}

static void tell(void *ctx)
{
    struct playback_exchange exchange = *(struct playback_exchange *)ctx;
    free(ctx);
    bool is_lost = exchange.err.code != GW_ERR_NONE;
    exchange.done(exchange.ctx, is_lost ? NULL : &exchange.res, is_lost ? &exchange.err : NULL);
}

/* Recordings older than the extended form know the plain one only. */
static bool is_newer_form(struct gw_view asked, struct gw_view recorded)
{
    return gw_view_find(asked, GW_VIEW("security-credentials-extended")) != GW_NPOS &&
           gw_view_find(recorded, GW_VIEW("-extended")) == GW_NPOS;
}

static struct gw_exchange *playback_start(struct gw_transport *self,
                                          const struct gw_http_request *req, gw_http_done_fn done,
                                          void *ctx)
{
    struct playback *playback = (struct playback *)self;
    struct playback_exchange *exchange = gw_alloc(sizeof *exchange);
    const struct gw_value *recorded =
        gw_map_get(find_action(playback, "Request", NULL), GW_VIEW("request"));
    struct gw_view uri = gw_map_text(recorded, GW_VIEW("uri"));
    exchange->done = done;
    exchange->ctx = ctx;
    if (recorded && is_newer_form(req->url, uri)) {
        exchange->res.status = 404;
    } else if (!recorded || !gw_view_equal(without_query(uri), without_query(req->url)) ||
               !gw_view_equal(gw_map_text(recorded, GW_VIEW("method")), req->method)) {
        playback->complaint =
            gw_arena_printf(playback->arena, "asked %.*s %.*s, recorded %.*s",
                            GW_VIEW_ARGS(req->method), GW_VIEW_ARGS(req->url), GW_VIEW_ARGS(uri))
                .data;
        gw_fail(&exchange->err, GW_ERR_NETWORK, "not recorded");
    } else {
        fill_answer(playback, &exchange->res, &exchange->err);
        playback->connection++;
    }
    gw_timer_start(playback->loop, 1, tell, exchange);
    return (struct gw_exchange *)exchange;
}

/* ---- the folder ------------------------------------------------------------------------------ */

static bool read_json(const char *folder, const char *name, struct gw_arena *arena,
                      struct gw_value *out)
{
    static char text[1u << 20];
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    return gw_json_parse((struct gw_view){text, len}, arena, out, NULL);
}

/* Its files become ours; what names a file of its root names one of ours then. */
static void copy_files(const char *folder)
{
    char command[4096];
    snprintf(command, sizeof command,
             "rm -rf %s/*; [ -d '%s/fs' ] && cp -r '%s/fs/.' %s; for f in config credentials; do "
             "[ -f %s/home/.aws/$f ] && sed -i 's|/token.jwt|%s/token.jwt|' %s/home/.aws/$f; done; "
             "true",
             root, folder, folder, root, root, root, root);
    assert_int_equal(system(command), 0);
}

static void set_variables(const struct gw_value *env, bool present)
{
    for (size_t i = 0; i < env->as.map.count; i++) {
        const struct gw_entry *variable = &env->as.map.entries[i];
        struct gw_view text = variable->value.as.string;
        char value[2048], *name = gw_view_dup(variable->key);
        bool is_path = gw_view_starts_with(text, GW_VIEW("/")) &&
                       strcmp(name, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != 0;
        snprintf(value, sizeof value, "%s%.*s", is_path ? root : "", GW_VIEW_ARGS(text));
        if (present) {
            setenv(name, value, 1);
        } else {
            unsetenv(name);
        }
        free(name);
    }
}

/* ---- the comparison -------------------------------------------------------------------------- */

struct outcome_kept {
    bool has_come;
    struct gw_arena *arena;
    struct gw_credentials credentials;
    struct gw_err err;
};

static void on_credentials(void *ctx, const struct gw_credentials *credentials,
                           const struct gw_err *err)
{
    struct outcome_kept *outcome = ctx;
    outcome->has_come = true;
    if (err) {
        outcome->err = *err;
        return;
    }
    outcome->credentials = (struct gw_credentials){
        .access_key_id = gw_arena_dup(outcome->arena, credentials->access_key_id),
        .secret_access_key = gw_arena_dup(outcome->arena, credentials->secret_access_key),
        .session_token = gw_arena_dup(outcome->arena, credentials->session_token),
        .account_id = gw_arena_dup(outcome->arena, credentials->account_id),
        .expires_epoch_s = credentials->expires_epoch_s};
}

static void search(struct playback *playback, struct outcome_kept *outcome)
{
    struct gw_identity_options options = {.loop = playback->loop, .transport = &playback->base};
    struct gw_config *config = gw_config_open(&outcome->err);
    options.config = config;
    if (!config || !gw_settings_resolve(config, GW_VIEW_NONE, GW_VIEW_NONE, GW_VIEW_NONE,
                                        &options.settings, &outcome->err)) {
        gw_config_close(config);
        return;
    }
    struct gw_identity *identity = gw_identity_new(&options);
    gw_identity_get(identity, on_credentials, outcome);
    while (!outcome->has_come && gw_loop_step(playback->loop)) {
    }
    gw_identity_free(identity);
    gw_config_close(config);
}

static void check_member(const char *folder, const struct gw_value *expected, const char *key,
                         struct gw_view got)
{
    struct gw_view text = gw_map_text(expected, gw_view_of(key));
    if (text.len > 0 && !gw_view_equal(text, got)) {
        fail_msg("%s: %s: expected '%.*s', got '%.*s'", folder, key, GW_VIEW_ARGS(text),
                 GW_VIEW_ARGS(got));
    }
}

static void check_outcome(const char *folder, const struct gw_value *result,
                          const struct outcome_kept *outcome, const char *complaint)
{
    const struct gw_value *ok = gw_map_get(result, GW_VIEW("Ok"));
    const struct gw_credentials *got = &outcome->credentials;
    if (!ok) {
        if (outcome->err.code == GW_ERR_NONE) {
            fail_msg("%s: expected to fail, got %.*s", folder, GW_VIEW_ARGS(got->access_key_id));
        }
        return;
    }
    if (outcome->err.code != GW_ERR_NONE) {
        fail_msg("%s: %s; %s", folder, outcome->err.message, complaint ? complaint : "");
    }
    check_member(folder, ok, "access_key_id", got->access_key_id);
    check_member(folder, ok, "secret_access_key", got->secret_access_key);
    check_member(folder, ok, "session_token", got->session_token);
    check_member(folder, ok, "account_id", got->account_id);
    const struct gw_value *expiry = gw_map_get(ok, GW_VIEW("expiry"));
    if (expiry && expiry->kind == GW_INT) {
        assert_int_equal(got->expires_epoch_s, expiry->as.integer);
    }
}

static void check_folder(const char *folder)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value test = {0}, env = {0}, traffic = {0};
    struct outcome_kept outcome = {.arena = arena};
    assert_true(read_json(folder, "test-case.json", arena, &test));
    struct playback playback = {.base = {.start = playback_start}, .arena = arena};
    playback.loop = gw_loop_new(
        &(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = RECORDED_EPOCH_MS});
    if (read_json(folder, "http-traffic.json", arena, &traffic)) {
        playback.events = gw_map_get(&traffic, GW_VIEW("events"));
    }
    if (!read_json(folder, "env.json", arena, &env)) {
        env = gw_value_map();
    }
    copy_files(folder);
    set_variables(&env, true);
    search(&playback, &outcome);
    set_variables(&env, false);
    check_outcome(folder, gw_map_get(&test, GW_VIEW("result")), &outcome, playback.complaint);
    gw_loop_free(playback.loop);
    gw_arena_free(arena);
}

static void recorded_conversations_come_to_the_same(void **state)
{
    (void)state;
    glob_t found = {0};
    size_t count = 0;
    glob(PATTERN, 0, NULL, &found);
    glob(DEEPER_PATTERN, GLOB_APPEND, NULL, &found);
    if (found.gl_pathc == 0) {
        print_message("credentials: skipped, no recordings in %s\n", PATTERN);
        skip();
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *folder = found.gl_pathv[i];
        folder[strlen(folder) - strlen("/test-case.json")] = '\0';
        if (strstr(folder, "token-provider-chain")) {
            print_message("%s: skipped, it is about bearer tokens, which sign nothing\n", folder);
            continue;
        }
        check_folder(folder);
        count++;
    }
    print_message("recorded conversations: %zu of %zu\n", count, count);
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(recorded_conversations_come_to_the_same)};
    char command[128];
    forget_the_account();
    if (!mkdtemp(root)) {
        return 1;
    }
    setenv("HOME", root, 1);
    setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "3", 1); /* as those who recorded have it */
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command) != 0 || failed;
}
