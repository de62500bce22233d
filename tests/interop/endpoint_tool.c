/* Answers endpoint_botocore.py: a line of JSON in, a line out. The services are the built-in ones, or
 * those of a table of models: endpoint_tool [TABLE].
 *   {"rules": {...}}  takes a rule set, says {}
 *   {"params": {...}} evaluates it: {"url", "headers", "properties"}
 *   {"service", "operation", "input", "config", "region", "endpoint_url", "account_id", "time"}
 *                     makes the call, at this second since 1970 if there is one, says the request
 *                     that would go out: {"method", "url", "headers", "body": base64}
 * or {"error"}. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static struct gw_value *add(struct gw_arena *arena, struct gw_value *map, const char *key)
{
    return gw_map_add(arena, map, gw_view_of(key));
}

#define BODY_MAX (8u << 20)

/* ---- rules ----------------------------------------------------------------------------------- */

static bool take_rules(const struct gw_value *rules, struct gw_arena *arena,
                       const struct gw_endpoint_rules **out, struct gw_err *err)
{
    struct gw_buf text;
    gw_buf_init(&text, 8u << 20);
    gw_json_write(rules, &(struct gw_json_options){0}, &text);
    *out = gw_endpoint_rules_parse(gw_arena_dup(arena, gw_buf_view(&text)), arena, err);
    gw_buf_clear(&text);
    return *out != NULL;
}

