/* process: which process holds a lock, so that nobody waits for one that is gone. A number alone does
 * not name a process: numbers are used again, and in containers several have the same. The name is
 * "HOST BOOT NAMESPACE START". */
#include "journal/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FIELD_STATE 3 /* of /proc/PID/stat, counted from 1 */
#define FIELD_START 22

static bool read_word(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    bool ok = file && fgets(out, (int)size, file);
    if (file) {
        fclose(file);
    }
    out[ok ? strcspn(out, "\n") : 0] = '\0';
    return ok;
}

struct facts {
    char host[256], boot[64], space[64], start[32];
    char state;
};

/* Fields are counted behind the process's name, which may hold blanks and brackets. */
static bool read_stat(int64_t pid, struct facts *facts)
{
    char path[64], line[1024];
    struct gw_view field;
    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    if (!read_word(path, line, sizeof line) || !strrchr(line, ')')) {
        return false;
    }
    struct gw_view rest = gw_view_trim(gw_view_of(strrchr(line, ')') + 1));
    for (int i = FIELD_STATE; i <= FIELD_START; i++) {
        if (!gw_view_next(&rest, ' ', &field)) {
            return false;
        }
        if (i == FIELD_STATE) {
            facts->state = field.len > 0 ? field.data[0] : '?';
        }
    }
    snprintf(facts->start, sizeof facts->start, "%.*s", GW_VIEW_ARGS(field));
    return true;
}

static bool read_machine(struct facts *facts)
{
    ssize_t len = readlink("/proc/self/ns/pid", facts->space, sizeof facts->space - 1);
    facts->space[len > 0 ? len : 0] = '\0';
    if (gethostname(facts->host, sizeof facts->host) != 0) {
        return false;
    }
    facts->host[sizeof facts->host - 1] = '\0';
    return len > 0 && read_word("/proc/sys/kernel/random/boot_id", facts->boot, sizeof facts->boot);
}

void gw_process_name(int64_t pid, char out[GW_PROCESS_TEXT])
{
    struct facts facts = {0};
    out[0] = '\0';
    if (read_machine(&facts) && read_stat(pid, &facts)) {
        snprintf(out, GW_PROCESS_TEXT, "%s %s %s %s", facts.host, facts.boot, facts.space,
                 facts.start);
    }
}

/* The process with this number: none, a dead one that nobody has buried, or another. */
static bool is_other(int64_t pid, struct gw_view start)
{
    struct facts facts = {0};
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
        return true;
    }
    return read_stat(pid, &facts) &&
           (facts.state == 'Z' || !gw_view_equal(start, gw_view_of(facts.start)));
}

bool gw_process_is_gone(struct gw_view name, int64_t pid)
{
    struct facts here = {0};
    struct gw_view host, boot, space, start;
    if (pid <= 0 || !gw_view_next(&name, ' ', &host) || !gw_view_next(&name, ' ', &boot) ||
        !gw_view_next(&name, ' ', &space) || !gw_view_next(&name, ' ', &start) ||
        !read_machine(&here) || !gw_view_equal(host, gw_view_of(here.host))) {
        return false;
    }
    if (!gw_view_equal(boot, gw_view_of(here.boot))) {
        return true;
    }
    return gw_view_equal(space, gw_view_of(here.space)) && is_other(pid, start);
}
