/* sim: opens and closes a simulator; what callers may ask of it. */
#include <stdlib.h>

#include "sim/internal.h"

#define DEFAULT_WORLD "guide"

static double number_at(const struct gw_value *list, size_t index)
{
    if (!list || list->kind != GW_LIST || index >= list->as.list.count) {
        return 0;
    }
    const struct gw_value *item = &list->as.list.items[index];
    return item->kind == GW_INT      ? (double)item->as.integer
           : item->kind == GW_DOUBLE ? item->as.number
                                     : 0;
}

int64_t gw_sim_epoch_s(const struct gw_sim *sim)
{
    int64_t wall_ms = sim->real_dates ? gw_clock_wall_ms() : gw_loop_wall_ms(sim->loop);
    return wall_ms / 1000 + sim->ahead_s;
}

static int64_t whole(const struct gw_value *number)
{
    return number && number->kind == GW_INT ? number->as.integer : 0;
}

static double member(const struct gw_value *map, const char *name)
{
    const struct gw_value *number = gw_map_get(map, gw_view_of(name));
    return !number                     ? 0
           : number->kind == GW_INT    ? (double)number->as.integer
           : number->kind == GW_DOUBLE ? number->as.number
                                       : 0;
}

static void take_network(struct gw_sim *sim, const struct gw_value *network)
{
    if (network && network->kind == GW_MAP) {
        sim->network = (struct gw_sim_network){.lost = member(network, "lost"),
                                               .twice = member(network, "twice"),
                                               .late_s = member(network, "late"),
                                               .cut_every = (int)member(network, "cut_every")};
    }
}

static void take_facts(struct gw_sim *sim, const struct gw_value *facts)
{
    const struct gw_value *latency = gw_map_get(facts, GW_VIEW("latency"));
    sim->region = gw_map_text(facts, GW_VIEW("region"));
    sim->environment = gw_map_get(facts, GW_VIEW("environment"));
    sim->credentials = (struct gw_credentials){
        .access_key_id = gw_map_text(facts, GW_VIEW("access_key_id")),
        .secret_access_key = gw_map_text(facts, GW_VIEW("secret_access_key")),
        .session_token = gw_map_text(facts, GW_VIEW("session_token")),
        .expires_epoch_s = whole(gw_map_get(facts, GW_VIEW("expires_at"))),
        .account_id = gw_map_text(facts, GW_VIEW("account")),
        .source = GW_VIEW("simulator"),
    };
    sim->ahead_s = whole(gw_map_get(facts, GW_VIEW("clock_ahead")));
    take_network(sim, gw_map_get(facts, GW_VIEW("network")));
    sim->latency_s[0] = number_at(latency, 0);
    sim->latency_s[1] = number_at(latency, 1);
}

static bool open_world(struct gw_sim *sim, const struct gw_sim_options *options, struct gw_err *err)
{
    struct gw_value facts, args[2];
    args[0] = gw_value_text(options->world ? options->world : DEFAULT_WORLD);
    args[1] = options->settings ? *options->settings : gw_value_map();
    if (!gw_sim_open_door(sim, err) || !gw_sim_ask(sim, "open", args, 2, sim->arena, &facts, err)) {
        gw_err_prefix(err, "simulator");
        return false;
    }
    take_facts(sim, &facts);
    return true;
}

struct gw_sim *gw_sim_new(const struct gw_sim_options *options, struct gw_err *err)
{
    struct gw_script_options script = {.loop = options->loop,
                                       .folders = options->folders,
                                       .modules = options->modules,
                                       .seed = options->seed ? options->seed : 1};
    struct gw_sim *sim = gw_alloc(sizeof *sim);
    sim->loop = options->loop;
    sim->real_dates = options->real_dates;
    sim->on_call = options->on_call;
    sim->on_call_ctx = options->on_call_ctx;
    sim->runs_programs = options->runs_programs;
    sim->script = gw_script_new(&script);
    sim->arena = gw_arena_new();
    sim->door = sim->alarm_action = LUA_NOREF;
    sim->seed = options->seed;
    sim->world_random.state = options->seed;
    sim->wire_random.state = ~options->seed;
    gw_sim_open_transport(sim);
    gw_sim_open_host(sim);
    if (!open_world(sim, options, err)) {
        gw_sim_free(sim);
        return NULL;
    }
    return sim;
}

void gw_sim_free(struct gw_sim *sim)
{
    if (!sim) {
        return;
    }
    gw_sim_close_sessions(sim);
    gw_sim_close_transport(sim);
    gw_sim_stop_alarm(sim);
    gw_script_free(sim->script);
    gw_arena_free(sim->arena);
    free(sim);
}

struct gw_transport *gw_sim_transport(struct gw_sim *sim)
{
    return &sim->transport;
}

struct gw_credentials gw_sim_credentials(struct gw_sim *sim)
{
    return sim->credentials;
}

struct gw_view gw_sim_region(struct gw_sim *sim)
{
    return sim->region;
}

static void set_text(struct gw_value *variables, struct gw_arena *arena, const char *name,
                     struct gw_view text)
{
    if (text.len > 0) {
        *gw_map_add(arena, variables, gw_view_of(name)) = gw_value_string(text);
    }
}

/* The proxies in small letters, since curl heeds no HTTP_PROXY. */
struct gw_value gw_sim_environment(const struct gw_sim *sim, int port, struct gw_arena *arena)
{
    struct gw_value variables = gw_value_map();
    struct gw_view url = gw_arena_printf(arena, "http://127.0.0.1:%d", port);
    for (size_t i = 0; sim->environment && i < sim->environment->as.map.count; i++) {
        const struct gw_entry *entry = &sim->environment->as.map.entries[i];
        *gw_map_add(arena, &variables, entry->key) = entry->value;
    }
    set_text(&variables, arena, "AWS_ENDPOINT_URL", url);
    set_text(&variables, arena, "AWS_ACCESS_KEY_ID", sim->credentials.access_key_id);
    set_text(&variables, arena, "AWS_SECRET_ACCESS_KEY", sim->credentials.secret_access_key);
    set_text(&variables, arena, "AWS_SESSION_TOKEN", sim->credentials.session_token);
    set_text(&variables, arena, "AWS_REGION", sim->region);
    set_text(&variables, arena, "AWS_DEFAULT_REGION", sim->region);
    set_text(&variables, arena, "http_proxy", url);
    set_text(&variables, arena, "https_proxy", url);
    set_text(&variables, arena, "no_proxy", GW_VIEW("127.0.0.1,localhost"));
    return variables;
}

bool gw_sim_command(struct gw_sim *sim, const struct gw_value *words, struct gw_arena *arena,
                    struct gw_value *answer, struct gw_err *err)
{
    return gw_sim_ask(sim, "command", words, 1, arena, answer, err);
}

bool gw_sim_state(struct gw_sim *sim, struct gw_arena *arena, struct gw_value *out,
                  struct gw_err *err)
{
    return gw_sim_ask(sim, "state", NULL, 0, arena, out, err);
}

bool gw_sim_record(struct gw_sim *sim, struct gw_arena *arena, struct gw_value *out,
                   struct gw_err *err)
{
    return gw_sim_ask(sim, "record", NULL, 0, arena, out, err);
}

bool gw_sim_summary(struct gw_sim *sim, struct gw_arena *arena, struct gw_value *out)
{
    struct gw_err err = {0};
    if (!gw_sim_ask(sim, "summary", NULL, 0, arena, out, &err)) {
        gw_log(GW_LOG_ERROR, "simulator: %s", err.message);
        return false;
    }
    return out->kind == GW_MAP;
}