static bool evaluate(const struct gw_endpoint_rules *rules, const struct gw_value *params,
                     struct gw_arena *arena, struct gw_value *out, struct gw_err *err)
{
    struct gw_endpoint_answer answer;
    if (!gw_endpoint_evaluate(rules, params, arena, &answer, err)) {
        return false;
    }
    *add(arena, out, "url") = gw_value_string(answer.url);
    *add(arena, out, "headers") = answer.headers;
    *add(arena, out, "properties") = answer.properties;
    return true;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* A transport that shows the request and sends nothing. */
struct window {
    struct gw_transport base;
    struct gw_arena *arena;
    struct gw_value *out;
};

static struct gw_value body_of(const struct gw_http_request *req, struct gw_arena *arena)
{
    struct gw_buf text;
    gw_buf_init(&text, BODY_MAX);
    gw_base64_write(req->body, &text);
    struct gw_value body = gw_value_string(gw_arena_dup(arena, gw_buf_view(&text)));
    gw_buf_clear(&text);
    return body;
}

static struct gw_exchange *show(struct gw_transport *self, const struct gw_http_request *req,
                                gw_http_done_fn done, void *ctx)
{
    struct window *window = (struct window *)self;
    struct gw_value headers = gw_value_map();
    (void)done;
    (void)ctx;
    for (size_t i = 0; i < req->headers.count; i++) {
        const struct gw_header *header = &req->headers.items[i];
        *gw_map_add(window->arena, &headers, gw_arena_dup(window->arena, header->name)) =
            gw_value_string(gw_arena_dup(window->arena, header->value));
    }
    *add(window->arena, window->out, "method") =
        gw_value_string(gw_arena_dup(window->arena, req->method));
    *add(window->arena, window->out, "url") =
        gw_value_string(gw_arena_dup(window->arena, req->url));
    *add(window->arena, window->out, "headers") = headers;
    *add(window->arena, window->out, "body") = body_of(req, window->arena);
    return (struct gw_exchange *)self;
}

static void forget(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    (void)exchange;
}

static void on_done(void *ctx, const struct gw_call_result *result)
{
    (void)ctx;
    (void)result;
}

static bool start(const struct gw_models *models, struct gw_client *client,
                  const struct gw_value *question, struct gw_err *err)
{
    struct gw_view name = gw_map_text(question, GW_VIEW("service"));
    const struct gw_service *service =
        models ? gw_models_find(models, name) : gw_models_find_service(name, err);
    static const struct gw_body_sink nowhere; /* nothing is ever answered */
    struct gw_call_request request = {
        .op = service
                  ? gw_service_find_operation(service, gw_map_text(question, GW_VIEW("operation")))
                  : NULL,
        .input = gw_map_get(question, GW_VIEW("input")),
        .sink = &nowhere,
        .done = on_done,
    };
    if (!request.op) {
        return err->code == GW_ERR_NONE && gw_fail(err, GW_ERR_NOT_FOUND, "no such operation");
    }
    return gw_call_start(client, &request, err) != NULL;
}

static bool call(const struct gw_models *models, const struct gw_value *question,
                 struct gw_arena *arena, struct gw_value *out, struct gw_err *err)
{
    const struct gw_value *time = gw_map_get(question, GW_VIEW("time"));
    struct gw_loop_options clock = {.clock = time ? GW_CLOCK_VIRTUAL : GW_CLOCK_REAL,
                                    .start_epoch_ms = time ? time->as.integer * 1000 : 0};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_config *config =
        gw_config_parse(gw_map_text(question, GW_VIEW("config")), GW_VIEW(""), err);
    struct window window = {{.start = show, .cancel = forget}, arena, out};
    struct gw_client_options options = {
        .loop = loop,
        .transport = &window.base,
        .config = config,
        .credentials = {.access_key_id = GW_VIEW("AKIDEXAMPLE"),
                        .secret_access_key = GW_VIEW("wJalrXUtnFEMI/K7MDENG"),
                        .account_id = gw_map_text(question, GW_VIEW("account_id")),
                        .source = GW_VIEW("the test")},
    };
    bool ok = config && gw_settings_resolve(
                            config, GW_VIEW_NONE, gw_map_text(question, GW_VIEW("region")),
                            gw_map_text(question, GW_VIEW("endpoint_url")), &options.settings, err);
    if (ok) {
        struct gw_client *client = gw_client_new(&options);
        ok = start(models, client, question, err);
        gw_client_free(client);
    }
    gw_config_close(config);
    gw_loop_free(loop);
    return ok;
}

/* ---- lines ----------------------------------------------------------------------------------- */

struct state {
    const struct gw_models *models; /* NULL: those that the program finds */
    struct gw_arena *arena;         /* of the rules */
    const struct gw_endpoint_rules *rules;
};

static bool answer(struct state *state, const struct gw_value *question, struct gw_arena *arena,
                   struct gw_value *out, struct gw_err *err)
{
    const struct gw_value *rules = gw_map_get(question, GW_VIEW("rules"));
    const struct gw_value *params = gw_map_get(question, GW_VIEW("params"));
    if (rules) {
        gw_arena_clear(state->arena);
        return take_rules(rules, state->arena, &state->rules, err);
    }
    return params ? evaluate(state->rules, params, arena, out, err)
                  : call(state->models, question, arena, out, err);
}

static void answer_line(struct state *state, struct gw_view line)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value question, out = gw_value_map();
    struct gw_err err = {0};
    struct gw_buf text;
    gw_buf_init(&text, 2 * BODY_MAX);
    if (!gw_json_parse(line, arena, &question, &err) ||
        !answer(state, &question, arena, &out, &err)) {
        out = gw_value_map();
        *add(arena, &out, "error") = gw_value_text(err.message);
    }
    gw_json_write(&out, &(struct gw_json_options){0}, &text);
    printf("%s\n", text.data);
    fflush(stdout);
    gw_buf_clear(&text);
    gw_arena_free(arena);
}

#define TABLE_MAX (64u << 20)

static const struct gw_models *open_models(const char *path)
{
    char *bytes = gw_alloc(TABLE_MAX); /* for the life of the program */
    struct gw_err err = {0};
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(bytes, 1, TABLE_MAX, file) : 0;
    const struct gw_models *models = gw_models_open((struct gw_view){bytes, len}, &err);
    if (!models) {
        fprintf(stderr, "%s: %s\n", path, err.message);
    }
    if (file) {
        fclose(file);
    }
    return models;
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    struct state state = {.models = argc > 1 ? open_models(argv[1]) : NULL};
    if (argc > 1 && !state.models) {
        return 1;
    }
    state.arena = gw_arena_new();
    gw_log_set_level(GW_LOG_ERROR);
    while ((len = getline(&line, &capacity, stdin)) > 0) {
        answer_line(&state, (struct gw_view){line, (size_t)len});
    }
    free(line);
    gw_arena_free(state.arena);
    return 0;
}
