/* process: a program that runs beside the loop. Its end is told by SIGCHLD, which a pipe brings to
 * the loop; then what it has printed is taken, and what it left running in its group is killed. So
 * one that hands its output on to a daemon does not hold us.
 *
 * One loop at a time. Owner: the loop's user; `done` or gw_process_stop frees the process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/net.h"

#define GRACE_MS        5000 /* between SIGTERM and SIGKILL */
#define DESCRIPTORS_MAX 65536
#define NOT_STARTED     127

struct stream {
    struct gw_process *process;
    int fd; /* -1: at its end */
    struct gw_watch *watch;
    struct gw_buf text;
    bool may_overflow; /* the rest goes nowhere */
};

struct gw_process {
    struct gw_process *next; /* of those that run */
    struct gw_loop *loop;
    pid_t pid;
    bool own_group, timed_out;
    struct gw_view input; /* left to be written */
    char *input_copy;
    size_t input_len;
    int input_fd; /* -1: none, or all is written */
    struct gw_watch *input_watch;
    struct stream out, err;
    struct gw_timer *deadline;
    gw_process_done_fn done;
    void *ctx;
};

static struct gw_process *running;
static int ended_pipe[2] = {-1, -1};
static struct gw_watch *ended_watch;

/* ---- its end --------------------------------------------------------------------------------- */

static void close_stream(struct stream *stream)
{
    if (stream->fd >= 0) {
        gw_watch_stop(stream->watch);
        close(stream->fd);
        stream->fd = -1;
    }
}

static void close_input(struct gw_process *process)
{
    if (process->input_fd >= 0) {
        gw_watch_stop(process->input_watch);
        close(process->input_fd);
        process->input_fd = -1;
    }
}

static void clear_text(struct gw_buf *text)
{
    if (text->data) {
        gw_wipe(text->data, text->len);
    }
    gw_buf_clear(text);
}

/* The process has been waited for. */
static void release(struct gw_process *process)
{
    struct gw_process **link = &running;
    while (*link != process) {
        link = &(*link)->next;
    }
    *link = process->next;
    if (!running) {
        gw_watch_stop(ended_watch);
        ended_watch = NULL;
    }
    close_input(process);
    close_stream(&process->out);
    close_stream(&process->err);
    gw_timer_stop(process->deadline);
    clear_text(&process->out.text);
    clear_text(&process->err.text);
    gw_wipe(process->input_copy, process->input_len);
    free(process->input_copy);
    free(process);
}

static void send_signal(const struct gw_process *process, int number)
{
    kill(process->own_group ? -process->pid : process->pid, number);
}

/* Before it is waited for its number is its own; what its group leaves behind ends here. */
static int collect(struct gw_process *process)
{
    int status = 0;
    send_signal(process, SIGKILL);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

void gw_process_stop(struct gw_process *process)
{
    if (process) {
        collect(process);
        release(process);
    }
}

static void fail(struct gw_process *process, enum gw_err_code code, const char *what)
{
    struct gw_err err = {0};
    gw_process_done_fn done = process->done;
    void *ctx = process->ctx;
    gw_fail(&err, code, "%s", what);
    gw_process_stop(process);
    done(ctx, NULL, &err);
}

/* False: the process has failed, and is gone. At the end, or when nothing is there, the rest. */
static bool take(struct stream *stream, bool *more)
{
    char block[16384];
    ssize_t got = read(stream->fd, block, sizeof block);
    *more = got > 0 || (got < 0 && errno == EINTR);
    if (got > 0) {
        bool fits = gw_buf_add(&stream->text, (struct gw_view){block, (size_t)got});
        gw_wipe(block, (size_t)got);
        if (!fits && !stream->may_overflow) {
            fail(stream->process, GW_ERR_LIMIT, "printed more than it may");
            return false;
        }
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_stream(stream);
    }
    return true;
}

static bool take_rest(struct stream *stream)
{
    bool more = stream->fd >= 0;
    while (more) {
        if (!take(stream, &more)) {
            return false;
        }
    }
    return true;
}

static void conclude(struct gw_process *process)
{
    if (!take_rest(&process->out) || !take_rest(&process->err)) {
        return;
    }
    if (process->timed_out) {
        fail(process, GW_ERR_TIMEOUT, "took longer than it may, and was ended");
        return;
    }
    int status = collect(process);
    bool by_signal = WIFSIGNALED(status);
    struct gw_process_end end = {.code = by_signal ? 0 : WEXITSTATUS(status),
                                 .signal = by_signal ? WTERMSIG(status) : 0,
                                 .out = gw_buf_view(&process->out.text),
                                 .err = gw_buf_view(&process->err.text)};
    process->done(process->ctx, &end, NULL);
    release(process);
}

/* Whether it has ended; it stays to be waited for. */
static bool has_ended(const struct gw_process *process)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == process->pid;
}

