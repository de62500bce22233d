/* spec: host.spec, what Lua specs see of the program: a runbook run to its end in a simulator of
 * its own. */
#include <stdlib.h>

#include "cli/internal.h"
#include "codec/codec.h"

#define MAX_ARGS         64
#define MAX_EVENTS_BYTES ((size_t)64 << 20)

struct rehearsal {
    struct gw_cli_options options;
    const char *args[MAX_ARGS];
    struct gw_value settings;
    struct gw_buf events; /* one JSON text a line */
    enum gw_exit exit_code;
    struct gw_err err; /* filled when it could not begin */
    struct gw_value summary;
};

static void on_event(void *ctx, const struct gw_value *event)
{
    struct rehearsal *rehearsal = ctx;
    gw_json_write(event, NULL, &rehearsal->events);
    gw_buf_add_char(&rehearsal->events, '\n');
}

static bool is_true(const struct gw_value *map, const char *key)
{
    const struct gw_value *value = gw_map_get(map, gw_view_of(key));
    return value && value->kind == GW_BOOL && value->as.boolean;
}

/* { runbook=, args={...}, world={...}, plan=, ask=, seed= } */
static bool read_request(const struct gw_value *request, struct rehearsal *out, struct gw_err *err)
{
    const struct gw_value *args = gw_map_get(request, GW_VIEW("args"));
    const struct gw_value *world = gw_map_get(request, GW_VIEW("world"));
    const struct gw_value *seed = gw_map_get(request, GW_VIEW("seed"));
    struct gw_view name = gw_map_text(request, GW_VIEW("runbook"));
    if (name.len == 0) {
        return gw_fail(err, GW_ERR_INPUT, "spec.run: 'runbook' is missing");
    }
    out->options = (struct gw_cli_options){.name = name.data,
                                           .sim = true,
                                           .plan = is_true(request, "plan"),
                                           .ask = is_true(request, "ask"),
                                           .seed = 1,
                                           .rest = out->args};
    for (size_t i = 0; args && args->kind == GW_LIST && i < args->as.list.count; i++) {
        if (i == MAX_ARGS || args->as.list.items[i].kind != GW_STRING) {
            return gw_fail(err, GW_ERR_INPUT, "spec.run: 'args' must be at most %d strings",
                           MAX_ARGS);
        }
        out->args[out->options.rest_count++] = args->as.list.items[i].as.string.data;
    }
    if (seed && seed->kind == GW_INT) {
        out->options.seed = (uint64_t)seed->as.integer;
    }
    out->settings = world ? *world : gw_value_map();
    return true;
}

static void execute(struct rehearsal *rehearsal, struct gw_cli_session *session,
                    struct gw_arena *arena)
{
    struct gw_run_options options = {.loop = gw_cli_session_loop(session),
                                     .folders = gw_cli_stdlib_folders(),
                                     .modules = gw_stdlib_modules,
                                     .mode = rehearsal->options.plan ? GW_RUN_PLAN : GW_RUN_REAL,
                                     .simulated = true,
                                     .assume_yes = !rehearsal->options.ask,
                                     .terminal_fd = -1,
                                     .seed = rehearsal->options.seed,
                                     .on_event = on_event,
                                     .on_event_ctx = rehearsal};
    struct gw_run *run = gw_run_new(&options);
    if (gw_cli_prepare(session, run, &rehearsal->options, arena, &rehearsal->exit_code,
                       &rehearsal->err)) {
        rehearsal->exit_code = gw_run_execute(run);
    }
    gw_run_free(run);
}

static void rehearse(struct rehearsal *rehearsal, struct gw_arena *arena)
{
    struct gw_cli_session_options options = {.cli = &rehearsal->options,
                                             .settings = &rehearsal->settings};
    struct gw_cli_session *session = gw_cli_session_open(&options, &rehearsal->err);
    if (!session) {
        rehearsal->exit_code = gw_cli_exit_of(&rehearsal->err);
        return;
    }
    execute(rehearsal, session, arena);
    gw_cli_session_close(session);
}

static void add_events(struct rehearsal *rehearsal, struct gw_arena *arena, struct gw_value *out)
{
    struct gw_view rest = gw_buf_view(&rehearsal->events), line;
    struct gw_value events = gw_value_list();
    while (gw_view_next(&rest, '\n', &line)) {
        struct gw_value event;
        if (line.len > 0 && gw_json_parse(line, arena, &event, NULL)) {
            *gw_list_add(arena, &events) = event;
        }
    }
    *gw_map_add(arena, out, GW_VIEW("events")) = events;
}

/* run(request) -> { exit=, events={...}, error= }, or nil, err */
static int spec_run(lua_State *L)
{
    struct gw_arena *arena = gw_push_arena(L);
    struct rehearsal *rehearsal = gw_arena_alloc(arena, sizeof *rehearsal);
    struct gw_value request;
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &request, &err) || !read_request(&request, rehearsal, &err)) {
        return gw_push_fail(L, &err);
    }
    gw_buf_init(&rehearsal->events, MAX_EVENTS_BYTES);
    rehearse(rehearsal, arena);
    struct gw_value out = gw_value_map();
    *gw_map_add(arena, &out, GW_VIEW("exit")) = gw_value_int(rehearsal->exit_code);
    if (rehearsal->err.code != GW_ERR_NONE) {
        *gw_map_add(arena, &out, GW_VIEW("error")) = gw_value_text(rehearsal->err.message);
    }
    add_events(rehearsal, arena, &out);
    gw_buf_clear(&rehearsal->events);
    gw_push_value(L, &out);
    return 1;
}

/* print(text): one line on standard output */
static int spec_print(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1);
    struct gw_buf line;
    gw_buf_init(&line, 1u << 20);
    gw_report_plain(text, &line);
    puts(gw_buf_view(&line).data);
    gw_buf_clear(&line);
    return 0;
}

static const luaL_Reg functions[] = {{"run", spec_run}, {"print", spec_print}, {NULL, NULL}};

void gw_cli_bind_spec(struct gw_script *script)
{
    lua_State *L = gw_script_state(script);
    luaL_newlib(L, functions);
    gw_script_set_host(script, "spec");
}
