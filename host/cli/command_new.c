/* command_new: gwrun new NAME: a runbook that works, with its test, to be changed into another. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/internal.h"

struct scaffold {
    const char *dir, *name;
    struct gw_view title; /* "restart_web" → "Restart web" */
    struct gw_arena *arena;
};

static struct gw_view template_text(const char *name)
{
    const struct gw_script_module *module = gw_scaffold_modules;
    while (strcmp(module->name, name) != 0) {
        module++;
    }
    return (struct gw_view){module->source, module->source_len};
}

/* The name is a file's, a module's and a word of commands. */
static bool check_name(const char *name, struct gw_err *err)
{
    bool ok = name && (islower((unsigned char)name[0]) != 0);
    for (const char *c = name; ok && *c; c++) {
        ok = islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_';
    }
    if (!name) {
        return gw_fail(err, GW_ERR_INPUT, "gwrun new: which name? for example restart_web");
    }
    if (!ok || gw_view_ends_with(gw_view_of(name), GW_VIEW("_test"))) {
        return gw_fail(
            err, GW_ERR_INPUT,
            "gwrun new: '%s' is no name for a runbook: lower-case letters, digits and _, "
            "a letter first, not ending in _test",
            name);
    }
    return (!gw_cli_is_command(name) && strcmp(name, "service") != 0) ||
           gw_fail(err, GW_ERR_INPUT, "gwrun new: '%s' means something else to gwrun", name);
}

static struct gw_view title_of(const char *name, struct gw_arena *arena)
{
    char *title = gw_view_dup(gw_view_of(name));
    title[0] = (char)toupper((unsigned char)title[0]);
    for (char *c = title; *c; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    struct gw_view out = gw_arena_dup(arena, gw_view_of(title));
    free(title);
    return out;
}

static void fill(const struct scaffold *scaffold, struct gw_view text, struct gw_buf *out)
{
    const struct {
        struct gw_view mark, value;
    } marks[] = {
        {GW_VIEW("@TITLE@"), scaffold->title},
        {GW_VIEW("@NAME@"), gw_view_of(scaffold->name)},
        {GW_VIEW("@PATH@"),
         gw_arena_printf(scaffold->arena, "%s/%s", scaffold->dir, scaffold->name)},
    };
    while (text.len > 0) {
        size_t i = 0, count = sizeof marks / sizeof *marks;
        while (i < count && !gw_view_starts_with(text, marks[i].mark)) {
            i++;
        }
        size_t step = i < count ? marks[i].mark.len : 1;
        gw_buf_add(out, i < count ? marks[i].value : (struct gw_view){text.data, 1});
        text.data += step;
        text.len -= step;
    }
}

/* Nothing is overwritten. */
static bool write_new(const struct scaffold *scaffold, const char *template, const char *path,
                      struct gw_err *err)
{
    struct gw_buf text;
    gw_buf_init(&text, (size_t)1 << 20);
    fill(scaffold, template_text(template), &text);
    bool ok = gw_cli_write_file(path, "wbx", gw_buf_view(&text), err);
    gw_buf_clear(&text);
    return ok;
}

static bool make(const struct scaffold *scaffold, struct gw_err *err)
{
    const char *book =
        gw_arena_printf(scaffold->arena, "%s/%s.lua", scaffold->dir, scaffold->name).data;
    const char *test =
        gw_arena_printf(scaffold->arena, "%s/%s_test.lua", scaffold->dir, scaffold->name).data;
    if (access(book, F_OK) == 0 || access(test, F_OK) == 0) {
        return gw_fail(err, GW_ERR_INPUT, "gwrun new: '%s' is there already; nothing was written",
                       access(book, F_OK) == 0 ? book : test);
    }
    if (!gw_cli_make_folders(book, err) || !write_new(scaffold, "runbook.lua.in", book, err) ||
        !write_new(scaffold, "test.lua.in", test, err)) {
        return false;
    }
    if (access(".luarc.json", F_OK) != 0 &&
        !write_new(scaffold, "luarc.json.in", ".luarc.json", err)) {
        return false;
    }
    printf("%s\n%s\n\nIt scales a service: change it into yours.\n"
           "  gwrun %s --sim                 rehearse it\n"
           "  gwrun check %s                 what is wrong with it\n"
           "  gwrun test %s    its test\n"
           "  gwrun types .gwrun/types       names and types for your editor (.luarc.json)\n",
           book, test, scaffold->name, scaffold->name, test);
    return true;
}

int gw_cli_new(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct scaffold scaffold = {.dir = "runbooks"};
    const struct gw_cli_word words[] = {{"--dir", NULL, &scaffold.dir}, {NULL, NULL, NULL}};
    if (!gw_cli_read_words(options, words, &scaffold.name, &err) ||
        !check_name(scaffold.name, &err)) {
        return gw_cli_fail(&err);
    }
    scaffold.arena = gw_arena_new();
    scaffold.title = title_of(scaffold.name, scaffold.arena);
    bool ok = make(&scaffold, &err);
    gw_arena_free(scaffold.arena);
    return ok ? GW_EXIT_OK : gw_cli_fail(&err);
}
