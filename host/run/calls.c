/* calls: the memory of changing calls, so that none is made twice. A call is known by its step and
 * its content: action, parameters, region, profile, and which of several that are the same. Filled
 * from the journal when a run goes on, and by the run itself.
 *
 * Secrets are left out of the content: two calls that differ in a secret only are the same here, and
 * no digest of a secret is written down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/internal.h"

#define MAX_CONTENT_BYTES ((size_t)16 << 20)

enum state {
    SENT, /* and nothing is known since */
    DONE,
    FAILED, /* and certainly without effect */
    UNCERTAIN
};

enum settled { NOT_SETTLED, AS_APPLIED, AS_AGAIN };

struct gw_run_made {
    struct gw_run_made *next; /* all of the run, oldest first */
    char *step, *action, *at;
    char digest[2 * GW_SHA256_LEN + 1];
    int number;     /* in its step, from 1 */
    bool has_token; /* sending it again is safe */
    bool met;       /* the step that runs now has come to it */
    enum state state;
    enum settled settled;
    struct gw_value params, output; /* in the run's calls_arena; the output without secrets */
    bool output_cut;
};

/* ---- finding --------------------------------------------------------------------------------- */

static bool of_step(const struct gw_run_made *made, struct gw_view step)
{
    return gw_view_equal(gw_view_of(made->step), step);
}

static bool is_uncertain(const struct gw_run_made *made)
{
    return made->state == SENT || made->state == UNCERTAIN;
}

static struct gw_run_made *find(struct gw_run *run, struct gw_view step, int number)
{
    struct gw_run_made *made = run->made;
    while (made && !(of_step(made, step) && made->number == number)) {
        made = made->next;
    }
    return made;
}

static struct gw_run_made *find_content(struct gw_run *run, struct gw_view step, const char *digest)
{
    struct gw_run_made *made = run->made;
    while (made && !(of_step(made, step) && !made->met && strcmp(made->digest, digest) == 0)) {
        made = made->next;
    }
    return made;
}

/* Which of the calls of its step that have the same content. */
static int occurrence(const struct gw_run *run, const struct gw_run_made *of)
{
    int found = 1;
    for (const struct gw_run_made *made = run->made; made != of; made = made->next) {
        found += of_step(made, gw_view_of(of->step)) && strcmp(made->digest, of->digest) == 0;
    }
    return found;
}

static int count(const struct gw_run *run, struct gw_view step)
{
    int found = 0;
    for (const struct gw_run_made *made = run->made; made; made = made->next) {
        found += of_step(made, step);
    }
    return found;
}

static struct gw_run_made *add(struct gw_run *run, struct gw_view step, struct gw_view action)
{
    struct gw_run_made **link = &run->made;
    struct gw_run_made *made = gw_alloc(sizeof *made);
    while (*link) {
        link = &(*link)->next;
    }
    *link = made;
    made->step = gw_view_dup(step);
    made->action = gw_view_dup(action);
    return made;
}

void gw_run_free_calls(struct gw_run *run)
{
    while (run->made) {
        struct gw_run_made *made = run->made;
        run->made = made->next;
        free(made->step);
        free(made->action);
        free(made->at);
        free(made);
    }
}

void gw_run_enter_calls(struct gw_run *run, struct gw_view step)
{
    for (struct gw_run_made *made = run->made; made; made = made->next) {
        made->met = made->met && !of_step(made, step);
    }
}

/* ---- from the journal ------------------------------------------------------------------------ */

static bool flag(const struct gw_value *event, const char *name)
{
    const struct gw_value *value = gw_map_get(event, gw_view_of(name));
    return value && value->kind == GW_BOOL && value->as.boolean;
}

static struct gw_value member(struct gw_run *run, const struct gw_value *event, const char *name)
{
    const struct gw_value *value = gw_map_get(event, gw_view_of(name));
    return value ? gw_run_restored(value, run->calls_arena) : gw_value_map();
}

static void read_intent(struct gw_run *run, struct gw_run_made *made, const struct gw_value *event)
{
    struct gw_view digest = gw_map_text(event, GW_VIEW("digest"));
    free(made->at);
    made->at = gw_view_dup(gw_map_text(event, GW_VIEW("at")));
    snprintf(made->digest, sizeof made->digest, "%.*s", GW_VIEW_ARGS(digest));
    made->has_token = gw_map_get(event, GW_VIEW("token")) != NULL;
    made->params = member(run, event, "params");
    made->state = SENT;
    made->settled = NOT_SETTLED;
}

static void read_outcome(struct gw_run *run, struct gw_run_made *made, const struct gw_value *event)
{
    bool ok = gw_view_equal(gw_map_text(event, GW_VIEW("outcome")), GW_VIEW("ok"));
    made->state = ok ? DONE : flag(event, "uncertain") ? UNCERTAIN : FAILED;
    made->output_cut = flag(event, "output_cut");
    made->output = member(run, event, "output");
}

