/* command_list: gwrun list, the catalogue. A runbook that cannot be loaded is listed with why. */
#include <stdlib.h>
#include <string.h>

#include "cli/internal.h"
#include "codec/codec.h"

static void add_runbook(const char *folder, struct gw_view name, struct gw_arena *arena,
                        struct gw_value *list)
{
    struct gw_err err = {0};
    struct gw_value facts = {0};
    struct gw_view path = gw_arena_printf(arena, "%s/%.*s.lua", folder, GW_VIEW_ARGS(name));
    struct gw_value entry = gw_value_map();
    *gw_map_add(arena, &entry, GW_VIEW("name")) = gw_value_string(name);
    *gw_map_add(arena, &entry, GW_VIEW("path")) = gw_value_string(path);
    if (gw_cli_read_facts(path.data, arena, &facts, &err)) {
        static const char *const shown[] = {"title", "summary", "guide"};
        for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
            struct gw_view key = gw_view_of(shown[i]);
            *gw_map_add(arena, &entry, key) = gw_value_string(gw_map_text(&facts, key));
        }
        *gw_map_add(arena, &entry, GW_VIEW("params")) = *gw_map_get(&facts, GW_VIEW("params"));
    } else {
        struct gw_view message = gw_arena_dup(arena, gw_view_of(err.message));
        *gw_map_add(arena, &entry, GW_VIEW("error")) = gw_value_string(message);
    }
    *gw_list_add(arena, list) = entry;
}

/* The first folder that has a name wins, as when it is run. */
static bool is_listed(const struct gw_value *list, struct gw_view name)
{
    for (size_t i = 0; i < list->as.list.count; i++) {
        if (gw_view_equal(gw_map_text(&list->as.list.items[i], GW_VIEW("name")), name)) {
            return true;
        }
    }
    return false;
}

static void print_text(const struct gw_value *list)
{
    size_t width = 0;
    for (size_t i = 0; i < list->as.list.count; i++) {
        size_t len = gw_map_text(&list->as.list.items[i], GW_VIEW("name")).len;
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < list->as.list.count; i++) {
        const struct gw_value *entry = &list->as.list.items[i];
        struct gw_view error = gw_map_text(entry, GW_VIEW("error"));
        struct gw_view summary = gw_map_text(entry, GW_VIEW("summary"));
        struct gw_view name = gw_map_text(entry, GW_VIEW("name"));
        gw_cli_print(stdout, name);
        printf("%*s", (int)(width + 2 - name.len), "");
        gw_cli_print_wrapped(stdout, error.len ? error : summary, width + 2, width + 2);
    }
}

int gw_cli_list(const struct gw_cli_options *options)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value list = gw_value_list();
    int exit_code = GW_EXIT_OK;
    const char *const *folders = gw_cli_runbook_folders(arena);
    for (const char *const *folder = folders; *folder; folder++) {
        struct gw_value names = gw_run_list(*folder, arena);
        for (size_t i = 0; i < names.as.list.count; i++) {
            struct gw_view name = names.as.list.items[i].as.string;
            if (!is_listed(&list, name)) {
                add_runbook(*folder, name, arena, &list);
            }
        }
    }
    if (options->json) {
        gw_cli_print_json(&list);
    } else if (list.as.list.count == 0) {
        exit_code = gw_cli_fail_with(GW_EXIT_USAGE, "no runbooks in %s; GWRUN_PATH names folders",
                                     folders[0]);
    } else {
        print_text(&list);
    }
    gw_arena_free(arena);
    return exit_code;
}
