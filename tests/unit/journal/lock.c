/* Locks: leases with a fence; who holds one, who is gone. */
#include <signal.h>

#include "bench.h"

#define TTL 30000

static struct gw_lock lock_of(const char *run)
{
    return (struct gw_lock){.name = GW_VIEW("ecs:c/web"),
                            .run = gw_view_of(run),
                            .user = GW_VIEW("ada"),
                            .host = GW_VIEW("box"),
                            .reason = GW_VIEW("scale"),
                            .pid = getpid()};
}

static enum gw_lock_answer take(struct bench *bench, struct gw_lock *lock, int64_t now_ms,
                                bool by_force, struct gw_lock *holder)
{
    struct gw_lock_store *store = gw_journal_locks(bench->journal);
    return store->take(store, lock, now_ms, TTL, by_force, bench->arena, holder, &bench->err);
}

static bool check(struct bench *bench, const struct gw_lock *lock, int64_t now_ms)
{
    struct gw_lock_store *store = gw_journal_locks(bench->journal);
    return store->check(store, lock, now_ms, &bench->err);
}

static bool renew(struct bench *bench, const struct gw_lock *lock, int64_t now_ms)
{
    struct gw_lock_store *store = gw_journal_locks(bench->journal);
    return store->renew(store, lock, now_ms, TTL, &bench->err);
}

static void release(struct bench *bench, const struct gw_lock *lock)
{
    struct gw_lock_store *store = gw_journal_locks(bench->journal);
    assert_true(store->release(store, lock, &bench->err));
}

static size_t count_locks(struct bench *bench, int64_t now_ms)
{
    struct gw_lock_store *store = gw_journal_locks(bench->journal);
    struct gw_lock *locks;
    size_t count;
    assert_true(store->list(store, now_ms, bench->arena, &locks, &count, &bench->err));
    return count;
}

