/* value: the data tree between the wire and Lua. */
#include "base/base.h"

#include <string.h>

struct gw_value gw_value_bool(bool boolean)
{
    return (struct gw_value){.kind = GW_BOOL, .as.boolean = boolean};
}

struct gw_value gw_value_int(int64_t integer)
{
    return (struct gw_value){.kind = GW_INT, .as.integer = integer};
}

struct gw_value gw_value_double(double number)
{
    return (struct gw_value){.kind = GW_DOUBLE, .as.number = number};
}

struct gw_value gw_value_string(struct gw_view text)
{
    return (struct gw_value){.kind = GW_STRING, .as.string = text};
}

struct gw_value gw_value_text(const char *text)
{
    return gw_value_string(gw_view_of(text));
}

struct gw_value gw_value_list(void)
{
    return (struct gw_value){.kind = GW_LIST};
}

struct gw_value gw_value_map(void)
{
    return (struct gw_value){.kind = GW_MAP};
}

/* The array at `items` with room for one more: itself, or a copy twice as large. */
static void *grow(struct gw_arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity ? *capacity * 2 : 4;
    void *larger = gw_arena_alloc(arena, *capacity * size);
    if (count > 0) {
        memcpy(larger, items, count * size);
    }
    return larger;
}

struct gw_value *gw_list_add(struct gw_arena *arena, struct gw_value *list)
{
    list->as.list.items = grow(arena, list->as.list.items, list->as.list.count,
                               &list->as.list.capacity, sizeof(struct gw_value));
    return &list->as.list.items[list->as.list.count++];
}

struct gw_value *gw_map_add(struct gw_arena *arena, struct gw_value *map, struct gw_view key)
{
    map->as.map.entries = grow(arena, map->as.map.entries, map->as.map.count, &map->as.map.capacity,
                               sizeof(struct gw_entry));
    struct gw_entry *entry = &map->as.map.entries[map->as.map.count++];
    entry->key = key;
    return &entry->value;
}

void gw_map_add_text(struct gw_arena *arena, struct gw_value *map, const char *key,
                     struct gw_view text)
{
    if (text.len > 0) {
        *gw_map_add(arena, map, gw_view_of(key)) = gw_value_string(text);
    }
}

const struct gw_value *gw_map_get(const struct gw_value *map, struct gw_view key)
{
    if (!map || map->kind != GW_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < map->as.map.count; i++) {
        if (gw_view_equal(map->as.map.entries[i].key, key)) {
            return &map->as.map.entries[i].value;
        }
    }
    return NULL;
}

struct gw_view gw_map_text(const struct gw_value *map, struct gw_view key)
{
    const struct gw_value *value = gw_map_get(map, key);
    return value && value->kind == GW_STRING ? value->as.string : GW_VIEW_NONE;
}

/* Exact, where the integer as a double would be rounded. */
static bool int_equals_double(int64_t integer, double number)
{
    /* cppcheck-suppress incorrectLogicOperator ; it does not read hexadecimal floats */
    bool in_range = number >= -0x1p63 && number < 0x1p63;
    return in_range && number == (double)(int64_t)number && integer == (int64_t)number;
}

static bool lists_equal(const struct gw_value *a, const struct gw_value *b)
{
    if (a->as.list.count != b->as.list.count) {
        return false;
    }
    for (size_t i = 0; i < a->as.list.count; i++) {
        if (!gw_value_equal(&a->as.list.items[i], &b->as.list.items[i])) {
            return false;
        }
    }
    return true;
}

static bool maps_equal(const struct gw_value *a, const struct gw_value *b)
{
    if (a->as.map.count != b->as.map.count) {
        return false;
    }
    for (size_t i = 0; i < a->as.map.count; i++) {
        const struct gw_value *other = gw_map_get(b, a->as.map.entries[i].key);
        if (!other || !gw_map_get(a, b->as.map.entries[i].key) ||
            !gw_value_equal(&a->as.map.entries[i].value, other)) {
            return false;
        }
    }
    return true;
}

bool gw_value_equal(const struct gw_value *a, const struct gw_value *b)
{
    if (a->kind != b->kind) {
        return (a->kind == GW_INT && b->kind == GW_DOUBLE &&
                int_equals_double(a->as.integer, b->as.number)) ||
               (a->kind == GW_DOUBLE && b->kind == GW_INT &&
                int_equals_double(b->as.integer, a->as.number));
    }
    switch (a->kind) {
    case GW_NULL:
        return true;
    case GW_BOOL:
        return a->as.boolean == b->as.boolean;
    case GW_INT:
        return a->as.integer == b->as.integer;
    case GW_DOUBLE:
        return a->as.number == b->as.number;
    case GW_STRING:
        return gw_view_equal(a->as.string, b->as.string);
    case GW_LIST:
        return lists_equal(a, b);
    case GW_MAP:
        return maps_equal(a, b);
    }
    return false;
}

const char *gw_kind_name(enum gw_kind kind)
{
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "list",    "map"};
    return names[kind];
}

struct gw_value gw_value_copy(struct gw_arena *arena, const struct gw_value *from)
{
    struct gw_value copy = *from;
    if (from->kind == GW_STRING) {
        copy.as.string = gw_arena_dup(arena, from->as.string);
    } else if (from->kind == GW_LIST) {
        copy.as.list.items =
            gw_arena_alloc(arena, (from->as.list.count + 1) * sizeof *copy.as.list.items);
        copy.as.list.capacity = from->as.list.count;
        for (size_t i = 0; i < from->as.list.count; i++) {
            copy.as.list.items[i] = gw_value_copy(arena, &from->as.list.items[i]);
        }
    } else if (from->kind == GW_MAP) {
        copy.as.map.entries =
            gw_arena_alloc(arena, (from->as.map.count + 1) * sizeof *copy.as.map.entries);
        copy.as.map.capacity = from->as.map.count;
        for (size_t i = 0; i < from->as.map.count; i++) {
            const struct gw_entry *entry = &from->as.map.entries[i];
            copy.as.map.entries[i].key = gw_arena_dup(arena, entry->key);
            copy.as.map.entries[i].value = gw_value_copy(arena, &entry->value);
        }
    }
    return copy;
}
