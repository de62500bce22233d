/* protocol_form: values to and from the flat parameters of a form, along a shape:
 * "Nested.List.member.1=a". For every protocol whose requests are forms. */
#include "aws/internal.h"

#include <stdlib.h>

/* ---- names ----------------------------------------------------------------------------------- */

/* EC2: its own name for queries, else the wire name with a capital. */
static struct gw_view ec2_name(const struct gw_member *member, struct gw_arena *arena)
{
    struct gw_view name = gw_member_query_name(member);
    if (name.len > 0) {
        return name;
    }
    name = gw_arena_dup(arena, gw_member_wire_name(member));
    char *first = (char *)name.data;
    *first = *first >= 'a' && *first <= 'z' ? (char)(*first - 'a' + 'A') : *first;
    return name;
}

static struct gw_view form_name(enum gw_form_dialect dialect, const struct gw_member *member,
                                struct gw_arena *arena)
{
    return dialect == GW_FORM_EC2 ? ec2_name(member, arena) : gw_member_element_name(member);
}

static bool is_flat(enum gw_form_dialect dialect, const struct gw_member *member)
{
    return dialect == GW_FORM_EC2 || (gw_member_flags(member) & GW_MEMBER_FLATTENED);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The walk's text is scratch space for one value; the form goes to `form`. */
struct writer {
    struct gw_walk walk;
    enum gw_form_dialect dialect;
    struct gw_buf *form;
    struct gw_buf key;
    struct gw_buf text;
};

static bool write_member(struct writer *w, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value);

/* Puts ".name" behind the key; returns the length to go back to. */
static size_t push_name(struct writer *w, struct gw_view name)
{
    size_t mark = w->key.len;
    gw_buf_addf(&w->key, "%s%.*s", mark > 0 ? "." : "", GW_VIEW_ARGS(name));
    return mark;
}

static size_t push_number(struct writer *w, size_t number)
{
    size_t mark = w->key.len;
    gw_buf_addf(&w->key, ".%zu", number);
    return mark;
}

static void pop(struct writer *w, size_t mark)
{
    w->key.len = mark;
    w->key.data[mark] = '\0';
}

static void emit(struct writer *w, struct gw_view text)
{
    gw_protocol_write_form_pair(gw_buf_view(&w->key), text, w->form);
    w->form->full = w->form->full || w->key.full || w->text.full;
}

static bool write_structure(struct writer *w, const struct gw_path *path,
                            const struct gw_shape *shape, const struct gw_value *map)
{
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(path, entry->key);
        if (!member) {
            return gw_walk_fail(&w->walk, &place, "no such member");
        }
        if (entry->value.kind == GW_NULL) {
            continue;
        }
        bool is_empty = entry->value.kind == GW_LIST && entry->value.as.list.count == 0;
        size_t mark = push_name(w, is_empty ? gw_member_wire_name(member)
                                            : form_name(w->dialect, member, w->walk.arena));
        if (!write_member(w, &place, member, &entry->value)) {
            return false;
        }
        pop(w, mark);
    }
    return true;
}

/* An empty list is sent as such, "List=", but not to EC2. */
static bool write_list(struct writer *w, const struct gw_path *path, const struct gw_member *member,
                       const struct gw_value *list)
{
    const struct gw_member *element = gw_shape_element(gw_member_shape(member));
    size_t count = list->kind == GW_LIST ? list->as.list.count : 0;
    size_t sent = 0;
    if (count == 0) {
        if (w->dialect == GW_FORM_QUERY) {
            emit(w, GW_VIEW_NONE);
        }
        return true;
    }
    size_t mark = w->key.len;
    if (!is_flat(w->dialect, member)) {
        push_name(w, gw_member_wire_name(element));
    }
    for (size_t i = 0; i < count; i++) {
        struct gw_path place = gw_path_index(path, i);
        if (list->as.list.items[i].kind == GW_NULL) {
            continue;
        }
        size_t item_mark = push_number(w, ++sent);
        if (!write_member(w, &place, element, &list->as.list.items[i])) {
            return false;
        }
        pop(w, item_mark);
    }
    pop(w, mark);
    return true;
}

