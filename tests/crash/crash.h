/* crash: what the files of this folder share.
 *
 * The parent process holds the simulated world, on a virtual clock. A child carries out the run as gwrun
 * does, with its journal on disk; its requests go as wire bytes to the parent, which is the world that
 * survives. Either of the two ends the child with SIGKILL where the test wants it: the child itself before
 * or after a write to the journal, the parent before a request is handled, or after it took effect and
 * before the answer. */
#ifndef GW_TESTS_CRASH_H
#define GW_TESTS_CRASH_H

#include <stdbool.h>
#include <sys/types.h>

#include "run/run.h"
#include "sim/sim.h"

extern const struct gw_script_module gw_stdlib_modules[];

/* ---- relay.c --------------------------------------------------------------------------------- */

/* The child's side: a transport whose requests are handled by the other end of `fd`, at the child's
 * time; the child's clock then is the world's. */
struct gw_transport *relay_open(int fd, struct gw_loop *loop);
/* A text for the parent beside the requests. */
void relay_tell(int fd, struct gw_view text);

/* The parent's side. */
struct relay_request {
    bool is_text;
    struct gw_view text;
    int64_t at_ms; /* wall, of the child */
    struct gw_http_request http;
};
/* False: the child is gone. */
bool relay_read(int fd, struct gw_arena *arena, struct relay_request *out);
/* `err` where there is no response. */
void relay_answer(int fd, int64_t at_ms, const struct gw_http_response *response,
                  const struct gw_err *err);

/* ---- attempt.c ------------------------------------------------------------------------------- */

enum kill_kind {
    KILL_NEVER,
    KILL_BEFORE_WRITE,
    KILL_AFTER_WRITE,
    KILL_BEFORE_REQUEST,
    KILL_AFTER_EFFECT
};

/* What a child is to do. */
struct attempt {
    const char *script;
    const char *const *args;    /* of a new run; NULL-terminated */
    const char *const *secrets; /* likewise; those that one that goes on takes again */
    const char *on_failure;
    const char *journal; /* its file; NULL: none */
    enum { NEW_RUN, RESUME, UNDO } what;
    enum kill_kind kill;
    int kill_at; /* the n-th write, from 1 */
    struct gw_credentials credentials;
    int64_t now_ms;
    int fd;
};
/* Does not return. */
_Noreturn void attempt_run(const struct attempt *attempt);

#endif
