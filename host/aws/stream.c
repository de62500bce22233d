/* stream: a call whose output goes on, event after event. The call is an ordinary one up to the
 * first sign of success, retries and all; from there on nothing is repeated, for what was told
 * cannot be told anew.
 *
 * Each callback may close the stream it is called for; `gone` tells. Limits: the framing's; what a
 * paused reader has not taken waits here up to WAITING_MAX_BYTES, the rest in the connection. */
#include "aws/internal.h"

#include <stdlib.h>

/* A transport hands over less at a time, and nothing while paused. */
#define WAITING_MAX_BYTES (64u << 20)

struct gw_stream {
    struct gw_client *client;
    struct gw_stream_request request;
    struct gw_call *call; /* NULL: over */
    struct gw_body_sink sink;

    struct gw_eventstream_reader reader;
    struct gw_buf waiting;  /* came, and not looked at yet: from */
    size_t taken;           /* on */
    struct gw_arena *arena; /* of the event that is told */
    struct gw_timer *soon;  /* goes on after a pause */
    bool began, paused;
    bool *gone; /* of the callback that runs */
};

/* ---- life ------------------------------------------------------------------------------------ */

void gw_stream_close(struct gw_stream *stream)
{
    if (!stream) {
        return;
    }
    if (stream->gone) {
        *stream->gone = true;
    }
    gw_call_cancel(stream->call);
    gw_timer_stop(stream->soon);
    gw_eventstream_reader_clear(&stream->reader);
    gw_buf_clear(&stream->waiting);
    gw_arena_free(stream->arena);
    free(stream);
}

static void name_operation(const struct gw_operation *op, struct gw_err *err)
{
    gw_err_prefix(err, "%.*s:%.*s", GW_VIEW_ARGS(gw_service_name(gw_operation_service(op))),
                  GW_VIEW_ARGS(gw_operation_name(op)));
}

/* It has ended by itself: tells so, and is gone. */
static void end(struct gw_stream *stream, const struct gw_call_result *result)
{
    gw_call_done_fn tell = stream->began ? stream->request.ended : stream->request.call.done;
    bool gone = false;
    /* cppcheck-suppress autoVariables ; taken back below */
    stream->gone = &gone;
    tell(stream->request.call.ctx, result);
    if (!gone) {
        stream->gone = NULL;
        gw_stream_close(stream);
    }
}

