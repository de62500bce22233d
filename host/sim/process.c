/* process: the command of a session as a process of this machine, on a pseudo-terminal, in a sandbox
 * of bubblewrap: it reads /usr, writes a folder of its own that is gone with it, sees no other
 * process and none of our environment, and ends when we do. The network is this machine's; a
 * request to the container's own port goes through the simulator, as a proxy, which knows by its
 * user which task asks. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "sim/internal.h"

#define BUBBLEWRAP      "/usr/bin/bwrap"
#define READ_BYTES      4096
#define MAX_INPUT_BYTES ((size_t)16 << 20)
#define REAP_EVERY_MS   10
#define MAX_WORDS       64

struct gw_sim_process {
    struct gw_sim *sim;
    struct gw_sim_process_events events;
    void *ctx;
    pid_t pid;
    int terminal; /* our side of it */
    struct gw_watch *watch;
    int watched;
    struct gw_timer *reaping;
    struct gw_buf input; /* that the terminal has not taken yet */
    size_t written;      /* of that */
    bool is_held, is_over;
};

bool gw_sim_can_run(struct gw_err *err)
{
    return access(BUBBLEWRAP, X_OK) == 0 ||
           gw_fail(err, GW_ERR_INPUT,
                   "--exec runs commands in a sandbox of bubblewrap, and there is no " BUBBLEWRAP
                   ": apt-get install bubblewrap");
}

/* ---- the terminal ------------------------------------------------------------------------------ */

static void on_ready(void *ctx, int events);

static void watch(struct gw_sim_process *process)
{
    int wanted = (process->is_held || process->is_over ? 0 : GW_WATCH_READ) |
                 (process->input.len > process->written ? GW_WATCH_WRITE : 0);
    if (process->watch && process->watched == wanted) {
        return;
    }
    if (process->watch) {
        gw_watch_stop(process->watch);
        process->watch = NULL;
    }
    if (wanted != 0 && process->terminal >= 0) {
        process->watch =
            gw_watch_start(process->sim->loop, process->terminal, wanted, on_ready, process);
        process->watched = wanted;
    }
}

static void reap(void *ctx)
{
    struct gw_sim_process *process = ctx;
    process->reaping = NULL;
    if (waitpid(process->pid, NULL, WNOHANG) == 0) {
        process->reaping = gw_timer_start(process->sim->loop, REAP_EVERY_MS, reap, process);
        return;
    }
    process->pid = -1;
    process->events.ended(process->ctx);
}

/* The other side is closed: the program and all that it started have ended. */
static void end(struct gw_sim_process *process)
{
    process->is_over = true;
    gw_buf_reset(&process->input);
    process->written = 0;
    watch(process);
    process->reaping = gw_timer_start(process->sim->loop, 0, reap, process);
}

static void read_output(struct gw_sim_process *process)
{
    char bytes[READ_BYTES];
    ssize_t got = read(process->terminal, bytes, sizeof bytes);
    if (got > 0) {
        process->events.output(process->ctx, (struct gw_view){bytes, (size_t)got});
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        end(process);
    }
}

static void write_input(struct gw_sim_process *process)
{
    struct gw_view left = gw_view_sub(gw_buf_view(&process->input), process->written, GW_NPOS);
    ssize_t sent = write(process->terminal, left.data, left.len);
    if (sent > 0) {
        process->written += (size_t)sent;
    }
    if (process->written == process->input.len) {
        gw_buf_reset(&process->input);
        process->written = 0;
    }
}

static void on_ready(void *ctx, int events)
{
    struct gw_sim_process *process = ctx;
    if (events & GW_WATCH_WRITE) {
        write_input(process);
    }
    if (events & GW_WATCH_READ) {
        read_output(process); /* may hold us */
    }
    watch(process);
}

/* ---- starting ---------------------------------------------------------------------------------- */

/* Only what is safe between fork and exec. The terminal's other side is there, and becomes that of
 * a session inside of the sandbox: groups of processes out here have no numbers there, and shells
 * want to name theirs. */
static void become(const char *const *words, const char *terminal)
{
    setsid();
    int fd = open(terminal, O_RDWR | O_NOCTTY);
    if (fd < 0) {
        _exit(127);
    }
    for (int i = 0; i < 3; i++) {
        dup2(fd, i);
    }
    for (int i = 3; i < 1024; i++) {
        close(i);
    }
    execv(BUBBLEWRAP, (char *const *)words);
    _exit(127);
}