static bool write_entry(struct writer *w, const struct gw_path *path, const struct gw_shape *shape,
                        const struct gw_entry *entry)
{
    struct gw_path place = gw_path_name(path, entry->key);
    struct gw_value key = gw_value_string(entry->key);
    size_t mark = push_name(w, gw_member_wire_name(gw_shape_key(shape)));
    if (!write_member(w, &place, gw_shape_key(shape), &key)) {
        return false;
    }
    pop(w, mark);
    push_name(w, gw_member_wire_name(gw_shape_value(shape)));
    if (!write_member(w, &place, gw_shape_value(shape), &entry->value)) {
        return false;
    }
    pop(w, mark);
    return true;
}

static bool write_map(struct writer *w, const struct gw_path *path, const struct gw_member *member,
                      const struct gw_value *map)
{
    size_t mark = w->key.len;
    size_t sent = 0;
    if (!is_flat(w->dialect, member)) {
        push_name(w, GW_VIEW("entry"));
    }
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        if (map->as.map.entries[i].value.kind == GW_NULL) {
            continue;
        }
        size_t entry_mark = push_number(w, ++sent);
        if (!write_entry(w, path, gw_member_shape(member), &map->as.map.entries[i])) {
            return false;
        }
        pop(w, entry_mark);
    }
    pop(w, mark);
    return true;
}

static bool write_member(struct writer *w, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    if (!gw_walk_enter(&w->walk, path)) {
        return false;
    }
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRUCTURE:
        return gw_value_is_map(value) ? write_structure(w, path, shape, value)
                                      : gw_walk_mismatch(&w->walk, path, shape, value);
    case GW_SHAPE_LIST:
        return gw_value_is_list(value) ? write_list(w, path, member, value)
                                       : gw_walk_mismatch(&w->walk, path, shape, value);
    case GW_SHAPE_MAP:
        return gw_value_is_map(value) ? write_map(w, path, member, value)
                                      : gw_walk_mismatch(&w->walk, path, shape, value);
    default:
        gw_buf_reset(&w->text);
        if (!gw_walk_write_scalar(&w->walk, path, member, value)) {
            return false;
        }
        emit(w, gw_buf_view(&w->text));
        return true;
    }
}

void gw_protocol_write_form_pair(struct gw_view key, struct gw_view text, struct gw_buf *form)
{
    if (form->len > 0) {
        gw_buf_add_char(form, '&');
    }
    gw_percent_write(key, false, form);
    gw_buf_add_char(form, '=');
    gw_percent_write(text, false, form);
}

bool gw_protocol_write_form(const struct gw_walk *walk, enum gw_form_dialect dialect,
                            const struct gw_shape *shape, const struct gw_value *value)
{
    struct writer w = {.walk = *walk, .dialect = dialect, .form = walk->out};
    gw_buf_init(&w.key, walk->out->limit_bytes);
    gw_buf_init(&w.text, walk->out->limit_bytes);
    w.walk.out = &w.text;
    bool written =
        gw_value_is_map(value) || value->kind == GW_NULL
            ? write_structure(&w, NULL, shape, value)
            : gw_walk_fail(walk, NULL, "expected a map, got %s", gw_kind_name(value->kind));
    gw_buf_clear(&w.key);
    gw_buf_clear(&w.text);
    return written;
}

/* ---- reading: the pairs ---------------------------------------------------------------------- */

