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

bool gw_run_refuse_change(struct gw_view subject, struct gw_err *err)
{
    return gw_fail(err, GW_ERR_DENIED,
                   "%.*s: changes something, and this run is read-only: it has --read-only, or "
                   "GWRUN_READ_ONLY is set (refused before anything was sent)",
                   GW_VIEW_ARGS(subject));
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
    if (!gw_run_is_own(act) && !gw_run_check_declared(&run->needs, act, err)) {
        return false;
    }
    if (changes(act->effect) && run->options.read_only && run->options.mode != GW_RUN_PLAN) {
        return gw_run_refuse_change(act->action, err);
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

static bool stopping(struct gw_gate *self)
{
    return gw_run_is_stopping(run_of(self));
}

static bool rehearse(struct gw_gate *self, const struct gw_act *act, struct gw_arena *arena,
                     struct gw_value *answer, struct gw_err *err)
{
    struct gw_run *run = run_of(self);
    *answer = (struct gw_value){0};
    if (!run->options.simulated) {
        return true;
    }
    if (run->target.command &&
        !run->target.command(run->target.ctx, act->command, arena, answer, err)) {
        return false;
    }
    return answer->kind == GW_MAP || !changes(act->effect) ||
           gw_fail(
               err, GW_ERR_DENIED,
               "%.*s: changes something, so that a rehearsal does not run it, and the simulated "
               "world has no answer to it; add one to the world's commands",
               GW_VIEW_ARGS(act->action));
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
                                 .transport = transport,
                                 .command = gw_run_command_effect,
                                 .inside = gw_run_inside_effect,
                                 .stopping = stopping,
                                 .rehearse = rehearse,
                                 .variable = gw_run_allow_variable};
}
