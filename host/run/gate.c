/* gate: what a run lets its script do. Reading is free once declared; changing needs a step; and
 * nothing leaves that the runbook did not declare in `needs`. */
#include "run/internal.h"

static struct gw_run *run_of(struct gw_gate *gate)
{
    return (struct gw_run *)gate; /* its first member */
}

static bool changes(enum gw_effect effect)
{
    return effect == GW_EFFECT_CHANGE || effect == GW_EFFECT_DESTROY;
}

/* "ecs:DescribeServices", "ecs:Describe*" */
static bool action_matches(struct gw_view declared, struct gw_view action)
{
    if (gw_view_ends_with(declared, GW_VIEW("*"))) {
        declared.len--;
        return gw_view_starts_with(action, declared);
    }
    return gw_view_equal(declared, action);
}

/* Host and port of "example.com", "example.com:8080" or "http://example.com:8080/health". */
static struct gw_view authority_of(struct gw_view declared)
{
    struct gw_url url;
    if (gw_view_find(declared, GW_VIEW("://")) != GW_NPOS && gw_url_parse(declared, &url, NULL)) {
        return url.authority;
    }
    return declared;
}

static struct gw_view without_port(struct gw_view authority)
{
    size_t end = authority.len;
    while (end > 0 && authority.data[end - 1] >= '0' && authority.data[end - 1] <= '9') {
        end--;
    }
    return end > 0 && authority.data[end - 1] == ':' ? gw_view_sub(authority, 0, end - 1)
                                                     : authority;
}

/* A declaration without a port allows every port of the host. */
static bool host_matches(struct gw_view declared, struct gw_view authority)
{
    declared = authority_of(declared);
    return gw_view_equal_nocase(declared, authority) ||
           gw_view_equal_nocase(declared, without_port(authority));
}

static bool is_declared(const struct gw_run *run, const struct gw_act *act)
{
    bool http = act->host.len > 0;
    const struct gw_value *list = gw_map_get(&run->needs, http ? GW_VIEW("hosts") : GW_VIEW("aws"));
    for (size_t i = 0; list && list->kind == GW_LIST && i < list->as.list.count; i++) {
        const struct gw_value *item = &list->as.list.items[i];
        if (item->kind == GW_STRING && (http ? host_matches(item->as.string, act->host)
                                             : action_matches(item->as.string, act->action))) {
            return true;
        }
    }
    return false;
}

static bool fail_undeclared(const struct gw_act *act, struct gw_err *err)
{
    if (act->host.len > 0) {
        return gw_fail(err, GW_ERR_DENIED,
                       "%.*s: host not declared in this runbook's needs.hosts; add \"%.*s\" "
                       "(refused before anything was sent)",
                       GW_VIEW_ARGS(act->action), GW_VIEW_ARGS(act->host));
    }
    return gw_fail(err, GW_ERR_DENIED,
                   "%.*s: not declared in this runbook's needs.aws; add \"%.*s\" "
                   "(refused before anything was sent)",
                   GW_VIEW_ARGS(act->action), GW_VIEW_ARGS(act->action));
}

static bool check(const struct gw_run *run, const struct gw_act *act, struct gw_err *err)
{
    const struct gw_run_step *step = act->context;
    if (!run->executing) {
        return gw_fail(err, GW_ERR_DENIED, "%.*s: not sent, the run %s", GW_VIEW_ARGS(act->action),
                       run->ended ? "is over"
                                  : "has not begun (the default of a parameter makes no calls)");
    }
    if (run->stop != GW_STOP_NONE) {
        return gw_fail(err, GW_ERR_CANCELLED, "%.*s: not sent, the run is being stopped",
                       GW_VIEW_ARGS(act->action));
    }
    if (!is_declared(run, act) && !gw_run_is_own(act)) {
        return fail_undeclared(act, err);
    }
    if (changes(act->effect) && !(step && step->open)) {
        return gw_fail(err, GW_ERR_DENIED,
                       "%.*s: changes something, which only the change function of rb:step may do "
                       "(refused before anything was sent)",
                       GW_VIEW_ARGS(act->action));
    }
    return true;
}

static enum gw_gate_answer ask(struct gw_gate *self, struct gw_act *act, struct gw_err *err)
{
    struct gw_run *run = run_of(self);
    if (!check(run, act, err)) {
        return GW_GATE_REFUSED;
    }
    if (act->waits && run->options.mode == GW_RUN_PLAN) {
        return GW_GATE_PLANNED;
    }
    bool leaves_traces = changes(act->effect) || act->save_to.len > 0;
    if (leaves_traces && run->options.mode == GW_RUN_PLAN) {
        gw_run_emit_planned_call(run, act);
        return GW_GATE_PLANNED;
    }
    if (changes(act->effect)) {
        return gw_run_begin_change(run, act, err);
    }
    run->in_flight++;
    return GW_GATE_SEND;
}

static void finished(struct gw_gate *self, const struct gw_act *act,
                     const struct gw_outcome *outcome)
{
    struct gw_run *run = run_of(self);
    run->in_flight--;
    if (changes(act->effect)) {
        gw_run_end_change(run, act, outcome);
    }
    if (run->executing) {
        gw_run_emit_call(run, act, outcome);
        gw_run_call_settled(run);
    }
}

static void retrying(struct gw_gate *self, const struct gw_act *act,
                     const struct gw_setback *setback)
{
    struct gw_run *run = run_of(self);
    if (run->executing) {
        gw_run_emit_retry(run, act, setback);
    }
}

static void moved(struct gw_gate *self, const struct gw_act *act,
                  const struct gw_transfer *transfer)
{
    struct gw_run *run = run_of(self);
    if (run->executing) {
        gw_run_emit_progress(run, act, transfer);
    }
}

static void streamed(struct gw_gate *self, const struct gw_act *act,
                     const struct gw_outcome *outcome)
{
    struct gw_run *run = run_of(self);
    if (run->executing) {
        gw_run_emit_stream(run, act, outcome);
    }
}

static struct gw_client *client(struct gw_gate *self, struct gw_view region, struct gw_view profile,
                                struct gw_err *err)
{
    struct gw_run *run = run_of(self);
    if (!run->target.client) {
        gw_fail(err, GW_ERR_DENIED, "this run has no access to AWS");
        return NULL;
    }
    return run->target.client(run->target.ctx, region, profile, err);
}

static struct gw_transport *transport(struct gw_gate *self, struct gw_err *err)
{
    struct gw_run *run = run_of(self);
    if (!run->target.transport) {
        gw_fail(err, GW_ERR_DENIED, "this run has no access to the network");
    }
    return run->target.transport;
}

void gw_run_open_gate(struct gw_run *run)
{
    run->gate = (struct gw_gate){.ask = ask,
                                 .finished = finished,
                                 .retrying = retrying,
                                 .moved = moved,
                                 .file = gw_run_allow_file,
                                 .streamed = streamed,
                                 .client = client,
                                 .transport = transport};
}
