/* A simulated world on a virtual clock, and our own client in front of it. */
#ifndef GW_TESTS_SIM_BENCH_H
#define GW_TESTS_SIM_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "codec/codec.h"
#include "sim/sim.h"

#define START_MS    INT64_C(1763640000000) /* 2025-11-20T12:00:00Z */
#define MAX_MODULES 512
#define CLUSTER     "busyb-cluster"
#define SERVICE     "busyb-google-workspace-mcp-service"
#define FAMILY      "busyb-google-workspace-mcp"
#define LOG_GROUP   "/ecs/busyb-google-workspace-mcp"
#define ARN         "arn:aws:ecs:us-east-1:758888582357:"
#define TARGET_GROUP                                                                               \
    "arn:aws:elasticloadbalancing:us-east-1:758888582357:targetgroup/busyb-google-workspace/"      \
    "32e64755db77f32e"

struct bench {
    struct gw_loop *loop;
    struct gw_sim *sim;
    struct gw_client *client;
    struct gw_config *config;
    struct gw_arena *arena;

    bool ended; /* of the last call or request: */
    bool ok;
    struct gw_value output;
    char code[64]; /* AWS's error code, or the kind of failure */
    char message[1024];
    int status, attempts;
    char request_id[64];
    char body[4096];
};

/* ---- the stdlib as built-in modules ---------------------------------------------------------- */

static inline char *bench_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    *len = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

static inline void bench_add_folder(struct gw_script_module *modules, size_t *count,
                                    const char *root, const char *folder)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        char below[512];
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(below, sizeof below, "%s%s%s", folder, folder[0] ? "/" : "", entry->d_name);
        if (!dot) {
            bench_add_folder(modules, count, root, below);
        } else if (strcmp(dot, ".lua") == 0 && *count < MAX_MODULES - 1) {
            struct gw_script_module *module = &modules[(*count)++];
            snprintf(path, sizeof path, "%s/%s", root, below);
            module->source = bench_read(path, &module->source_len);
            *strrchr(below, '.') = '\0';
            for (char *c = below; *c; c++) {
                *c = *c == '/' ? '.' : *c;
            }
            module->name = strdup(below);
        }
    }
    closedir(dir);
}

static inline const struct gw_script_module *bench_modules(void)
{
    static struct gw_script_module modules[MAX_MODULES];
    if (!modules[0].name) {
        size_t count = 0;
        bench_add_folder(modules, &count, GW_STDLIB, "");
    }
    return modules;
}

static inline int bench_forget_modules(void **state)
{
    (void)state;
    struct gw_script_module *modules = (struct gw_script_module *)bench_modules();
    for (size_t i = 0; modules[i].name; i++) {
        free((char *)modules[i].name);
        free((char *)modules[i].source);
    }
    return 0;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static inline struct gw_client *bench_client(struct bench *bench, struct gw_credentials credentials)
{
    struct gw_client_options options = {
        .loop = bench->loop,
        .transport = gw_sim_transport(bench->sim),
        .config = bench->config,
        .settings = {.profile = GW_VIEW("default"),
                     .region = GW_VIEW("us-east-1"),
                     .retry_mode = GW_RETRY_STANDARD},
        .credentials = credentials,
        .user_agent = GW_VIEW("test"),
        .seed = 7,
    };
    return gw_client_new(&options);
}

/* `settings`: JSON of the world's settings; NULL: none. */
static inline void bench_open_seeded(struct bench *bench, const char *settings, uint64_t seed)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_MS};
    struct gw_err err = {0};
    struct gw_value map = gw_value_map();
    *bench = (struct bench){.loop = gw_loop_new(&clock), .arena = gw_arena_new()};
    if (settings && !gw_json_parse(gw_view_of(settings), bench->arena, &map, &err)) {
        fail_msg("%s", err.message);
    }
    struct gw_sim_options options = {
        .loop = bench->loop, .modules = bench_modules(), .seed = seed, .settings = &map};
    bench->sim = gw_sim_new(&options, &err);
    if (!bench->sim) {
        fail_msg("%s", err.message);
    }
    bench->config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), &err);
    bench->client = bench_client(bench, gw_sim_credentials(bench->sim));
}

static inline void bench_open(struct bench *bench, const char *settings)
{
    bench_open_seeded(bench, settings, 42);
}

static inline void bench_close(struct bench *bench)
{
    gw_client_free(bench->client);
    gw_config_close(bench->config);
    gw_sim_free(bench->sim);
    gw_loop_free(bench->loop);
    gw_arena_free(bench->arena);
}

/* ---- time ------------------------------------------------------------------------------------ */

static inline void bench_rang(void *ctx)
{
    *(bool *)ctx = true;
}

static inline void bench_sleep(struct bench *bench, double seconds)
{
    bool rang = false;
    gw_timer_start(bench->loop, (int64_t)(seconds * 1000), bench_rang, &rang);
    while (!rang) {
        assert_true(gw_loop_step(bench->loop));
    }
}