static void read_settled(struct gw_run_made *made, const struct gw_value *event)
{
    bool applied = gw_view_equal(gw_map_text(event, GW_VIEW("as")), GW_VIEW("applied"));
    made->settled = applied ? AS_APPLIED : AS_AGAIN;
}

void gw_run_remember_call(struct gw_run *run, const struct gw_value *event)
{
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    struct gw_view step = gw_map_text(event, GW_VIEW("step"));
    const struct gw_value *number = gw_map_get(event, GW_VIEW("call"));
    if (!number || number->kind != GW_INT) {
        return;
    }
    struct gw_run_made *made = find(run, step, (int)number->as.integer);
    if (gw_view_equal(name, GW_VIEW("call.intent"))) {
        if (!made) {
            made = add(run, step, gw_map_text(event, GW_VIEW("action")));
            made->number = (int)number->as.integer;
        }
        read_intent(run, made, event);
    } else if (made && gw_view_equal(name, GW_VIEW("call"))) {
        read_outcome(run, made, event);
    } else if (made && gw_view_equal(name, GW_VIEW("call.settled"))) {
        read_settled(made, event);
    }
}

/* ---- before a change ------------------------------------------------------------------------- */

static bool digest_of(const struct gw_act *act, char *digest, struct gw_err *err)
{
    struct gw_buf content;
    struct gw_json_options plain = {0};
    gw_buf_init(&content, MAX_CONTENT_BYTES);
    gw_buf_addf(&content, "%.*s\n%.*s\n%.*s\n%.*s\n", GW_VIEW_ARGS(act->action),
                GW_VIEW_ARGS(act->region), GW_VIEW_ARGS(act->profile), GW_VIEW_ARGS(act->save_to));
    bool whole = (!act->params || gw_json_write(act->params, &plain, &content)) && !content.full;
    gw_sha256_hex(gw_buf_view(&content), digest);
    gw_buf_clear(&content);
    return whole || gw_fail(err, GW_ERR_LIMIT, "%.*s: parameters too large to be journalled",
                            GW_VIEW_ARGS(act->action));
}

/* As a UUID, which is what services expect of a token: of the run, the step and the content. */
static void make_token(const struct gw_run *run, const struct gw_run_made *made, char *token)
{
    char text[256], hex[2 * GW_SHA256_LEN + 1];
    int len = snprintf(text, sizeof text, "%s\n%s\n%s\n%d", run->id, made->step, made->digest,
                       occurrence(run, made));
    gw_sha256_hex((struct gw_view){text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1},
                  hex);
    snprintf(token, GW_TOKEN_SIZE, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
             hex + 18);
}

static enum gw_gate_answer recall(struct gw_run *run, struct gw_run_made *made, struct gw_act *act,
                                  struct gw_err *err)
{
    made->met = true;
    if (made->output_cut) {
        gw_fail(err, GW_ERR_LIMIT,
                "%.*s: made before, but its answer was too large to be kept; undo step %s and run "
                "anew",
                GW_VIEW_ARGS(act->action), made->step);
        return GW_GATE_REFUSED;
    }
    act->recalled = &made->output;
    act->number = made->number;
    gw_run_emit_recalled(run, act);
    return GW_GATE_RECALLED;
}

static bool tell_intent(struct gw_run *run, struct gw_act *act, struct gw_run_made *made,
                        struct gw_err *err)
{
    gw_run_emit_intent(run, act, made->digest);
    return !run->journal_failed ||
           gw_fail(err, GW_ERR_IO, "%.*s: not sent, the journal cannot be written",
                   GW_VIEW_ARGS(act->action));
}

/* A call that this step has not made before, or that is to be made again. */
static enum gw_gate_answer send(struct gw_run *run, struct gw_act *act, struct gw_run_made *made,
                                struct gw_err *err)
{
    made->met = true;
    made->has_token = act->takes_token;
    make_token(run, made, act->token);
    free(made->at);
    made->at = gw_view_dup(gw_run_iso_time(gw_loop_wall_ms(run->options.loop), run->calls_arena));
    act->number = made->number;
    if (!tell_intent(run, act, made, err)) {
        return GW_GATE_REFUSED;
    }
    made->state = SENT;
    made->settled = NOT_SETTLED;
    run->changes++;
    run->in_flight++;
    return GW_GATE_SEND;
}

static enum gw_gate_answer send_first(struct gw_run *run, struct gw_act *act, struct gw_view step,
                                      const char *digest, struct gw_err *err)
{
    int number = count(run, step) + 1;
    struct gw_run_made *made = add(run, step, act->action);
    snprintf(made->digest, sizeof made->digest, "%s", digest);
    made->number = number;
    made->params = act->params ? gw_run_kept(act->params, run->calls_arena) : gw_value_map();
    return send(run, act, made, err);
}