/* Pairs of one key keep the order in which they came. */
static int compare_pairs(const void *left, const void *right)
{
    const struct gw_form_pair *a = left, *b = right;
    int order = gw_view_compare(a->key, b->key);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static bool read_pair(struct gw_view text, struct gw_arena *arena, struct gw_form_pair *pair)
{
    size_t equals = gw_view_find_char(text, '=');
    struct gw_view value =
        equals == GW_NPOS ? GW_VIEW("") : gw_view_sub(text, equals + 1, text.len);
    return gw_percent_read(gw_view_sub(text, 0, equals), true, arena, &pair->key) &&
           gw_percent_read(value, true, arena, &pair->text);
}

bool gw_protocol_read_form(struct gw_view text, struct gw_arena *arena, struct gw_form *out)
{
    struct gw_view rest = text, part;
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++) {
        room += text.data[i] == '&';
    }
    *out = (struct gw_form){.pairs = gw_arena_alloc(arena, room * sizeof *out->pairs)};
    while (gw_view_next(&rest, '&', &part)) {
        if (part.len == 0) {
            continue;
        }
        out->pairs[out->count].number = out->count;
        if (!read_pair(part, arena, &out->pairs[out->count++])) {
            return false;
        }
    }
    qsort(out->pairs, out->count, sizeof *out->pairs, compare_pairs);
    return true;
}

