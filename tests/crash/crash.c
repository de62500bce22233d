/* crash: kills a run at each point in turn, lets it go on, and holds what the world has become against an
 * undisturbed run: the same end state, the same exit code, and no change that was applied twice. Then
 * again, with what goes on killed too, at points drawn by chance from a fixed seed.
 *
 *     crash_test CASE */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/codec.h"
#include "crash.h"

#define START_MS     INT64_C(1762917120000) /* 2025-11-12T03:12:00Z */
#define PAUSE_MS     INT64_C(45000)         /* until somebody notices and goes on */
#define MAX_EFFECTS  256
#define MAX_ATTEMPTS 5
#define MAX_KILLS    3 /* of one run */
#define CHAINS       25

struct test_case {
    const char *name, *script, *state; /* the latter tells the end state as evidence */
    const char *settings;              /* of the world, JSON; NULL: none */
    const char *on_failure;
    const char *args[4];
    const char *secrets[3]; /* arguments that a run takes again when it goes on */
    bool then_undo;         /* the run is taken back, and it is the undo that is killed */
    bool resends;           /* rightly; that nothing has come of it twice is in the end state */
    bool world_moves;       /* meanwhile: the tasks to be stopped may be others */
    int exit_code;
};

static const struct test_case cases[] = {
    {.name = "rollback",
     .script = GW_RUNBOOKS "/emergency_rollback.lua",
     .world_moves = true,
     .state = GW_CASES "/service_state.lua"},
    {.name = "stop_first",
     .script = GW_RUNBOOKS "/emergency_rollback.lua",
     .world_moves = true,
     .args = {"--order", "stop-first"},
     .state = GW_CASES "/service_state.lua"},
    {.name = "rollback_undo",
     .script = GW_RUNBOOKS "/emergency_rollback.lua",
     .then_undo = true,
     .exit_code = GW_EXIT_PROBLEM, /* what was stopped stays stopped */
     .state = GW_CASES "/service_state.lua"},
    {.name = "several", .script = GW_CASES "/several.lua", .state = GW_CASES "/things_state.lua"},
    {.name = "branches", .script = GW_CASES "/branches.lua", .state = GW_CASES "/things_state.lua"},
    {.name = "nested", .script = GW_CASES "/nested.lua", .state = GW_CASES "/things_state.lua"},
    {.name = "tokens",
     .script = GW_CASES "/tokens.lua",
     .resends = true,
     .state = GW_CASES "/secret_state.lua"},
    {.name = "rotate_keys",
     .script = GW_RUNBOOKS "/rotate_aws_keys.lua",
     .args = {"--watch", "1m"},
     .secrets = {"--github-token", "file://" GW_FIXTURES "/github_token"},
     .settings = "{\"bad\":\"none\",\"key_delay\":10}",
     .resends = true,
     .state = GW_CASES "/keys_state.lua"},
    {.name = "rotate_oauth",
     .script = GW_RUNBOOKS "/rotate_google_oauth.lua",
     .secrets = {"--client-secret", "file://" GW_FIXTURES "/new_client_secret"},
     .settings = "{\"bad\":\"none\"}",
     .world_moves = true,
     .state = GW_CASES "/oauth_state.lua"},
    {.name = "rotate_oauth_undo",
     .script = GW_RUNBOOKS "/rotate_google_oauth.lua",
     .secrets = {"--client-secret", "file://" GW_FIXTURES "/new_client_secret"},
     .settings = "{\"bad\":\"none\"}",
     .then_undo = true,
     .world_moves = true,
     .resends = true,
     .state = GW_CASES "/oauth_state.lua"},
    {.name = "path_prefix",
     .script = GW_RUNBOOKS "/fix_path_prefix.lua",
     .args = {"--option", "4"},
     .settings = "{\"bad\":\"none\"}",
     .state = GW_CASES "/rules_state.lua"},
    {.name = "path_prefix_undo",
     .script = GW_RUNBOOKS "/fix_path_prefix.lua",
     .args = {"--option", "3"},
     .settings = "{\"bad\":\"none\"}",
     .then_undo = true,
     .state = GW_CASES "/rules_state.lua"},
    {.name = "undone",
     .script = GW_CASES "/undone.lua",
     .on_failure = "undo",
     .exit_code = GW_EXIT_PROBLEM,
     .state = GW_CASES "/things_state.lua"},
};

struct kill_point {
    enum kill_kind kind;
    int at; /* the n-th write or request of an attempt, from 1 */
};

/* The attempts at a run that are killed, one after the other. */
struct kills {
    struct kill_point points[MAX_KILLS];
    int count;
};

