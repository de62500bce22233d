/* session: what is behind a session of ECS Exec: the agent (ssm), a program beside it, and the
 * connection of its client. The program is played by the world's shell (sim.shell), or is a process
 * of this machine (process.c). What becomes of messages on their way is the world's `network`. */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "sim/internal.h"
#include "ssm/ssm.h"

#define MAX_PENDING_BYTES                                                                          \
    ((size_t)64 << 10) /* of output that the client has not taken: then the program waits */

struct gw_sim_session {
    struct gw_sim *sim;
    struct gw_sim_session *next;
    struct gw_arena *arena; /* of the texts */
    struct gw_view id, token, command, task;
    struct gw_ssm_agent *agent;
    struct gw_sim_connection connection; /* `send` NULL: there is none */
    struct gw_sim_process *process;      /* NULL: it is played, or has not begun */
    struct gw_timer *wait;               /* of a played program */
    struct letter *letters;              /* that are late */
    int sent;                            /* since the connection was cut last */
    int columns, rows;
    bool is_over; /* the agent has nothing more to say */
};

/* ---- the network ------------------------------------------------------------------------------- */

struct letter {
    struct letter *next;
    struct gw_sim_session *session;
    struct gw_timer *timer;
    bool is_text;
    struct gw_buf bytes;
};

static bool chance(struct gw_sim *sim, double of)
{
    return of > 0 && gw_sim_random_unit(&sim->wire_random) < of;
}

static void send_now(struct gw_sim_session *session, bool is_text, struct gw_view bytes)
{
    if (session->connection.send) {
        session->connection.send(session->connection.ctx, is_text, bytes);
    }
}

static void drop(struct letter *letter)
{
    gw_buf_clear(&letter->bytes);
    free(letter);
}

static void arrive_late(void *ctx)
{
    struct letter *letter = ctx;
    struct letter **place = &letter->session->letters;
    while (*place != letter) {
        place = &(*place)->next;
    }
    *place = letter->next;
    send_now(letter->session, letter->is_text, gw_buf_view(&letter->bytes));
    drop(letter);
}

static void send_late(struct gw_sim_session *session, bool is_text, struct gw_view bytes)
{
    struct letter *letter = gw_alloc(sizeof *letter);
    double delay_s = session->sim->network.late_s * gw_sim_random_unit(&session->sim->wire_random);
    letter->session = session;
    letter->is_text = is_text;
    gw_buf_init(&letter->bytes, bytes.len);
    gw_buf_add(&letter->bytes, bytes);
    letter->next = session->letters;
    session->letters = letter;
    letter->timer =
        gw_timer_start(session->sim->loop, (int64_t)(delay_s * 1000), arrive_late, letter);
}

static void hang_up(struct gw_sim_session *session)
{
    struct gw_sim_connection connection = session->connection;
    session->connection = (struct gw_sim_connection){0};
    gw_ssm_agent_disconnected(session->agent);
    if (connection.hang_up) {
        connection.hang_up(connection.ctx);
    }
}

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    struct gw_sim_session *session = ctx;
    const struct gw_sim_network *network = &session->sim->network;
    int copies = chance(session->sim, network->lost)    ? 0
                 : chance(session->sim, network->twice) ? 2
                                                        : 1;
    for (int i = 0; i < copies; i++) {
        if (network->late_s > 0) {
            send_late(session, is_text, bytes);
        } else {
            send_now(session, is_text, bytes);
        }
    }
}

/* Not from inside of what the agent says. */
static void cut_at_times(struct gw_sim_session *session)
{
    int every = session->sim->network.cut_every;
    if (every > 0 && ++session->sent >= every && session->connection.send) {
        session->sent = 0;
        hang_up(session);
    }
}

/* ---- the program ------------------------------------------------------------------------------- */

static void end_program(struct gw_sim_session *session)
{
    gw_timer_stop(session->wait);
    session->wait = NULL;
    gw_sim_process_stop(session->process);
    session->process = NULL;
}

