/* endpoint_partition: which partition a region belongs to. AWS's list of partitions is built in; it
 * is parsed at first use and kept for the life of the process. */
#include "aws/internal.h"

#include <regex.h>
#include <stdlib.h>

#define PATTERN_MAX 4096

extern const char gw_partitions_blob[] __attribute__((visibility("hidden")));
extern const char gw_partitions_blob_end[] __attribute__((visibility("hidden")));

struct partition {
    const struct gw_value *regions, *outputs;
    regex_t pattern;
    bool has_pattern;
};

static struct {
    struct gw_arena *arena; /* NULL: not parsed yet */
    struct partition *items;
    size_t count;
} known;

/* Region patterns use \w and \d, which POSIX does not know, and needless backslashes. */
static bool to_posix(struct gw_view pattern, struct gw_buf *out)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] != '\\' || i + 1 == pattern.len) {
            gw_buf_add_char(out, pattern.data[i]);
            continue;
        }
        char next = pattern.data[++i];
        switch (next) {
        case 'w':
            gw_buf_add_text(out, "[A-Za-z0-9_]");
            break;
        case 'd':
            gw_buf_add_text(out, "[0-9]");
            break;
        case '-':
            gw_buf_add_char(out, next);
            break;
        default:
            gw_buf_add_char(out, '\\');
            gw_buf_add_char(out, next);
        }
    }
    return !out->full;
}

static bool compile(struct gw_view pattern, regex_t *out)
{
    struct gw_buf posix;
    gw_buf_init(&posix, PATTERN_MAX);
    bool ok = pattern.len > 0 && to_posix(pattern, &posix) &&
              regcomp(out, posix.data, REG_EXTENDED | REG_NOSUB) == 0;
    gw_buf_clear(&posix);
    return ok;
}

static void parse_partitions(void)
{
    /* cppcheck-suppress comparePointers ; the two ends of one object of the assembler's */
    size_t len = (size_t)(gw_partitions_blob_end - gw_partitions_blob);
    struct gw_value *root;
    known.arena = gw_arena_new();
    root = gw_arena_alloc(known.arena, sizeof *root);
    if (!gw_json_parse((struct gw_view){gw_partitions_blob, len}, known.arena, root, NULL)) {
        return;
    }
    const struct gw_value *list = gw_map_get(root, GW_VIEW("partitions"));
    known.count = list ? list->as.list.count : 0;
    known.items = gw_arena_alloc(known.arena, known.count * sizeof *known.items);
    for (size_t i = 0; list && i < known.count; i++) {
        const struct gw_value *partition = &list->as.list.items[i];
        struct partition *item = &known.items[i];
        item->regions = gw_map_get(partition, GW_VIEW("regions"));
        item->outputs = gw_map_get(partition, GW_VIEW("outputs"));
        item->has_pattern = compile(gw_map_text(partition, GW_VIEW("regionRegex")), &item->pattern);
    }
}

static bool fits(const struct partition *partition, const char *region)
{
    return partition->has_pattern && regexec(&partition->pattern, region, 0, NULL, 0) == 0;
}

/* The partition that lists the region, else the one whose pattern fits, else the first: aws. */
static const struct partition *find(struct gw_view region)
{
    for (size_t i = 0; i < known.count; i++) {
        if (gw_map_get(known.items[i].regions, region) != NULL) {
            return &known.items[i];
        }
    }
    char *text = gw_view_dup(region);
    size_t index = 0;
    while (index < known.count && !fits(&known.items[index], text)) {
        index++;
    }
    free(text);
    return &known.items[index < known.count ? index : 0];
}

const struct gw_value *gw_partition_of(struct gw_view region, struct gw_arena *arena)
{
    if (known.arena == NULL) {
        parse_partitions();
    }
    if (known.count == 0) {
        return NULL;
    }
    const struct partition *partition = find(region);
    const struct gw_value *special = gw_map_get(partition->regions, region);
    struct gw_value *out = gw_arena_alloc(arena, sizeof *out);
    *out = gw_value_map();
    for (size_t i = 0; i < partition->outputs->as.map.count; i++) {
        const struct gw_entry *entry = &partition->outputs->as.map.entries[i];
        const struct gw_value *other = gw_map_get(special, entry->key);
        *gw_map_add(arena, out, entry->key) = other ? *other : entry->value;
    }
    return out;
}