/* One world, and what was done to it. */
struct world {
    const struct test_case *test;
    struct gw_loop *loop;
    struct gw_sim *sim;
    struct gw_arena *arena;
    char journal[256];
    char *effects[MAX_EFFECTS];
    size_t effect_count;
    int requests;
    char *state;
    struct kill_point kill;
    bool was_killed;
};

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "crash_test: %s: %s\n", what, why);
    exit(1);
}

/* ---- the world ------------------------------------------------------------------------------- */

static void on_call(void *ctx, const struct gw_operation *op, const struct gw_value *input)
{
    struct world *world = ctx;
    enum gw_effect effect = gw_operation_effect(op);
    struct gw_buf text;
    if (effect == GW_EFFECT_READ || effect == GW_EFFECT_READ_SECRET) {
        return;
    }
    gw_buf_init(&text, (size_t)1 << 20);
    gw_buf_addf(&text, "%.*s ", GW_VIEW_ARGS(gw_operation_name(op)));
    gw_json_write(input, NULL, &text);
    if (world->effect_count == MAX_EFFECTS) {
        die(world->test->name, "more changes than are counted");
    }
    world->effects[world->effect_count++] = strdup(gw_buf_view(&text).data);
    gw_buf_clear(&text);
}

static void open_world(struct world *world, const struct test_case *test, const char *folder)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_MS};
    struct gw_err err = {0};
    *world = (struct world){.test = test, .loop = gw_loop_new(&clock), .arena = gw_arena_new()};
    struct gw_value settings = gw_value_map();
    if (test->settings &&
        !gw_json_parse(gw_view_of(test->settings), world->arena, &settings, &err)) {
        die("settings", err.message);
    }
    struct gw_sim_options options = {.loop = world->loop,
                                     .modules = gw_stdlib_modules,
                                     .seed = 1,
                                     .settings = &settings,
                                     .on_call = on_call,
                                     .on_call_ctx = world};
    world->sim = gw_sim_new(&options, &err);
    if (!world->sim) {
        die("world", err.message);
    }
    snprintf(world->journal, sizeof world->journal, "%s/journal.db", folder);
}

static void remove_journal(const struct world *world)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char path[300];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", world->journal, ends[i]);
        unlink(path);
    }
}

static void close_world(struct world *world)
{
    remove_journal(world);
    gw_sim_free(world->sim);
    gw_loop_free(world->loop);
    gw_arena_free(world->arena);
    for (size_t i = 0; i < world->effect_count; i++) {
        free(world->effects[i]);
    }
    free(world->state);
}

static void rang(void *ctx)
{
    *(bool *)ctx = true;
}

static void pass(struct world *world, int64_t ms)
{
    bool is_over = ms <= 0;
    if (!is_over) {
        gw_timer_start(world->loop, ms, rang, &is_over);
    }
    while (!is_over && gw_loop_step(world->loop)) {
    }
}

/* ---- serving a child ------------------------------------------------------------------------- */

struct answer {
    struct world *world;
    int fd; /* -1: nobody waits for it */
    bool has_come;
};

static void on_answer(void *ctx, const struct gw_http_response *response, const struct gw_err *err)
{
    struct answer *answer = ctx;
    answer->has_come = true;
    if (answer->fd >= 0) {
        relay_answer(answer->fd, gw_loop_wall_ms(answer->world->loop), response, err);
    }
}

static void kill_child(struct world *world, pid_t child)
{
    world->was_killed = true;
    kill(child, SIGKILL);
}

static void handle(struct world *world, int fd, pid_t child, const struct relay_request *request)
{
    bool is_point = world->requests == world->kill.at;
    struct answer answer = {.world = world, .fd = fd};
    struct gw_transport *transport = gw_sim_transport(world->sim);
    pass(world, request->at_ms - gw_loop_wall_ms(world->loop));
    if (is_point && world->kill.kind == KILL_BEFORE_REQUEST) {
        kill_child(world, child);
        return;
    }
    answer.fd = is_point && world->kill.kind == KILL_AFTER_EFFECT ? -1 : fd;
    transport->start(transport, &request->http, on_answer, &answer);
    while (!answer.has_come && gw_loop_step(world->loop)) {
    }
    if (answer.fd < 0) {
        kill_child(world, child);
    }
}

static void serve(struct world *world, int fd, pid_t child)
{
    struct gw_arena *arena = gw_arena_new();
    struct relay_request request;
    while (relay_read(fd, arena, &request)) {
        if (request.is_text) {
            free(world->state);
            world->state = gw_view_dup(request.text);
        } else {
            world->requests++;
            handle(world, fd, child, &request);
        }
        gw_arena_clear(arena);
    }
    gw_arena_free(arena);
}