static void one_holds_and_the_other_is_told_who(void **state)
{
    struct bench *bench = *state;
    struct gw_lock a = lock_of("a"), b = lock_of("b"), holder;
    assert_int_equal(take(bench, &a, 1000, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(holder.run.len, 0);
    assert_int_equal(a.fence, 1);
    assert_int_equal(a.expires_ms, 1000 + TTL);
    assert_int_equal(take(bench, &b, 2000, false, &holder), GW_LOCK_HELD);
    assert_string_equal(holder.run.data, "a");
    assert_string_equal(holder.user.data, "ada");
    assert_string_equal(holder.host.data, "box");
    assert_string_equal(holder.reason.data, "scale");
    assert_int_equal(holder.pid, getpid());
    assert_int_equal(holder.taken_ms, 1000);
    assert_int_equal(holder.expires_ms, 1000 + TTL);
    assert_int_equal(count_locks(bench, 2000), 1);
}

static void other_names_are_free(void **state)
{
    struct bench *bench = *state;
    struct gw_lock a = lock_of("a"), b = lock_of("b"), holder;
    b.name = GW_VIEW("ecs:c/api");
    assert_int_equal(take(bench, &a, 1000, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(take(bench, &b, 1000, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(count_locks(bench, 2000), 2);
}

static void a_released_lock_is_free_and_its_fence_goes_on(void **state)
{
    struct bench *bench = *state;
    struct gw_lock a = lock_of("a"), b = lock_of("b"), holder;
    take(bench, &a, 1000, false, &holder);
    release(bench, &a);
    assert_int_equal(count_locks(bench, 2000), 0);
    assert_false(check(bench, &a, 2000));
    assert_string_equal(bench->err.message,
                        "lock 'ecs:c/web': no longer held by run 'a': it was released");
    assert_int_equal(take(bench, &b, 2000, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(b.fence, 2);
    assert_int_equal(holder.run.len, 0);
    release(bench, &a); /* nothing of its own: the other's stays */
    assert_true(check(bench, &b, 2000));
}

static void a_lease_ends_by_itself(void **state)
{
    struct bench *bench = *state;
    struct gw_lock a = lock_of("a"), b = lock_of("b"), holder;
    take(bench, &a, 1000, false, &holder);
    assert_true(check(bench, &a, 1000 + TTL - 1));
    assert_false(check(bench, &a, 1000 + TTL));
    assert_int_equal(bench->err.code, GW_ERR_DENIED);
    assert_string_equal(bench->err.message, "lock 'ecs:c/web': run 'a' did not renew it in time");
    assert_true(renew(bench, &a, 1000 + TTL)); /* nobody was there in between */
    assert_true(check(bench, &a, 1000 + 2 * TTL - 1));
    assert_int_equal(take(bench, &b, 1000 + 2 * TTL, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(b.fence, 2);
    assert_false(renew(bench, &a, 1000 + 2 * TTL));
    assert_int_equal(bench->err.code, GW_ERR_DENIED);
}

static void force_pushes_aside_and_the_other_learns_it(void **state)
{
    struct bench *bench = *state;
    struct gw_lock a = lock_of("a"), b = lock_of("b"), holder;
    char expected[160];
    take(bench, &a, 1000, false, &holder);
    assert_int_equal(take(bench, &b, 2000, true, &holder), GW_LOCK_TAKEN);
    assert_string_equal(holder.run.data, "a");
    snprintf(expected, sizeof expected,
             "lock 'ecs:c/web': no longer held by run 'a': run 'b' of 'ada' on 'box' (process %d) "
             "has it",
             (int)getpid());
    assert_false(check(bench, &a, 2000));
    assert_int_equal(bench->err.code, GW_ERR_DENIED);
    assert_string_equal(bench->err.message, expected);
    assert_false(renew(bench, &a, 2000));
    assert_string_equal(bench->err.message, expected);
}

static void the_holder_takes_it_again(void **state)
{
    struct bench *bench = *state;
    struct gw_lock a = lock_of("a"), again = lock_of("a"), holder;
    take(bench, &a, 1000, false, &holder);
    assert_int_equal(take(bench, &again, 5000, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(again.fence, 1);
    assert_int_equal(holder.run.len, 0);
    assert_true(check(bench, &a, 5000 + TTL - 1));
}

/* ---- processes ------------------------------------------------------------------------------- */

/* A child that takes the lock, says so, and waits to be killed. */
static pid_t fork_holder(struct bench *bench, const char *run)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct gw_lock lock = lock_of(run), holder;
        bench_open(bench);
        byte = (char)('0' + take(bench, &lock, 1000, false, &holder));
        if (write(ready[1], &byte, 1) == 1) {
            pause();
        }
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, '0' + GW_LOCK_TAKEN);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void a_dead_holder_has_lost_it_at_once(void **state)
{
    struct bench *bench = *state;
    struct gw_lock b = lock_of("b"), holder;
    pid_t pid = fork_holder(bench, "a");
    bench_open(bench);
    assert_int_equal(take(bench, &b, 1001, false, &holder), GW_LOCK_HELD);
    assert_int_equal(holder.pid, pid);
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT); /* dead, but not buried yet */
    assert_int_equal(count_locks(bench, 1002), 0);
    assert_int_equal(take(bench, &b, 1002, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(holder.run.len, 0);
    assert_int_equal(b.fence, 2);
    waitpid(pid, NULL, 0);
}

static void the_same_run_takes_it_from_its_other_process(void **state)
{
    struct bench *bench = *state;
    struct gw_lock a = lock_of("a"), holder;
    pid_t pid = fork_holder(bench, "a");
    bench_open(bench);
    assert_int_equal(take(bench, &a, 1001, false, &holder), GW_LOCK_TAKEN);
    assert_int_equal(holder.pid, pid);
    assert_int_equal(a.fence, 2);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Numbers of processes come again; so does one after the machine was started anew. */
static void a_number_alone_is_no_holder(void **state)
{
    static const struct {
        const char *sql;
        enum gw_lock_answer answer;
    } rows[] = {
        {"UPDATE lock SET process = process || '0'", GW_LOCK_TAKEN}, /* began at another time */
        {"UPDATE lock SET process = replace(process, '-', 'f')", GW_LOCK_TAKEN}, /* another boot */
        {"UPDATE lock SET process = 'x' || process || '0'", GW_LOCK_HELD},       /* another host */
        {"UPDATE lock SET process = replace(process, 'pid:[', 'pid:[9')", GW_LOCK_HELD},
        {"UPDATE lock SET process = '', pid = 999999999", GW_LOCK_HELD},
    };
    struct bench *bench = *state;
    bench_open(bench);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_lock a = lock_of("a"), b = lock_of("b"), holder;
        take(bench, &a, 1000, true, &holder);
        bench_sql(bench, rows[i].sql);
        assert_int_equal(take(bench, &b, 1001, false, &holder), rows[i].answer);
    }
}

enum { RACERS = 6 };

/* Tells whether it won, and stays: who is gone has lost its lock. */
static void race(struct bench *bench, int number, const int start[2], const int answers[2])
{
    char byte, run[8];
    snprintf(run, sizeof run, "r%d", number);
    struct gw_lock lock = lock_of(run), holder;
    bool told = read(start[0], &byte, 1) == 1;
    bench_open(bench);
    byte = told && take(bench, &lock, 1000, false, &holder) == GW_LOCK_TAKEN ? 'w' : 'l';
    told = write(answers[1], &byte, 1) == 1;
    pause();
}

static void of_many_processes_one_wins(void **state)
{
    struct bench *bench = *state;
    int start[2], answers[2], winners = 0;
    pid_t pids[RACERS];
    assert_true(pipe(start) == 0 && pipe(answers) == 0);
    for (int i = 0; i < RACERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            race(bench, i, start, answers);
            _exit(0);
        }
    }
    assert_int_equal(write(start[1], "......", RACERS), RACERS);
    for (int i = 0; i < RACERS; i++) {
        char byte;
        assert_int_equal(read(answers[0], &byte, 1), 1);
        winners += byte == 'w';
    }
    assert_int_equal(winners, 1);
    for (int i = 0; i < RACERS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_set_up_open, bench_tear_down)
#define P(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)
    const struct CMUnitTest tests[] = {
        T(one_holds_and_the_other_is_told_who),
        T(other_names_are_free),
        T(a_released_lock_is_free_and_its_fence_goes_on),
        T(a_lease_ends_by_itself),
        T(force_pushes_aside_and_the_other_learns_it),
        T(the_holder_takes_it_again),
        P(a_dead_holder_has_lost_it_at_once),
        P(the_same_run_takes_it_from_its_other_process),
        P(a_number_alone_is_no_holder),
        P(of_many_processes_one_wins),
    };
#undef T
#undef P
    return cmocka_run_group_tests(tests, NULL, NULL);
}