/* What is called when one ends may start or stop others, so that the list is searched anew. */
static void on_ended(void *ctx, int events)
{
    char block[64];
    (void)ctx;
    (void)events;
    while (read(ended_pipe[0], block, sizeof block) > 0) {
    }
    struct gw_process *process = running;
    while (process) {
        if (has_ended(process)) {
            conclude(process);
            process = running;
        } else {
            process = process->next;
        }
    }
}

static void on_signal(int number)
{
    int saved = errno;
    (void)number;
    ssize_t written = write(ended_pipe[1], "", 1); /* a full pipe says the same */
    (void)written;
    errno = saved;
}

/* ---- while it runs --------------------------------------------------------------------------- */

static void on_deadline(void *ctx)
{
    struct gw_process *process = ctx;
    send_signal(process, process->timed_out ? SIGKILL : SIGTERM);
    process->deadline =
        process->timed_out ? NULL : gw_timer_start(process->loop, GRACE_MS, on_deadline, process);
    process->timed_out = true;
}

static void on_readable(void *ctx, int events)
{
    bool more;
    (void)events;
    take(ctx, &more);
}

/* A process that does not read all that it is given is its own affair. */
static void on_writable(void *ctx, int events)
{
    struct gw_process *process = ctx;
    (void)events;
    ssize_t put = write(process->input_fd, process->input.data, process->input.len);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (put > 0) {
        process->input = gw_view_sub(process->input, (size_t)put, GW_NPOS);
    }
    if (put < 0 || process->input.len == 0) {
        close_input(process);
    }
}

/* ---- its start ------------------------------------------------------------------------------- */

/* Standard input, output and error, each with the child's end at its own place. */
struct pipes {
    int ours[3], theirs[3];
};

static void close_pipes(struct pipes *pipes)
{
    for (int i = 0; i < 3; i++) {
        if (pipes->ours[i] >= 0) {
            close(pipes->ours[i]);
        }
        if (pipes->theirs[i] >= 0) {
            close(pipes->theirs[i]);
        }
    }
}

static bool open_pipe(int *ours, int *theirs, bool we_write)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    *ours = ends[we_write];
    *theirs = ends[!we_write];
    fcntl(*ours, F_SETFD, FD_CLOEXEC);
    fcntl(*theirs, F_SETFD, FD_CLOEXEC);
    fcntl(*ours, F_SETFL, O_NONBLOCK);
    return true;
}

static bool open_pipes(const struct gw_process_options *options, struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1, -1}, {-1, -1, -1}};
    return (options->interactive || open_pipe(&pipes->ours[0], &pipes->theirs[0], true)) &&
           open_pipe(&pipes->ours[1], &pipes->theirs[1], false) &&
           open_pipe(&pipes->ours[2], &pipes->theirs[2], false);
}