/* The child's exit code; -1: killed. */
static int run_child(struct world *world, struct attempt attempt, struct kill_point kill_point)
{
    int fds[2], status;
    world->requests = 0;
    world->kill = kill_point;
    attempt.kill = kill_point.kind;
    attempt.kill_at = kill_point.at;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
        die("socketpair", "none");
    }
    attempt.credentials = gw_sim_credentials(world->sim);
    attempt.now_ms = gw_loop_wall_ms(world->loop);
    attempt.fd = fds[1];
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        attempt_run(&attempt);
    }
    close(fds[1]);
    serve(world, fds[0], child);
    close(fds[0]);
    waitpid(child, &status, 0);
    world->was_killed = world->was_killed || !WIFEXITED(status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- going on -------------------------------------------------------------------------------- */

static bool sees_undo(void *ctx, const struct gw_value *event)
{
    bool *undoing = ctx;
    *undoing =
        *undoing || gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("undo.started"));
    return true;
}

/* As an operator would: what the journal says is to be done next. */
static void choose(const struct world *world, struct attempt *attempt)
{
    struct gw_err err = {0};
    struct gw_journal_options options = {.path = world->journal};
    struct gw_journal *journal = gw_journal_open(&options, &err);
    struct gw_journal_run run;
    bool undoing = false;
    attempt->what = world->test->then_undo ? UNDO : NEW_RUN;
    if (!journal) {
        die("journal", err.message);
    }
    if (gw_journal_find(journal, GW_VIEW("last"), world->arena, &run, &err) &&
        gw_journal_events(journal, run.id, 0, sees_undo, &undoing, &err)) {
        attempt->what = undoing || world->test->then_undo ? UNDO : RESUME;
    }
    gw_journal_close(journal);
}

static bool is_finished(const struct world *world)
{
    struct gw_err err = {0};
    struct gw_journal_options options = {.path = world->journal, .read_only = true};
    struct gw_journal *journal = gw_journal_open(&options, &err);
    struct gw_journal_run run = {0};
    bool finished = journal &&
                    gw_journal_find(journal, GW_VIEW("last"), world->arena, &run, &err) &&
                    run.finished_ms > 0 &&
                    (!world->test->then_undo || gw_view_equal(run.outcome, GW_VIEW("undone")));
    gw_journal_close(journal);
    return finished;
}

static const struct kill_point never;

/* The exit code in the end. */
static int run_to_the_end(struct world *world, const struct kills *kills)
{
    const struct test_case *test = world->test;
    struct attempt attempt = {.script = test->script,
                              .args = test->args,
                              .secrets = test->secrets,
                              .on_failure = test->on_failure,
                              .journal = world->journal};
    if (test->then_undo) {
        run_child(world, attempt, never);
        attempt.what = UNDO;
    }
    int exit_code = run_child(world, attempt, kills->points[0]);
    for (int i = 1; exit_code < 0 && i < MAX_ATTEMPTS; i++) {
        if (is_finished(world)) {
            return test->exit_code; /* it died with all done and said */
        }
        pass(world, PAUSE_MS);
        choose(world, &attempt);
        exit_code = run_child(world, attempt, i < kills->count ? kills->points[i] : never);
    }
    /* what failed is undone; 'gwrun undo' that goes on with it has not failed */
    bool undone = attempt.what == UNDO && exit_code == GW_EXIT_OK && world->was_killed;
    return undone ? test->exit_code : exit_code;
}

static void read_state(struct world *world)
{
    struct attempt attempt = {.script = world->test->state, .secrets = world->test->secrets};
    pass(world, 10 * 60 * 1000); /* what was begun comes to rest */
    int exit_code = run_child(world, attempt, never);
    if (exit_code != GW_EXIT_OK || !world->state) {
        die(world->test->state, "it tells no state");
    }
}

/* ---- comparing ------------------------------------------------------------------------------- */

static int count(const struct world *world, const char *effect)
{
    int found = 0;
    for (size_t i = 0; i < world->effect_count; i++) {
        found += strcmp(world->effects[i], effect) == 0;
    }
    return found;
}

static int compare(const struct world *world, const struct world *calm, int exit_code)
{
    int failures = 0;
    if (exit_code != calm->test->exit_code) {
        printf("  exit code %d, not %d\n", exit_code, calm->test->exit_code);
        failures++;
    }
    if (strcmp(world->state, calm->state) != 0) {
        printf("  end state %s\n  not       %s\n", world->state, calm->state);
        failures++;
    }
    for (size_t i = 0; i < world->effect_count && !world->test->resends; i++) {
        int most = count(calm, world->effects[i]);
        if (most == 0 && !world->test->world_moves) {
            printf("  nobody else does: %s\n", world->effects[i]);
            failures++;
        }
        if (count(world, world->effects[i]) > (most > 1 ? most : 1)) {
            printf("  applied twice: %s\n", world->effects[i]);
            failures++;
        }
    }
    return failures;
}