static void over(struct gw_sim_session *session, struct gw_view reason)
{
    end_program(session);
    gw_ssm_agent_close(session->agent, session->id, reason);
}

static void play(struct gw_sim_session *session, const struct gw_view *typed);

static void on_waited(void *ctx)
{
    struct gw_sim_session *session = ctx;
    struct gw_view nothing = GW_VIEW("");
    session->wait = NULL;
    play(session, &nothing);
}

static void take_played(struct gw_sim_session *session, const struct gw_value *answer)
{
    const struct gw_value *ends = gw_map_get(answer, GW_VIEW("over"));
    const struct gw_value *wait = gw_map_get(answer, GW_VIEW("wait"));
    gw_ssm_agent_output(session->agent, gw_map_text(answer, GW_VIEW("output")));
    if (ends && ends->kind == GW_BOOL && ends->as.boolean) {
        over(session, GW_VIEW(""));
    } else if (wait && (wait->kind == GW_INT || wait->kind == GW_DOUBLE)) {
        double seconds = wait->kind == GW_INT ? (double)wait->as.integer : wait->as.number;
        gw_timer_stop(session->wait);
        session->wait =
            gw_timer_start(session->sim->loop, (int64_t)(seconds * 1000) + 1, on_waited, session);
    }
}

static void play(struct gw_sim_session *session, const struct gw_view *typed)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value answer, args[2] = {gw_value_string(session->id),
                                       typed ? gw_value_string(*typed) : (struct gw_value){0}};
    struct gw_err err = {0};
    if (gw_sim_ask(session->sim, "play", args, 2, arena, &answer, &err)) {
        take_played(session, &answer);
    } else {
        gw_log(GW_LOG_ERROR, "simulator: exec: %s", err.message);
        over(session, GW_VIEW("the simulated shell has failed"));
    }
    gw_arena_free(arena);
}

static void on_output(void *ctx, struct gw_view bytes)
{
    struct gw_sim_session *session = ctx;
    gw_ssm_agent_output(session->agent, bytes);
    gw_sim_process_hold(session->process,
                        gw_ssm_agent_pending_bytes(session->agent) > MAX_PENDING_BYTES);
}

static void on_ended(void *ctx)
{
    over(ctx, GW_VIEW(""));
}

static void run_process(struct gw_sim_session *session)
{
    struct gw_err err = {0};
    const struct gw_sim_process_events events = {on_output, on_ended};
    session->process =
        gw_sim_process_start(session->sim, session->task, session->command, &events, session, &err);
    if (!session->process) {
        struct gw_view text = gw_view_of(err.message);
        over(session, gw_arena_dup(session->arena, text));
        return;
    }
    gw_sim_process_resize(session->process, session->columns, session->rows);
}

/* ---- what the agent tells ------------------------------------------------------------------------ */

static void on_start(void *ctx)
{
    struct gw_sim_session *session = ctx;
    if (session->sim->runs_programs) {
        run_process(session);
    } else {
        play(session, NULL);
    }
}

static void on_input(void *ctx, struct gw_view bytes)
{
    struct gw_sim_session *session = ctx;
    if (session->process) {
        gw_sim_process_input(session->process, bytes);
    } else if (!session->sim->runs_programs) {
        play(session, &bytes);
    }
}

static void on_resized(void *ctx, int columns, int rows)
{
    struct gw_sim_session *session = ctx;
    session->columns = columns;
    session->rows = rows;
    gw_sim_process_resize(session->process, columns, rows);
}

static void on_taken(void *ctx)
{
    struct gw_sim_session *session = ctx;
    gw_sim_process_hold(session->process,
                        gw_ssm_agent_pending_bytes(session->agent) > MAX_PENDING_BYTES);
}

static void on_terminate(void *ctx)
{
    over(ctx, GW_VIEW("terminated by the client"));
}

static void on_closed(void *ctx)
{
    struct gw_sim_session *session = ctx;
    session->is_over = true;
}

/* ---- life ---------------------------------------------------------------------------------------- */