enum gw_gate_answer gw_run_begin_change(struct gw_run *run, struct gw_act *act, struct gw_err *err)
{
    const struct gw_run_step *open = act->context;
    struct gw_view step = gw_view_of(open->id);
    char digest[2 * GW_SHA256_LEN + 1];
    if (!gw_run_holds_locks(run, act, err) || !digest_of(act, digest, err)) {
        return GW_GATE_REFUSED;
    }
    struct gw_run_made *made = find_content(run, step, digest);
    if (!made) {
        return send_first(run, act, step, digest, err);
    }
    if (made->state == DONE || made->settled == AS_APPLIED) {
        return recall(run, made, act, err);
    }
    if (is_uncertain(made) && !made->has_token && made->settled != AS_AGAIN) {
        gw_fail(err, GW_ERR_DENIED,
                "%.*s: not sent again, for it is not known whether the one of %s took effect",
                GW_VIEW_ARGS(act->action), made->at);
        return GW_GATE_REFUSED;
    }
    return send(run, act, made, err);
}

/* ---- after it -------------------------------------------------------------------------------- */

/* Did it certainly not take effect? An attempt before the last may have: then what the last one is
 * refused for may be its own effect. */
static bool had_no_effect(const struct gw_outcome *outcome)
{
    if (outcome->left_open) {
        return false;
    }
    switch (outcome->err->code) {
    case GW_ERR_INPUT:
    case GW_ERR_NOT_FOUND:
    case GW_ERR_DENIED:
    case GW_ERR_CREDENTIALS:
        return true;
    case GW_ERR_SERVICE:
        return outcome->http_status < 500;
    default: /* it could not even begin; but a cancelled one is told so too */
        return outcome->err->unsent ||
               (outcome->attempts == 0 && outcome->err->code != GW_ERR_CANCELLED);
    }
}

bool gw_run_is_uncertain(const struct gw_outcome *outcome)
{
    return outcome->err && !had_no_effect(outcome);
}

void gw_run_end_change(struct gw_run *run, const struct gw_act *act,
                       const struct gw_outcome *outcome)
{
    const struct gw_run_step *step = act->context;
    struct gw_run_made *made = find(run, gw_view_of(step->id), act->number);
    if (!made) {
        return;
    }
    made->state = !outcome->err ? DONE : gw_run_is_uncertain(outcome) ? UNCERTAIN : FAILED;
    if (outcome->output) {
        made->output = gw_value_copy(run->calls_arena, outcome->output);
    }
}

/* ---- for the engine -------------------------------------------------------------------------- */

/* changed(step) -> boolean: has it sent a change that took effect, or may have? */
int gw_run_lua_changed(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view step = gw_check_view(L, 1);
    bool changed = false;
    for (const struct gw_run_made *made = run->made; made; made = made->next) {
        changed = changed || (of_step(made, step) && made->state != FAILED);
    }
    lua_pushboolean(L, changed);
    return 1;
}

static void push_uncertain(lua_State *L, const struct gw_run_made *made)
{
    lua_createtable(L, 0, 5);
    lua_pushinteger(L, made->number);
    lua_setfield(L, -2, "number");
    lua_pushstring(L, made->action);
    lua_setfield(L, -2, "action");
    lua_pushstring(L, made->at);
    lua_setfield(L, -2, "at");
    lua_pushboolean(L, made->has_token);
    lua_setfield(L, -2, "resendable");
    gw_push_value(L, &made->params);
    lua_setfield(L, -2, "params");
}

/* uncertain(step) -> list of { number=, action=, at=, resendable=, params= }, oldest first */
int gw_run_lua_uncertain(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view step = gw_check_view(L, 1);
    lua_Integer found = 0;
    lua_newtable(L);
    for (const struct gw_run_made *made = run->made; made; made = made->next) {
        if (of_step(made, step) && is_uncertain(made) && made->settled == NOT_SETTLED) {
            push_uncertain(L, made);
            lua_rawseti(L, -2, ++found);
        }
    }
    return 1;
}

/* settle(step, number, "applied" | "again", by) */
int gw_run_lua_settle(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view step = gw_check_view(L, 1);
    int number = (int)luaL_checkinteger(L, 2);
    struct gw_view as = gw_check_view(L, 3), by = gw_opt_view(L, 4);
    struct gw_run_made *made = find(run, step, number);
    if (!made || !is_uncertain(made)) {
        return luaL_error(L, "settle: step %s has no uncertain call %d", step.data, number);
    }
    made->settled = gw_view_equal(as, GW_VIEW("applied")) ? AS_APPLIED : AS_AGAIN;
    made->output = gw_value_map();
    gw_run_emit_settled(run, made->step, made->action, number, as, by);
    return 0;
}