/* Seconds since the test began. */
static inline double bench_now(const struct bench *bench)
{
    return (double)(gw_loop_wall_ms(bench->loop) - START_MS) / 1000.0;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* A copy that lives in the bench's arena. */
static inline struct gw_value bench_copy(struct bench *bench, const struct gw_value *value)
{
    struct gw_buf text;
    struct gw_value copy = {0};
    struct gw_err err = {0};
    gw_buf_init(&text, 64u << 20);
    gw_json_write(value, &(struct gw_json_options){.reveal_secrets = true}, &text);
    assert_true(gw_json_parse(gw_buf_view(&text), bench->arena, &copy, &err));
    gw_buf_clear(&text);
    return copy;
}

static inline void bench_called(void *ctx, const struct gw_call_result *result)
{
    struct bench *bench = ctx;
    bench->ended = true;
    bench->ok = result->output != NULL;
    bench->attempts = result->attempts;
    snprintf(bench->request_id, sizeof bench->request_id, "%.*s", GW_VIEW_ARGS(result->request_id));
    if (result->output) {
        bench->output = bench_copy(bench, result->output);
    } else if (result->error) {
        bench->status = result->error->http_status;
        snprintf(bench->code, sizeof bench->code, "%.*s", GW_VIEW_ARGS(result->error->code));
        snprintf(bench->message, sizeof bench->message, "%.*s",
                 GW_VIEW_ARGS(result->error->message));
    } else {
        snprintf(bench->code, sizeof bench->code, "failure %d", (int)result->err->code);
        snprintf(bench->message, sizeof bench->message, "%s", result->err->message);
    }
}

/* Calls with parameters in JSON and waits for the outcome; true: it went well. */
static inline bool bench_try(struct bench *bench, const char *service, const char *operation,
                             const char *input)
{
    struct gw_err err = {0};
    struct gw_value params = gw_value_map();
    const struct gw_service *known = gw_models_find(gw_models_builtin(), gw_view_of(service));
    assert_non_null(known);
    const struct gw_operation *op = gw_service_find_operation(known, gw_view_of(operation));
    assert_non_null(op);
    if (!gw_json_parse(gw_view_of(input), bench->arena, &params, &err)) {
        fail_msg("%s: %s", input, err.message);
    }
    bench->ended = false;
    struct gw_call_request request = {
        .op = op, .input = &params, .done = bench_called, .ctx = bench};
    if (!gw_call_start(bench->client, &request, &err)) {
        fail_msg("%s", err.message);
    }
    while (!bench->ended) {
        assert_true(gw_loop_step(bench->loop));
    }
    return bench->ok;
}

static inline void bench_call(struct bench *bench, const char *service, const char *operation,
                              const char *input)
{
    if (!bench_try(bench, service, operation, input)) {
        fail_msg("%s:%s %s: %s: %s", service, operation, input, bench->code, bench->message);
    }
}

static inline void bench_refused(struct bench *bench, const char *service, const char *operation,
                                 const char *input, const char *code, const char *message)
{
    if (bench_try(bench, service, operation, input)) {
        fail_msg("%s:%s %s: was expected to be refused", service, operation, input);
    }
    assert_string_equal(bench->code, code);
    assert_string_equal(bench->message, message);
}

struct bench_refusal {
    const char *service, *operation, *input, *code, *message;
};

static inline void bench_check_refusals(struct bench *bench, const struct bench_refusal *rows,
                                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bench_refused(bench, rows[i].service, rows[i].operation, rows[i].input, rows[i].code,
                      rows[i].message);
    }
}

/* The value at a path such as "services.0.events.0.message" of the last output; NULL: none. */
static inline const struct gw_value *bench_at(const struct bench *bench, const char *path)
{
    const struct gw_value *value = &bench->output;
    struct gw_view rest = gw_view_of(path), part;
    while (value && gw_view_next(&rest, '.', &part)) {
        int64_t index;
        if (value->kind == GW_LIST && gw_view_to_int64(part, &index)) {
            size_t i = (size_t)index;
            value = i < value->as.list.count ? &value->as.list.items[i] : NULL;
        } else {
            value = gw_map_get(value, part);
        }
    }
    return value;
}

static inline const char *bench_text(const struct bench *bench, const char *path)
{
    const struct gw_value *value = bench_at(bench, path);
    return value && value->kind == GW_STRING ? value->as.string.data : "(none)";
}

static inline int64_t bench_int(const struct bench *bench, const char *path)
{
    const struct gw_value *value = bench_at(bench, path);
    return value && value->kind == GW_INT ? value->as.integer : -1;
}

/* Seconds since the test began, of a timestamp. */
static inline double bench_time(const struct bench *bench, const char *path)
{
    const struct gw_value *value = bench_at(bench, path);
    assert_non_null(value);
    double epoch_s = value->kind == GW_INT ? (double)value->as.integer : value->as.number;
    return epoch_s - (double)START_MS / 1000.0;
}

static inline size_t bench_count(const struct bench *bench, const char *path)
{
    const struct gw_value *value = bench_at(bench, path);
    assert_non_null(value);
    assert_int_equal(value->kind, GW_LIST);
    return value->as.list.count;
}