static const char *const KILLS[] = {"never", "before write", "after write", "before request",
                                    "after the effect of request"};

static void print_failed(const struct world *calm, const struct kills *kills)
{
    printf("%s: killed", calm->test->name);
    for (int i = 0; i < kills->count; i++) {
        printf("%s %s %d", i > 0 ? ", then" : "", KILLS[kills->points[i].kind],
               kills->points[i].at);
    }
    printf(": FAILED\n");
}

/* False: the run ended before the first point was reached. */
static bool try_kills(const struct world *calm, const char *folder, const struct kills *kills,
                      int *failures)
{
    struct world world;
    open_world(&world, calm->test, folder);
    int exit_code = run_to_the_end(&world, kills);
    bool reached = world.was_killed;
    if (reached) {
        read_state(&world);
        int found = compare(&world, calm, exit_code);
        if (found > 0) {
            print_failed(calm, kills);
        }
        *failures += found;
    }
    close_world(&world);
    return reached;
}

static bool try_point(const struct world *calm, const char *folder, enum kill_kind kind, int at,
                      int *failures)
{
    struct kills kills = {.points = {{kind, at}}, .count = 1};
    return try_kills(calm, folder, &kills, failures);
}

/* The generator of C's standard (C11 7.22.2.2): the same numbers everywhere. */
static int draw(unsigned *state, int below)
{
    *state = *state * 1103515245u + 12345u;
    return (int)(*state / 65536u % 32768u) % below;
}

/* Killed at one point, and again on the way on, and again. */
static int try_chains(const struct world *calm, const char *folder, int writes, int *failures)
{
    unsigned chance = 1;
    int tried = 0;
    for (int i = 0; i < CHAINS; i++) {
        struct kills kills = {.count = 2 + draw(&chance, MAX_KILLS - 1)};
        for (int j = 0; j < kills.count; j++) {
            enum kill_kind kind = KILL_BEFORE_WRITE + (enum kill_kind)draw(&chance, 4);
            int most = kind <= KILL_AFTER_WRITE ? writes : calm->requests;
            /* what goes on has less to do: a later point would not be reached */
            kills.points[j] = (struct kill_point){kind, 1 + draw(&chance, most / (j + 1) + 1)};
        }
        tried += try_kills(calm, folder, &kills, failures);
    }
    return tried;
}

static bool try_all(const struct world *calm, const char *folder)
{
    int failures = 0, points = 0;
    for (enum kill_kind kill = KILL_BEFORE_WRITE; kill <= KILL_AFTER_WRITE; kill++) {
        for (int at = 1; try_point(calm, folder, kill, at, &failures); at++) {
            points++;
        }
    }
    int writes = points / 2;
    for (enum kill_kind kill = KILL_BEFORE_REQUEST; kill <= KILL_AFTER_EFFECT; kill++) {
        for (int at = 1; at <= calm->requests; at++) {
            points += try_point(calm, folder, kill, at, &failures);
        }
    }
    int chains = try_chains(calm, folder, writes, &failures);
    printf("%s: killed at %d points, %d times again and again, %d differences\n", calm->test->name,
           points, chains, failures);
    return points >= 10 && chains >= CHAINS / 2 && failures == 0;
}

int main(int argc, char **argv)
{
    const char *tmp = getenv("TMPDIR");
    char folder[200];
    const struct test_case *test = NULL;
    struct world calm;
    for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++) {
        test = strcmp(cases[i].name, argv[1]) == 0 ? &cases[i] : test;
    }
    snprintf(folder, sizeof folder, "%s/gwrun-crash-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!test) {
        die("usage", "crash_test CASE");
    }
    if (!mkdtemp(folder)) {
        die(folder, strerror(errno));
    }
    open_world(&calm, test, folder);
    int exit_code = run_to_the_end(&calm, &(struct kills){.count = 0});
    int requests = calm.requests;
    read_state(&calm);
    calm.requests = requests;
    remove_journal(&calm);
    if (exit_code != test->exit_code || calm.effect_count == 0) {
        fprintf(stderr, "crash_test: %s: undisturbed it ends with %d, %zu changes\n", test->name,
                exit_code, calm.effect_count);
        return 1;
    }
    printf("%s: undisturbed: %d requests, %zu changes, %s\n", test->name, requests,
           calm.effect_count, calm.state);
    bool ok = try_all(&calm, folder);
    close_world(&calm);
    rmdir(folder);
    return ok ? 0 : 1;
}
