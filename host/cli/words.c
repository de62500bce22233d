/* words: a command's own options and operands, those that options.c does not know. */
#include <string.h>

#include "cli/internal.h"
#include "codec/codec.h"

static const struct gw_cli_word *find(const struct gw_cli_word *words, struct gw_view name)
{
    for (; words->name; words++) {
        if (gw_view_equal(gw_view_of(words->name), name)) {
            return words;
        }
    }
    return NULL;
}

static bool fail_unknown(const char *command, const struct gw_cli_word *words, struct gw_view name,
                         struct gw_err *err)
{
    struct gw_view names[GW_CLI_MAX_WORDS];
    size_t count = 0;
    for (; words->name && count < GW_CLI_MAX_WORDS; words++) {
        names[count++] = gw_view_of(words->name);
    }
    struct gw_view near = gw_view_nearest(name, names, count);
    return gw_fail(err, GW_ERR_INPUT, "gwrun %s: unknown option '%.*s'%s%.*s%s", command,
                   GW_VIEW_ARGS(name), near.len > 0 ? ", did you mean '" : "", GW_VIEW_ARGS(near),
                   near.len > 0 ? "'?" : "; 'gwrun help' lists them");
}

/* Sets the option at rest[*i], whose value may be the next word. */
static bool set(const struct gw_cli_options *options, const struct gw_cli_word *word, size_t *i,
                struct gw_err *err)
{
    const char *equals = strchr(options->rest[*i], '=');
    if (word->flag) {
        *word->flag = true;
        return !equals || gw_fail(err, GW_ERR_INPUT, "gwrun %s: option '%s' takes no value",
                                  options->name, word->name);
    }
    const char *value = equals                         ? equals + 1
                        : *i + 1 < options->rest_count ? options->rest[++*i]
                                                       : "";
    *word->text = value;
    return value[0] != '\0' || gw_fail(err, GW_ERR_INPUT, "gwrun %s: option '%s' needs a value",
                                       options->name, word->name);
}

bool gw_cli_read_words(const struct gw_cli_options *options, const struct gw_cli_word *words,
                       const char **operand, struct gw_err *err)
{
    *operand = NULL;
    for (size_t i = 0; i < options->rest_count; i++) {
        const char *text = options->rest[i];
        struct gw_view name = gw_view_of(text);
        name.len = strcspn(text, "=");
        const struct gw_cli_word *word = find(words, name);
        if (word) {
            if (!set(options, word, &i, err)) {
                return false;
            }
        } else if (text[0] == '-') {
            return fail_unknown(options->name, words, name, err);
        } else if (*operand) {
            return gw_fail(err, GW_ERR_INPUT, "gwrun %s: unexpected argument '%s'", options->name,
                           text);
        } else {
            *operand = text;
        }
    }
    return true;
}

bool gw_cli_read_duration(const char *option, const char *text, double *seconds, struct gw_err *err)
{
    return gw_duration_read(gw_view_of(text), seconds) ||
           gw_fail(err, GW_ERR_INPUT,
                   "option '%s': expected a duration such as 12h or 30d, got '%s'", option, text);
}