/* The last output as JSON, in the bench's arena. */
static inline const char *bench_json(struct bench *bench)
{
    struct gw_buf text;
    gw_buf_init(&text, 64u << 20);
    gw_json_write(&bench->output, &(struct gw_json_options){.reveal_secrets = true}, &text);
    const char *copy = gw_arena_dup(bench->arena, gw_buf_view(&text)).data;
    gw_buf_clear(&text);
    return copy;
}

/* ---- the service ----------------------------------------------------------------------------- */

static inline void bench_describe(struct bench *bench)
{
    bench_call(bench, "ecs", "describe_services",
               "{\"cluster\":\"" CLUSTER "\",\"services\":[\"" SERVICE "\"]}");
}

/* Describes the service's tasks of that desired status. */
static inline size_t bench_tasks(struct bench *bench, const char *desired_status)
{
    char input[8192];
    snprintf(input, sizeof input,
             "{\"cluster\":\"" CLUSTER "\",\"serviceName\":\"" SERVICE
             "\",\"desiredStatus\":\"%s\"}",
             desired_status);
    bench_call(bench, "ecs", "list_tasks", input);
    size_t count = bench_count(bench, "taskArns"), used = 0;
    if (count == 0) {
        return 0;
    }
    used += (size_t)snprintf(input, sizeof input, "{\"cluster\":\"" CLUSTER "\",\"tasks\":[");
    for (size_t i = 0; i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, "taskArns.%zu", i);
        used += (size_t)snprintf(input + used, sizeof input - used, "%s\"%s\"", i ? "," : "",
                                 bench_text(bench, path));
    }
    snprintf(input + used, sizeof input - used, "]}");
    bench_call(bench, "ecs", "describe_tasks", input);
    return count;
}

/* Stops all tasks that run, or only those of other revisions than `keep`. */
static inline void bench_stop_tasks(struct bench *bench, const char *keep)
{
    char arns[16][128], input[512];
    size_t stopped = 0, count = bench_tasks(bench, "RUNNING");
    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "tasks.%zu.taskDefinitionArn", i);
        if (!keep || !strstr(bench_text(bench, path), keep)) {
            snprintf(path, sizeof path, "tasks.%zu.taskArn", i);
            snprintf(arns[stopped++], sizeof arns[0], "%s", bench_text(bench, path));
        }
    }
    for (size_t i = 0; i < stopped; i++) {
        snprintf(input, sizeof input,
                 "{\"cluster\":\"" CLUSTER "\",\"task\":\"%s\",\"reason\":\"Emergency rollback\"}",
                 arns[i]);
        bench_call(bench, "ecs", "stop_task", input);
    }
}

static inline void bench_update(struct bench *bench, const char *members)
{
    char input[512];
    snprintf(input, sizeof input, "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE "\",%s}",
             members);
    bench_call(bench, "ecs", "update_service", input);
}

/* Looks every five seconds until the primary deployment's rollout is no longer in progress. */
static inline const char *bench_settle(struct bench *bench, double limit_s)
{
    double began = bench_now(bench);
    for (;;) {
        bench_describe(bench);
        const char *state = bench_text(bench, "services.0.deployments.0.rolloutState");
        if (strcmp(state, "IN_PROGRESS") != 0) {
            return state;
        }
        if (bench_now(bench) - began > limit_s) {
            return "still in progress";
        }
        bench_sleep(bench, 5);
    }
}

/* How often a text occurs among the messages of the service's events. */
static inline size_t bench_events(struct bench *bench, const char *text)
{
    size_t found = 0;
    bench_describe(bench);
    for (size_t i = 0; i < bench_count(bench, "services.0.events"); i++) {
        char path[64];
        snprintf(path, sizeof path, "services.0.events.%zu.message", i);
        found += strstr(bench_text(bench, path), text) != NULL;
    }
    return found;
}

static inline int64_t bench_lost(struct bench *bench)
{
    assert_true(gw_sim_summary(bench->sim, bench->arena, &bench->output));
    return bench_int(bench, "requests_lost");
}

/* ---- plain requests -------------------------------------------------------------------------- */

static inline void bench_answered(void *ctx, const struct gw_http_response *res,
                                  const struct gw_err *err)
{
    struct bench *bench = ctx;
    bench->ended = true;
    bench->ok = res != NULL;
    bench->status = res ? res->status : 0;
    snprintf(bench->body, sizeof bench->body, "%.*s",
             GW_VIEW_ARGS(res ? res->body : gw_view_of(err->message)));
    bench->code[0] = '\0';
    if (err) {
        snprintf(bench->code, sizeof bench->code, "failure %d", (int)err->code);
    }
}

static inline void bench_send(struct bench *bench, const struct gw_http_request *req)
{
    struct gw_transport *transport = gw_sim_transport(bench->sim);
    bench->ended = false;
    transport->start(transport, req, bench_answered, bench);
    while (!bench->ended) {
        assert_true(gw_loop_step(bench->loop));
    }
}

static inline int bench_get(struct bench *bench, const char *url)
{
    struct gw_http_request req = {.method = GW_VIEW("GET"), .url = gw_view_of(url)};
    bench_send(bench, &req);
    return bench->status;
}

#endif
