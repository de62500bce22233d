/* aws_facts: what is known without a call: which operations an action of a policy stands for, whose
 * credentials the run has, and how far AWS's clock is from ours. */
#include "bind/internal.h"

/* "ecs" of "ecs:Describe*" */
static struct gw_view prefix_of(struct gw_view action)
{
    size_t colon = gw_view_find_char(action, ':');
    return colon == GW_NPOS ? action : gw_view_sub(action, 0, colon);
}

static bool is_meant(struct gw_view wanted, struct gw_view action)
{
    if (gw_view_ends_with(wanted, GW_VIEW("*"))) {
        return gw_view_starts_with(action, gw_view_sub(wanted, 0, wanted.len - 1));
    }
    return gw_view_equal(wanted, action);
}

static void add_operations(const struct gw_service *service, struct gw_view wanted,
                           struct gw_arena *arena, struct gw_value *list)
{
    for (size_t i = 0; i < gw_service_operation_count(service); i++) {
        const struct gw_operation *op = gw_service_operation(service, i);
        struct gw_view action = gw_bind_action(op, arena);
        if (is_meant(wanted, action)) {
            struct gw_value *item = gw_list_add(arena, list);
            *item = gw_value_map();
            *gw_map_add(arena, item, GW_VIEW("action")) = gw_value_string(action);
            *gw_map_add(arena, item, GW_VIEW("effect")) =
                gw_value_string(gw_bind_effect_name(gw_operation_effect(op)));
        }
    }
}

/* actions(action) -> list of { action=, effect= }: the operations that "ecs:Describe*" stands for. An
 * action that two services have comes twice. */
int gw_bind_aws_actions(lua_State *L)
{
    struct gw_view wanted = gw_check_view(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value names = gw_models_names(arena), list = gw_value_list();
    for (size_t i = 0; i < names.as.list.count; i++) {
        const struct gw_service *service =
            gw_models_find_service(names.as.list.items[i].as.string, NULL);
        if (service && gw_view_equal(gw_service_iam_prefix(service), prefix_of(wanted))) {
            add_operations(service, wanted, arena, &list);
        }
    }
    gw_push_value(L, &list);
    return 1;
}

/* caller() -> { source=, expires_at=, renews=, clock_ahead= } | nil, err: the credentials that the run's
 * own calls are signed with, and AWS's clock less ours in seconds; each nil where it is not known or,
 * of expires_at, where they do not expire. */
int gw_bind_aws_caller(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_err err = {0};
    struct gw_client *client = gate->client(gate, GW_VIEW_NONE, GW_VIEW_NONE, &err);
    if (!client) {
        return gw_push_fail(L, &err);
    }
    struct gw_client_facts facts = gw_client_get_facts(client);
    lua_createtable(L, 0, 4);
    if (facts.credentials_source.len > 0) {
        gw_push_view(L, facts.credentials_source);
        lua_setfield(L, -2, "source");
    }
    if (facts.expires_epoch_s > 0) {
        lua_pushinteger(L, facts.expires_epoch_s);
        lua_setfield(L, -2, "expires_at");
    }
    lua_pushboolean(L, facts.renews);
    lua_setfield(L, -2, "renews");
    if (facts.knows_clock) {
        lua_pushinteger(L, facts.ahead_s);
        lua_setfield(L, -2, "clock_ahead");
    }
    return 1;
}
