/* consent: one question at the terminal, outside of a run. */
#include <fcntl.h>
#include <unistd.h>

#include "cli/internal.h"

static bool reads_yes(int terminal)
{
    char first = '\0', c = '\0';
    while (read(terminal, &c, 1) == 1 && c != '\n') {
        first = first ? first : c;
    }
    return c == '\n' && (first == 'y' || first == 'Y');
}

bool gw_cli_consents(const struct gw_cli_options *options, const char *question, struct gw_err *err)
{
    int terminal = gw_cli_find_terminal();
    if (options->yes) {
        return true;
    }
    if (terminal < 0) {
        return gw_fail(err, GW_ERR_DENIED, "%s Nobody is at a terminal to say so; add --yes",
                       question);
    }
    gw_cli_print(stderr, gw_view_of(question));
    fputs(" [y/N] ", stderr);
    fflush(stderr);
    bool yes = reads_yes(terminal);
    if (terminal != STDIN_FILENO) {
        close(terminal);
    }
    return yes || gw_fail(err, GW_ERR_DENIED, "not confirmed");
}