/* The first pair whose key is not before `key`. */
static size_t lower_bound(const struct gw_form *form, struct gw_view key)
{
    size_t low = 0, high = form->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (gw_view_compare(form->pairs[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t gw_form_find(const struct gw_form *form, struct gw_view key, size_t *count)
{
    size_t at = lower_bound(form, key);
    size_t end = at;
    while (end < form->count && gw_view_equal(form->pairs[end].key, key)) {
        end++;
    }
    *count = end - at;
    return at;
}

const struct gw_view *gw_form_get(const struct gw_form *form, struct gw_view key)
{
    size_t at = lower_bound(form, key);
    bool found = at < form->count && gw_view_equal(form->pairs[at].key, key);
    return found ? &form->pairs[at].text : NULL;
}

/* ---- reading: values ------------------------------------------------------------------------- */

struct reader {
    const struct gw_walk *walk;
    const struct gw_form *form;
    enum gw_form_dialect dialect;
};

static bool read_member(const struct reader *r, const struct gw_path *path,
                        const struct gw_member *member, struct gw_view key, bool secret,
                        struct gw_value *out);

/* Is there "key=", or anything below "key."? */
static bool is_given(const struct reader *r, struct gw_view key)
{
    if (gw_form_get(r->form, key)) {
        return true;
    }
    struct gw_view below = gw_arena_printf(r->walk->arena, "%.*s.", GW_VIEW_ARGS(key));
    size_t at = lower_bound(r->form, below);
    return at < r->form->count && gw_view_starts_with(r->form->pairs[at].key, below);
}

static struct gw_view join(const struct reader *r, struct gw_view key, struct gw_view name)
{
    return key.len == 0 ? name
                        : gw_arena_printf(r->walk->arena, "%.*s.%.*s", GW_VIEW_ARGS(key),
                                          GW_VIEW_ARGS(name));
}

/* An empty list goes by its own name even where its elements have another. */
static bool is_empty_list(const struct reader *r, const struct gw_member *member,
                          struct gw_view key, struct gw_view place_key)
{
    if (r->dialect == GW_FORM_EC2 || gw_shape_type(gw_member_shape(member)) != GW_SHAPE_LIST) {
        return false;
    }
    const struct gw_view *text = gw_form_get(r->form, join(r, key, gw_member_wire_name(member)));
    return text && text->len == 0 && !is_given(r, place_key);
}

static bool read_structure(const struct reader *r, const struct gw_path *path,
                           const struct gw_shape *shape, struct gw_view key, bool secret,
                           struct gw_value *out)
{
    *out = gw_value_map();
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        struct gw_view wire = form_name(r->dialect, member, r->walk->arena);
        struct gw_view name = gw_member_name(member);
        struct gw_view place_key = join(r, key, wire);
        struct gw_path place = gw_path_name(path, name);
        if (is_empty_list(r, member, key, place_key)) {
            *gw_map_add(r->walk->arena, out, name) = gw_value_list();
        } else if (is_given(r, place_key) && !read_member(r, &place, member, place_key, secret,
                                                          gw_map_add(r->walk->arena, out, name))) {
            return false;
        }
    }
    return true;
}

/* "key.1" or "key.member.1": numbered from 1, up to the first gap. */
static struct gw_view numbered(const struct reader *r, struct gw_view key,
                               const struct gw_member *member, struct gw_view between,
                               size_t number)
{
    if (is_flat(r->dialect, member)) {
        return gw_arena_printf(r->walk->arena, "%.*s.%zu", GW_VIEW_ARGS(key), number);
    }
    return gw_arena_printf(r->walk->arena, "%.*s.%.*s.%zu", GW_VIEW_ARGS(key),
                           GW_VIEW_ARGS(between), number);
}

static bool read_list(const struct reader *r, const struct gw_path *path,
                      const struct gw_member *member, struct gw_view key, bool secret,
                      struct gw_value *out)
{
    const struct gw_member *element = gw_shape_element(gw_member_shape(member));
    *out = gw_value_list();
    for (size_t i = 0;; i++) {
        struct gw_view item = numbered(r, key, member, gw_member_wire_name(element), i + 1);
        struct gw_path place = gw_path_index(path, i);
        if (!is_given(r, item)) {
            return true;
        }
        if (!read_member(r, &place, element, item, secret, gw_list_add(r->walk->arena, out))) {
            return false;
        }
    }
}

static bool read_map(const struct reader *r, const struct gw_path *path,
                     const struct gw_member *member, struct gw_view key, bool secret,
                     struct gw_value *out)
{
    const struct gw_shape *shape = gw_member_shape(member);
    struct gw_view key_name = gw_member_wire_name(gw_shape_key(shape));
    struct gw_view value_name = gw_member_wire_name(gw_shape_value(shape));
    *out = gw_value_map();
    for (size_t number = 1;; number++) {
        struct gw_view entry = numbered(r, key, member, GW_VIEW("entry"), number);
        struct gw_view key_key = gw_arena_printf(r->walk->arena, "%.*s.%.*s", GW_VIEW_ARGS(entry),
                                                 GW_VIEW_ARGS(key_name));
        struct gw_view value_key = gw_arena_printf(r->walk->arena, "%.*s.%.*s", GW_VIEW_ARGS(entry),
                                                   GW_VIEW_ARGS(value_name));
        const struct gw_view *name = gw_form_get(r->form, key_key);
        if (!name) {
            return true;
        }
        struct gw_path place = gw_path_name(path, *name);
        if (is_given(r, value_key) &&
            !read_member(r, &place, gw_shape_value(shape), value_key, secret,
                         gw_map_add(r->walk->arena, out, *name))) {
            return false;
        }
    }
}

static bool read_member(const struct reader *r, const struct gw_path *path,
                        const struct gw_member *member, struct gw_view key, bool secret,
                        struct gw_value *out)
{
    const struct gw_view *text = gw_form_get(r->form, key);
    bool read;
    secret = secret || gw_member_is_secret(member);
    if (!gw_walk_enter(r->walk, path)) {
        return false;
    }
    switch (gw_shape_type(gw_member_shape(member))) {
    case GW_SHAPE_STRUCTURE:
        read = read_structure(r, path, gw_member_shape(member), key, secret, out);
        break;
    case GW_SHAPE_LIST:
        read = read_list(r, path, member, key, secret, out);
        break;
    case GW_SHAPE_MAP:
        read = read_map(r, path, member, key, secret, out);
        break;
    default:
        read = text ? gw_walk_read_scalar(r->walk, path, member, *text, out)
                    : gw_walk_fail(r->walk, path, "expected one value, got parts of one");
        break;
    }
    out->secret = secret;
    return read;
}

bool gw_protocol_read_form_values(const struct gw_walk *walk, enum gw_form_dialect dialect,
                                  const struct gw_shape *shape, const struct gw_form *form,
                                  struct gw_value *out)
{
    struct reader r = {walk, form, dialect};
    bool secret = gw_shape_flags(shape) & GW_SHAPE_SENSITIVE;
    return read_structure(&r, NULL, shape, GW_VIEW_NONE, secret, out);
}