struct gw_sim_session *gw_sim_find_session(struct gw_sim *sim, struct gw_view id)
{
    struct gw_sim_session *session = sim->sessions;
    while (session && !gw_view_equal(session->id, id)) {
        session = session->next;
    }
    return session;
}

void gw_sim_open_session(struct gw_sim *sim, struct gw_view id, struct gw_view token,
                         struct gw_view command, struct gw_view task)
{
    static const struct gw_ssm_agent_events events = {on_send,  on_start,     on_input, on_resized,
                                                      on_taken, on_terminate, on_closed};
    struct gw_sim_session *session = gw_alloc(sizeof *session);
    session->sim = sim;
    session->arena = gw_arena_new();
    session->id = gw_arena_dup(session->arena, id);
    session->token = gw_arena_dup(session->arena, token);
    session->command = gw_arena_dup(session->arena, command);
    session->task = gw_arena_dup(session->arena, task);
    session->agent = gw_ssm_agent_new(sim->loop, &events, session);
    session->next = sim->sessions;
    sim->sessions = session;
}

bool gw_sim_renew_session(struct gw_sim *sim, struct gw_view id, struct gw_view token)
{
    struct gw_sim_session *session = gw_sim_find_session(sim, id);
    if (!session || session->is_over) {
        return false;
    }
    session->token = gw_arena_dup(session->arena, token);
    return true;
}

static void free_session(struct gw_sim_session *session)
{
    struct gw_sim_session **place = &session->sim->sessions;
    while (*place != session) {
        place = &(*place)->next;
    }
    *place = session->next;
    end_program(session);
    for (struct letter *letter = session->letters, *next; letter; letter = next) {
        next = letter->next;
        gw_timer_stop(letter->timer);
        drop(letter);
    }
    if (session->connection.send) {
        hang_up(session);
    }
    gw_ssm_agent_free(session->agent);
    gw_arena_free(session->arena);
    free(session);
}

void gw_sim_end_session(struct gw_sim *sim, struct gw_view id)
{
    struct gw_sim_session *session = gw_sim_find_session(sim, id);
    if (session) {
        over(session, GW_VIEW("the session was ended"));
    }
}

void gw_sim_close_sessions(struct gw_sim *sim)
{
    while (sim->sessions) {
        free_session(sim->sessions);
    }
}

/* ---- a client's connection ------------------------------------------------------------------------ */

static void present(struct gw_sim_session *session, const struct gw_sim_connection *connection,
                    struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_ssm_opening opening;
    struct gw_err err = {0};
    if (!gw_ssm_read_opening(text, arena, &opening, &err) ||
        !gw_view_equal(opening.token, session->token)) {
        connection->hang_up(connection->ctx);
    } else {
        if (session->connection.send && session->connection.ctx != connection->ctx) {
            hang_up(session);
        }
        session->connection = *connection;
        gw_ssm_agent_connected(session->agent);
    }
    gw_arena_free(arena);
}

void gw_sim_session_receive(struct gw_sim_session *session,
                            const struct gw_sim_connection *connection, bool is_text,
                            struct gw_view bytes)
{
    if (is_text) {
        present(session, connection, bytes);
    } else if (session->connection.ctx == connection->ctx &&
               !chance(session->sim, session->sim->network.lost)) {
        gw_ssm_agent_receive(session->agent, bytes);
        cut_at_times(session);
    }
}

void gw_sim_session_lose(struct gw_sim_session *session, const void *ctx)
{
    if (session->connection.ctx == ctx) {
        session->connection = (struct gw_sim_connection){0};
        gw_ssm_agent_disconnected(session->agent);
        if (session->is_over) {
            free_session(session);
        }
    }
}

struct gw_view gw_sim_session_in(struct gw_view url)
{
    static const char path[] = "/v1/data-channel/";
    size_t at = gw_view_find(url, GW_VIEW(path));
    if (at == GW_NPOS) {
        return GW_VIEW("");
    }
    struct gw_view id = gw_view_sub(url, at + sizeof path - 1, GW_NPOS);
    return gw_view_sub(id, 0, gw_view_find_char(id, '?'));
}
