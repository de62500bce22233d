/* keep: results that a run wants back when it is resumed. A secret is not kept: in its place stands
 * { "gwrun:lost": true }, which comes back as a secret that is lost, not as a text that looks like
 * one. */
#include "run/internal.h"

#define LOST GW_VIEW("gwrun:lost")

static struct gw_value lost_mark(struct gw_arena *arena)
{
    struct gw_value mark = gw_value_map();
    *gw_map_add(arena, &mark, LOST) = gw_value_bool(true);
    return mark;
}

static bool is_lost_mark(const struct gw_value *value)
{
    return value->kind == GW_MAP && value->as.map.count == 1 && gw_map_get(value, LOST);
}

typedef struct gw_value (*change_fn)(const struct gw_value *value, struct gw_arena *arena);

static struct gw_value each(const struct gw_value *value, struct gw_arena *arena, change_fn change)
{
    struct gw_value out = *value;
    if (value->kind == GW_LIST) {
        out = gw_value_list();
        for (size_t i = 0; i < value->as.list.count; i++) {
            *gw_list_add(arena, &out) = change(&value->as.list.items[i], arena);
        }
    } else if (value->kind == GW_MAP) {
        out = gw_value_map();
        for (size_t i = 0; i < value->as.map.count; i++) {
            const struct gw_entry *entry = &value->as.map.entries[i];
            *gw_map_add(arena, &out, gw_arena_dup(arena, entry->key)) =
                change(&entry->value, arena);
        }
    } else if (value->kind == GW_STRING) {
        out.as.string = gw_arena_dup(arena, value->as.string);
    }
    return out;
}

/* A text that has one in it, as "password: ..." has, is no use without it either. */
static bool holds_secret(const struct gw_value *value, struct gw_arena *arena)
{
    return value->secret || (value->kind == GW_STRING &&
                             gw_redact(arena, value->as.string).data != value->as.string.data);
}

struct gw_value gw_run_kept(const struct gw_value *value, struct gw_arena *arena)
{
    return holds_secret(value, arena) ? lost_mark(arena) : each(value, arena, gw_run_kept);
}

struct gw_value gw_run_restored(const struct gw_value *value, struct gw_arena *arena)
{
    if (is_lost_mark(value)) {
        return (struct gw_value){.kind = GW_NULL, .secret = true};
    }
    return each(value, arena, gw_run_restored);
}
