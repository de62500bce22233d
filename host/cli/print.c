/* print: messages, and what is known of the terminal. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/internal.h"

#define DEFAULT_COLUMNS 80

enum gw_exit gw_cli_exit_of(const struct gw_err *err)
{
    switch (err->code) {
    case GW_ERR_INPUT:
    case GW_ERR_NOT_FOUND:
    case GW_ERR_LIMIT:
    case GW_ERR_IO: /* a file that was named, by option or configuration */
        return GW_EXIT_USAGE;
    case GW_ERR_CREDENTIALS:
        return GW_EXIT_CREDENTIALS;
    case GW_ERR_NETWORK:
    case GW_ERR_TIMEOUT:
    case GW_ERR_PROTOCOL:
        return GW_EXIT_UNREACHABLE;
    case GW_ERR_DENIED:
        return GW_EXIT_REFUSED;
    case GW_ERR_INTERNAL:
        return GW_EXIT_INTERNAL;
    default:
        return GW_EXIT_FAILED;
    }
}

enum gw_exit gw_cli_exit_of_load(const struct gw_err *err)
{
    return err->code == GW_ERR_INPUT ? GW_EXIT_SCRIPT : gw_cli_exit_of(err);
}

int gw_cli_fail(const struct gw_err *err)
{
    return gw_cli_fail_with(gw_cli_exit_of(err), "%s", err->message);
}

int gw_cli_fail_with(enum gw_exit exit_code, const char *format, ...)
{
    struct gw_err err = {0};
    char message[sizeof err.message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    gw_fail(&err, GW_ERR_INPUT, "%s", message); /* one line, no secrets */
    fputs("gwrun: ", stderr);
    gw_cli_print(stderr, gw_view_of(err.message));
    fputc('\n', stderr);
    return exit_code;
}

void gw_cli_print(FILE *out, struct gw_view text)
{
    struct gw_buf safe;
    gw_buf_init(&safe, (size_t)16 << 20);
    gw_report_plain(text, &safe);
    if (safe.len > 0) {
        fwrite(safe.data, 1, safe.len, out);
    }
    gw_buf_clear(&safe);
}

int gw_cli_columns(FILE *out)
{
    struct winsize size;
    int64_t columns = 0;
    if (!isatty(fileno(out))) {
        return DEFAULT_COLUMNS;
    }
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    bool given = gw_view_to_int64(gw_view_of(getenv("COLUMNS")), &columns);
    return given && columns > 0 && columns < 10000 ? (int)columns : DEFAULT_COLUMNS;
}

bool gw_cli_can_redraw(FILE *out)
{
    const char *term = getenv("TERM");
    return isatty(fileno(out)) && term && term[0] && strcmp(term, "dumb") != 0;
}

void gw_cli_progress(const char *text)
{
    static bool shown;
    if (!gw_cli_can_redraw(stderr) || (!shown && !text[0])) {
        return;
    }
    fputs("\r\033[K", stderr);
    gw_cli_print(stderr, gw_view_of(text));
    fflush(stderr);
    shown = text[0] != '\0';
}

bool gw_cli_colour(const struct gw_cli_options *options, FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    return !options->no_color && !(no_color && no_color[0]) && gw_cli_can_redraw(out);
}

/* Asked without setting it for the whole program: Lua's patterns depend on that. */
bool gw_cli_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0) {
        return false;
    }
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

void gw_cli_print_wrapped(FILE *out, struct gw_view text, size_t used, size_t hang)
{
    size_t columns = (size_t)gw_cli_columns(out);
    struct gw_view word;
    bool first = true;
    while (gw_view_next(&text, ' ', &word)) {
        if (!first && used + 1 + word.len > columns) {
            fprintf(out, "\n%*s", (int)hang, "");
            used = hang;
            first = true;
        }
        fputs(first ? "" : " ", out);
        gw_cli_print(out, word);
        used += word.len + !first;
        first = false;
    }
    fputc('\n', out);
}

struct gw_report *gw_cli_open_report(const struct gw_cli_options *options)
{
    struct gw_report_options report = {.kind = options->json ? GW_REPORT_JSON : GW_REPORT_TEXT,
                                       .out = stdout,
                                       .terminal = gw_cli_can_redraw(stdout),
                                       .colour = gw_cli_colour(options, stdout),
                                       .utf8 = gw_cli_utf8(),
                                       .columns = gw_cli_columns(stdout),
                                       .verbose = options->verbose,
                                       .quiet = options->quiet};
    return gw_report_new(&report);
}