static int open_terminal(char *name, size_t size)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    const char *other = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 ? ptsname(fd) : NULL;
    if (fd >= 0 && (!other || strlen(other) >= size)) {
        close(fd);
        return -1;
    }
    if (fd >= 0) {
        memcpy(name, other, strlen(other) + 1);
    }
    return fd;
}

/* What the sandbox is made of. */
static void put_sandbox(const char **words, size_t *count, const char *proxy)
{
    const char *const sandbox[] = {"bwrap",
                                   "--unshare-all",
                                   "--share-net",
                                   "--die-with-parent",
                                   "--ro-bind",
                                   "/usr",
                                   "/usr",
                                   "--symlink",
                                   "usr/bin",
                                   "/bin",
                                   "--symlink",
                                   "usr/lib",
                                   "/lib",
                                   "--symlink",
                                   "usr/lib64",
                                   "/lib64",
                                   "--ro-bind-try",
                                   "/etc/alternatives",
                                   "/etc/alternatives",
                                   "--proc",
                                   "/proc",
                                   "--dev",
                                   "/dev",
                                   "--tmpfs",
                                   "/tmp",
                                   "--dir",
                                   "/app",
                                   "--chdir",
                                   "/app",
                                   "--clearenv",
                                   "--setenv",
                                   "PATH",
                                   "/usr/bin:/bin",
                                   "--setenv",
                                   "HOME",
                                   "/app",
                                   "--setenv",
                                   "TERM",
                                   "xterm",
                                   "--setenv",
                                   "PS1",
                                   "# ",
                                   "--setenv",
                                   "http_proxy",
                                   proxy,
                                   "--",
                                   "/usr/bin/setsid",
                                   "--ctty",
                                   "--wait",
                                   "/bin/sh",
                                   "-c"};
    for (size_t i = 0; i < sizeof sandbox / sizeof *sandbox; i++) {
        words[(*count)++] = sandbox[i];
    }
}

struct gw_sim_process *gw_sim_process_start(struct gw_sim *sim, struct gw_view task,
                                            struct gw_view command,
                                            const struct gw_sim_process_events *events, void *ctx,
                                            struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    const char *words[MAX_WORDS];
    char name[64];
    size_t count = 0;
    put_sandbox(
        words, &count,
        gw_arena_printf(arena, "http://%.*s:@127.0.0.1:%d", GW_VIEW_ARGS(task), sim->listens_on)
            .data);
    words[count++] = gw_arena_printf(arena, "exec %.*s", GW_VIEW_ARGS(command)).data;
    words[count] = NULL;
    int terminal = open_terminal(name, sizeof name);
    pid_t pid = terminal >= 0 ? fork() : -1;
    if (pid == 0) {
        become(words, name);
    }
    gw_arena_free(arena);
    if (pid < 0) {
        gw_fail(err, GW_ERR_IO, "Unable to start command: %s", strerror(errno));
        if (terminal >= 0) {
            close(terminal);
        }
        return NULL;
    }
    struct gw_sim_process *process = gw_alloc(sizeof *process);
    *process = (struct gw_sim_process){
        .sim = sim, .events = *events, .ctx = ctx, .pid = pid, .terminal = terminal};
    gw_buf_init(&process->input, MAX_INPUT_BYTES);
    watch(process);
    return process;
}

/* ---- the public side --------------------------------------------------------------------------- */

void gw_sim_process_input(struct gw_sim_process *process, struct gw_view bytes)
{
    if (!process->is_over && gw_buf_add(&process->input, bytes)) {
        watch(process);
    }
}

void gw_sim_process_resize(struct gw_sim_process *process, int columns, int rows)
{
    if (process && columns > 0 && rows > 0) {
        struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
        ioctl(process->terminal, TIOCSWINSZ, &size);
    }
}

void gw_sim_process_hold(struct gw_sim_process *process, bool held)
{
    if (process && process->is_held != held) {
        process->is_held = held;
        watch(process);
    }
}

void gw_sim_process_stop(struct gw_sim_process *process)
{
    if (!process) {
        return;
    }
    if (process->watch) {
        gw_watch_stop(process->watch);
    }
    gw_timer_stop(process->reaping);
    close(process->terminal);
    if (process->pid > 0) {
        kill(process->pid, SIGKILL); /* the sandbox's first process: all in it end with it */
        waitpid(process->pid, NULL, 0);
    }
    gw_buf_clear(&process->input);
    free(process);
}