static void fail(struct gw_stream *stream, struct gw_aws_error *error, const struct gw_err *err)
{
    struct gw_call_result result;
    gw_call_describe(stream->call, &result);
    result.error = error;
    result.err = error ? NULL : err;
    if (error) {
        error->http_status = result.http_status;
        error->attempts = result.attempts;
        error->request_id = result.request_id;
    }
    end(stream, &result);
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* These return false when the stream is gone. */

static bool tell_began(struct gw_stream *stream, const struct gw_value *output)
{
    struct gw_call_result result;
    bool gone = false;
    if (stream->began) {
        return true;
    }
    stream->began = true;
    gw_call_commit(stream->call);
    gw_call_describe(stream->call, &result);
    result.output = output;
    /* cppcheck-suppress autoVariables ; taken back below */
    stream->gone = &gone;
    stream->request.call.done(stream->request.call.ctx, &result);
    if (!gone) {
        stream->gone = NULL;
    }
    return !gone;
}

static bool tell_event(struct gw_stream *stream, const struct gw_value *event)
{
    bool gone = false;
    /* cppcheck-suppress autoVariables ; taken back below */
    stream->gone = &gone;
    bool more = stream->request.event(stream->request.call.ctx, event);
    if (!gone) {
        stream->gone = NULL;
        stream->paused = !more;
    }
    return !gone;
}

static bool take_message(struct gw_stream *stream, const struct gw_eventstream_message *message)
{
    const struct gw_operation *op = stream->request.call.op;
    const struct gw_value nothing = gw_value_map();
    struct gw_event event = {0};
    struct gw_err err = {0};
    switch (
        gw_protocol_read_event(op, gw_operation_output(op), message, stream->arena, &event, &err)) {
    case GW_EVENT_INITIAL:
        return tell_began(stream, &event.value);
    case GW_EVENT_MEMBER:
        return tell_began(stream, &nothing) && tell_event(stream, &event.value);
    case GW_EVENT_UNKNOWN:
        return true;
    case GW_EVENT_ERROR:
        fail(stream, &event.error, NULL);
        return false;
    case GW_EVENT_GARBAGE:
        break;
    }
    fail(stream, NULL, &err);
    return false;
}

/* Tells all that has come, unless it is paused. */
static bool pump(struct gw_stream *stream)
{
    struct gw_eventstream_message message;
    struct gw_err err = {0};
    while (!stream->paused) {
        struct gw_view rest = gw_view_sub(gw_buf_view(&stream->waiting), stream->taken, GW_NPOS);
        gw_arena_clear(stream->arena);
        enum gw_eventstream_result result =
            gw_eventstream_read(&stream->reader, &rest, stream->arena, &message, &err);
        stream->taken = stream->waiting.len - rest.len;
        if (result == GW_EVENTSTREAM_MORE) {
            gw_buf_reset(&stream->waiting);
            stream->taken = 0;
            return true;
        }
        if (result == GW_EVENTSTREAM_BROKEN) {
            name_operation(stream->request.call.op, &err);
            fail(stream, NULL, &err);
            return false;
        }
        if (!take_message(stream, &message)) {
            return false;
        }
    }
    return true;
}

/* ---- the call's sink ------------------------------------------------------------------------- */

/* Of each attempt that succeeds so far; there is a second one only if nothing was told. */
static bool on_head(void *ctx, const struct gw_http_response *head)
{
    struct gw_stream *stream = ctx;
    const struct gw_operation *op = stream->request.call.op;
    struct gw_value output = gw_value_map();
    struct gw_aws_error error;
    struct gw_err err = {0};
    gw_eventstream_reader_clear(&stream->reader);
    gw_buf_reset(&stream->waiting);
    stream->taken = 0;
    if (gw_event_stream_has_initial(op)) {
        return true;
    }
    gw_arena_clear(stream->arena);
    if (gw_protocol_read_response(op, head, stream->arena, &output, &error, &err) != GW_ANSWER_OK) {
        return false; /* collected, and found to be wrong again by the call */
    }
    return tell_began(stream, &output);
}

static enum gw_sink_answer on_bytes(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct gw_stream *stream = ctx;
    if (!gw_buf_add(&stream->waiting, bytes)) {
        gw_fail(err, GW_ERR_LIMIT, "event stream: more than %u bytes wait to be read",
                WAITING_MAX_BYTES);
        return GW_SINK_ABORT;
    }
    return pump(stream) && stream->paused ? GW_SINK_PAUSE : GW_SINK_TAKEN;
}

static void on_done(void *ctx, const struct gw_call_result *result)
{
    struct gw_stream *stream = ctx;
    struct gw_call_result told = *result;
    struct gw_err err = {0};
    stream->call = NULL;
    if (result->output && (!stream->began || stream->reader.pending.len > 0)) {
        gw_fail(&err, GW_ERR_PROTOCOL, "event stream: it ended %s",
                stream->began ? "inside an event" : "before it began");
        name_operation(result->op, &err);
        told.err = &err;
    }
    told.output = NULL;
    end(stream, &told);
}

static void on_retrying(void *ctx, const struct gw_call_retry *retry)
{
    struct gw_stream *stream = ctx;
    stream->request.call.retrying(stream->request.call.ctx, retry);
}

/* ---- pause ----------------------------------------------------------------------------------- */

static void on_soon(void *ctx)
{
    struct gw_stream *stream = ctx;
    stream->soon = NULL;
    if (pump(stream) && !stream->paused) {
        gw_call_resume(stream->call);
    }
}

void gw_stream_resume(struct gw_stream *stream)
{
    if (stream->paused && !stream->soon) {
        stream->paused = false;
        stream->soon = gw_timer_start(stream->client->options.loop, 0, on_soon, stream);
    }
}

/* ---- start ----------------------------------------------------------------------------------- */

struct gw_stream *gw_stream_open(struct gw_client *client, const struct gw_stream_request *request,
                                 struct gw_err *err)
{
    struct gw_stream *stream = gw_alloc(sizeof *stream);
    *stream = (struct gw_stream){.client = client, .request = *request};
    stream->sink = (struct gw_body_sink){on_head, on_bytes, stream};
    stream->arena = gw_arena_new();
    gw_buf_init(&stream->waiting, WAITING_MAX_BYTES);
    gw_eventstream_reader_init(&stream->reader);
    struct gw_call_request call = request->call;
    call.sink = &stream->sink;
    call.done = on_done;
    call.retrying = call.retrying ? on_retrying : NULL;
    call.ctx = stream;
    stream->call = gw_call_start(client, &call, err);
    if (!stream->call) {
        gw_stream_close(stream);
        return NULL;
    }
    return stream;
}
