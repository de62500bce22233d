/* secret: the one place that knows which texts are secret, and takes them out of others.
 *
 * They lie in chains by their first bytes, the longer first: a text is gone through once, however
 * many secrets there are, and one inside another hides whole. */
#include <stdlib.h>
#include <string.h>

#include "base/internal.h"

#define CHAINS       4096
#define SHORTEST     6 /* shorter ones would blank out ordinary words */
#define HASHED_BYTES 4

struct secret {
    struct secret *next;
    size_t len;
    char text[];
};

static struct secret *chains[CHAINS];
static struct secret *open_texts; /* few */
static bool has_any;

static size_t chain_of(const char *text)
{
    uint32_t word;
    memcpy(&word, text, HASHED_BYTES);
    return (word * UINT32_C(2654435761)) >> 20;
}

void gw_secret_clear(void)
{
    for (size_t i = 0; i < CHAINS; i++) {
        while (chains[i]) {
            struct secret *secret = chains[i];
            chains[i] = secret->next;
            gw_wipe(secret->text, secret->len);
            free(secret);
        }
    }
    while (open_texts) {
        struct secret *text = open_texts;
        open_texts = text->next;
        free(text);
    }
    has_any = false;
}

static struct secret *copy_of(struct gw_view text, struct secret *next)
{
    struct secret *copy = gw_alloc(sizeof *copy + text.len + 1);
    copy->next = next;
    copy->len = text.len;
    memcpy(copy->text, text.data, text.len);
    return copy;
}

static bool is_among(const struct secret *list, struct gw_view text)
{
    while (list && !gw_view_equal((struct gw_view){list->text, list->len}, text)) {
        list = list->next;
    }
    return list != NULL;
}

/* One way to write it. */
static void add_form(struct gw_view text)
{
    if (text.len < SHORTEST) {
        return;
    }
    struct secret **link = &chains[chain_of(text.data)];
    while (*link && (*link)->len >= text.len) {
        if (gw_view_equal((struct gw_view){(*link)->text, (*link)->len}, text)) {
            return;
        }
        link = &(*link)->next;
    }
    *link = copy_of(text, *link);
}

static void clear_at_exit(void)
{
    static bool will_clear;
    if (!will_clear) {
        will_clear = atexit(gw_secret_clear) == 0;
    }
}

static bool is_known(struct gw_view text)
{
    return text.len < SHORTEST || is_among(chains[chain_of(text.data)], text);
}

void gw_secret_open(struct gw_view text)
{
    if (!is_known(text) && !is_among(open_texts, text)) {
        clear_at_exit();
        open_texts = copy_of(text, open_texts);
    }
}

void gw_secret_add(struct gw_view secret)
{
    if (is_known(secret) || is_among(open_texts, secret)) {
        return;
    }
    clear_at_exit();
    has_any = true;
    add_form(secret);
    gw_secret_each_form(secret, add_form);
}

/* ---- taking them out ------------------------------------------------------------------------- */

/* The length of the secret that begins here; 0 for none. */
static size_t secret_at(struct gw_view text)
{
    if (text.len < SHORTEST) {
        return 0;
    }
    for (const struct secret *secret = chains[chain_of(text.data)]; secret; secret = secret->next) {
        if (secret->len <= text.len && memcmp(secret->text, text.data, secret->len) == 0) {
            return secret->len;
        }
    }
    return 0;
}

static bool has_secret(struct gw_view text)
{
    for (size_t at = 0; has_any && at + SHORTEST <= text.len; at++) {
        if (secret_at(gw_view_sub(text, at, GW_NPOS)) > 0) {
            return true;
        }
    }
    return false;
}

struct gw_view gw_redact(struct gw_arena *arena, struct gw_view text)
{
    if (!has_secret(text)) {
        return text;
    }
    struct gw_buf out;
    gw_buf_init(&out, GW_NPOS / 2);
    size_t hidden = 0; /* what lies before this is covered; a secret may begin inside another */
    for (size_t at = 0; at < text.len; at++) {
        size_t len = secret_at(gw_view_sub(text, at, GW_NPOS));
        if (len > 0 && at >= hidden) {
            gw_buf_add_text(&out, "[secret]");
        }
        hidden = at + len > hidden ? at + len : hidden;
        if (at >= hidden) {
            gw_buf_add_char(&out, text.data[at]);
        }
    }
    struct gw_view clean = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return clean;
}

struct gw_value gw_redact_value(struct gw_arena *arena, const struct gw_value *value)
{
    struct gw_value copy = *value;
    if (value->secret) {
        copy = gw_value_text("[secret]");
        copy.secret = true;
    } else if (value->kind == GW_STRING) {
        copy.as.string = gw_redact(arena, value->as.string);
    } else if (value->kind == GW_LIST) {
        copy = gw_value_list();
        for (size_t i = 0; i < value->as.list.count; i++) {
            *gw_list_add(arena, &copy) = gw_redact_value(arena, &value->as.list.items[i]);
        }
    } else if (value->kind == GW_MAP) {
        copy = gw_value_map();
        for (size_t i = 0; i < value->as.map.count; i++) {
            const struct gw_entry *entry = &value->as.map.entries[i];
            *gw_map_add(arena, &copy, gw_redact(arena, entry->key)) =
                gw_redact_value(arena, &entry->value);
        }
    }
    return copy;
}