/* Only what is safe between fork and exec. */
static void become(const struct gw_process_options *options, const struct pipes *pipes,
                   int descriptors)
{
    signal(SIGPIPE, SIG_DFL);
    if (!options->interactive) {
        setpgid(0, 0);
        dup2(pipes->theirs[0], STDIN_FILENO);
    }
    dup2(pipes->theirs[1], STDOUT_FILENO);
    dup2(pipes->theirs[2], STDERR_FILENO);
    for (int fd = STDERR_FILENO + 1; fd < descriptors; fd++) {
        close(fd);
    }
    if (options->folder && chdir(options->folder) != 0) {
        _exit(NOT_STARTED);
    }
    if (options->environment) {
        execve(options->program, (char *const *)options->arguments,
               (char *const *)options->environment);
    } else {
        execv(options->program, (char *const *)options->arguments);
    }
    _exit(NOT_STARTED);
}

static int count_descriptors(void)
{
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX;
    return known ? (int)limit.rlim_cur : DESCRIPTORS_MAX;
}

static bool watch_ends(struct gw_loop *loop)
{
    if (ended_pipe[0] < 0) {
        if (!open_pipe(&ended_pipe[0], &ended_pipe[1], false)) {
            return false;
        }
        fcntl(ended_pipe[1], F_SETFL, O_NONBLOCK);
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NOCLDSTOP | SA_RESTART};
        sigaction(SIGCHLD, &action, NULL);
    }
    if (!ended_watch) {
        ended_watch = gw_watch_start(loop, ended_pipe[0], GW_WATCH_READ, on_ended, NULL);
    }
    return true;
}

static void open_stream(struct gw_process *process, struct stream *stream, int fd,
                        size_t limit_bytes)
{
    stream->process = process;
    stream->fd = fd;
    stream->watch = gw_watch_start(process->loop, fd, GW_WATCH_READ, on_readable, stream);
    gw_buf_init(&stream->text, limit_bytes);
}

static void open_input(struct gw_process *process, const struct gw_process_options *options, int fd)
{
    process->input_fd = fd;
    if (fd < 0) {
        return;
    }
    process->input_copy = gw_view_dup(options->input);
    process->input_len = options->input.len;
    process->input = (struct gw_view){process->input_copy, process->input_len};
    process->input_watch = gw_watch_start(process->loop, fd, GW_WATCH_WRITE, on_writable, process);
    if (options->input.len == 0) {
        close_input(process);
    }
}

struct gw_process *gw_process_start(struct gw_loop *loop, const struct gw_process_options *options,
                                    gw_process_done_fn done, void *ctx, struct gw_err *err)
{
    struct pipes pipes;
    int descriptors = count_descriptors();
    bool ready = open_pipes(options, &pipes) && watch_ends(loop);
    pid_t pid = ready ? fork() : -1;
    if (pid == 0) {
        become(options, &pipes, descriptors);
    }
    if (pid < 0) {
        gw_fail(err, GW_ERR_IO, "cannot be started: %s", strerror(errno));
        close_pipes(&pipes);
        if (!running && ended_watch) {
            gw_watch_stop(ended_watch);
            ended_watch = NULL;
        }
        return NULL;
    }
    for (int i = 0; i < 3; i++) {
        if (pipes.theirs[i] >= 0) {
            close(pipes.theirs[i]);
        }
    }
    struct gw_process *process = gw_alloc(sizeof *process);
    *process = (struct gw_process){.next = running,
                                   .loop = loop,
                                   .pid = pid,
                                   .own_group = !options->interactive,
                                   .done = done,
                                   .ctx = ctx};
    running = process;
    if (process->own_group) {
        setpgid(pid, pid); /* here too: it may be killed before it comes to do so itself */
    }
    open_input(process, options, pipes.ours[0]);
    open_stream(process, &process->out, pipes.ours[1], options->max_out_bytes);
    open_stream(process, &process->err, pipes.ours[2], options->max_err_bytes);
    process->err.may_overflow = true;
    process->deadline = gw_timer_start(loop, options->timeout_ms, on_deadline, process);
    return process;
}
