/* protocol_rest_headers: members that travel in headers, both ways. A list is one line with commas
 * between its items; a map is as many headers as it has entries, with a common prefix. What would
 * break out of its header is refused. */
#include "aws/internal.h"

#include <string.h>

/* ---- text ------------------------------------------------------------------------------------ */

bool gw_rest_write_text(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_value *value,
                        struct gw_view *text)
{
    struct gw_buf out;
    struct gw_walk plain = *walk;
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    plain.out = &out;
    bool written = gw_walk_write_scalar(&plain, path, member, value);
    return gw_protocol_take_body(&plain, written, text);
}

bool gw_rest_read_text(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_member *member, struct gw_view text, struct gw_value *out)
{
    bool read = gw_walk_read_scalar(walk, path, member, text, out);
    out->secret = gw_member_is_secret(member);
    return read;
}

/* A line that ends early would let the rest of the value be a header, or a request, of its own. */
static bool check_header_value(const struct gw_walk *walk, const struct gw_path *path,
                               struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return gw_walk_fail(walk, path,
                                "it is sent as a header, which cannot hold control characters");
        }
    }
    return true;
}

static bool check_header_name(const struct gw_walk *walk, const struct gw_path *path,
                              struct gw_view text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !memchr(others, c, sizeof others - 1)) {
            return gw_walk_fail(walk, path,
                                "it is sent as the name of a header, which takes letters, digits "
                                "and '-'");
        }
    }
    return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* JSON is sent as base64, for it may be of any length and script. */
static bool write_json(const struct gw_walk *walk, const struct gw_value *value,
                       struct gw_view *text)
{
    struct gw_buf out;
    struct gw_walk plain = *walk;
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    plain.out = &out;
    gw_base64_write(gw_protocol_json_text(walk, value), &out);
    return gw_protocol_take_body(&plain, true, text);
}

/* A string with a comma or a quote in it goes into quotes. */
static void write_item(struct gw_view text, bool is_string, struct gw_buf *out)
{
    if (!is_string ||
        (gw_view_find_char(text, ',') == GW_NPOS && gw_view_find_char(text, '"') == GW_NPOS)) {
        gw_buf_add(out, text);
        return;
    }
    gw_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        gw_buf_add_text(out, text.data[i] == '"' || text.data[i] == '\\' ? "\\" : "");
        gw_buf_add_char(out, text.data[i]);
    }
    gw_buf_add_char(out, '"');
}

static bool write_items(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *element, const struct gw_value *list,
                        struct gw_buf *out)
{
    bool is_string = gw_shape_type(gw_member_shape(element)) == GW_SHAPE_STRING;
    for (size_t i = 0; list->kind == GW_LIST && i < list->as.list.count; i++) {
        struct gw_path place = gw_path_index(path, i);
        struct gw_view text = GW_VIEW_NONE;
        if (list->as.list.items[i].kind == GW_NULL) {
            continue;
        }
        if (!gw_rest_write_text(walk, &place, element, &list->as.list.items[i], &text)) {
            return false;
        }
        gw_buf_add_text(out, out->len > 0 ? ", " : "");
        write_item(text, is_string, out);
    }
    return true;
}

static bool write_list(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_member *member, const struct gw_value *list,
                       struct gw_view *text)
{
    struct gw_buf out;
    struct gw_walk plain = *walk;
    if (!gw_value_is_list(list)) {
        return gw_walk_mismatch(walk, path, gw_member_shape(member), list);
    }
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    plain.out = &out;
    bool written = write_items(walk, path, gw_shape_element(gw_member_shape(member)), list, &out);
    return gw_protocol_take_body(&plain, written, text);
}

static bool write_header(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value,
                         struct gw_headers *headers)
{
    struct gw_view text = GW_VIEW_NONE;
    bool is_list = gw_shape_type(gw_member_shape(member)) == GW_SHAPE_LIST;
    bool written = gw_member_flags(member) & GW_MEMBER_JSON_VALUE ? write_json(walk, value, &text)
                   : is_list ? write_list(walk, path, member, value, &text)
                             : gw_rest_write_text(walk, path, member, value, &text);
    if (!written || !check_header_value(walk, path, text)) {
        return false;
    }
    if (!is_list || text.len > 0) {
        gw_headers_add(walk->arena, headers, gw_member_wire_name(member), text);
    }
    return true;
}

/* A map whose member is not named on the wire has all headers. */
static struct gw_view header_prefix(const struct gw_member *member)
{
    return gw_member_flags(member) & GW_MEMBER_NAMED ? gw_member_wire_name(member) : GW_VIEW("");
}

/* A header of its own wins over the map's entry. */
static bool write_prefixed(const struct gw_walk *walk, const struct gw_path *path,
                           const struct gw_member *member, const struct gw_value *map,
                           struct gw_headers *headers)
{
    if (!gw_value_is_map(map)) {
        return gw_walk_mismatch(walk, path, gw_member_shape(member), map);
    }
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        struct gw_path place = gw_path_name(path, entry->key);
        struct gw_view text = GW_VIEW_NONE;
        struct gw_view name = gw_arena_printf(
            walk->arena, "%.*s%.*s", GW_VIEW_ARGS(header_prefix(member)), GW_VIEW_ARGS(entry->key));
        if (entry->value.kind == GW_NULL || gw_headers_get(headers, name).data) {
            continue;
        }
        if (!check_header_name(walk, &place, entry->key) ||
            !gw_rest_write_text(walk, &place, gw_shape_value(gw_member_shape(member)),
                                &entry->value, &text) ||
            !check_header_value(walk, &place, text)) {
            return false;
        }
        gw_headers_add(walk->arena, headers, name, text);
    }
    return true;
}

/* How long a request's body is, its sender says. */
static bool is_senders(const struct gw_walk *walk, const struct gw_member *member)
{
    return walk->message == GW_MESSAGE_REQUEST &&
           gw_view_equal_nocase(gw_member_wire_name(member), GW_VIEW("Content-Length"));
}

static bool write_headers_at(const struct gw_walk *walk, const struct gw_shape *shape,
                             const struct gw_value *value, enum gw_location location,
                             struct gw_headers *headers)
{
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        const struct gw_entry *entry = &value->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(NULL, entry->key);
        if (!member || gw_member_location(member) != location || entry->value.kind == GW_NULL ||
            is_senders(walk, member)) {
            continue;
        }
        if (!(location == GW_LOCATION_HEADER ? write_header : write_prefixed)(
                walk, &place, member, &entry->value, headers)) {
            return false;
        }
    }
    return true;
}

bool gw_rest_write_headers(const struct gw_walk *walk, const struct gw_shape *shape,
                           const struct gw_value *value, struct gw_headers *headers)
{
    struct gw_walk inner = *walk;
    inner.time_format = GW_TIME_RFC822;
    return write_headers_at(&inner, shape, value, GW_LOCATION_HEADER, headers) &&
           write_headers_at(&inner, shape, value, GW_LOCATION_HEADERS, headers);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Takes "quoted \"text\"" off the front, up to behind the comma that follows. */
static struct gw_view take_quoted(struct gw_view *rest, struct gw_arena *arena)
{
    struct gw_buf out;
    size_t i = 1;
    gw_buf_init(&out, rest->len);
    for (; i < rest->len && rest->data[i] != '"'; i++) {
        i += rest->data[i] == '\\' && i + 1 < rest->len;
        gw_buf_add_char(&out, rest->data[i]);
    }
    struct gw_view text = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    struct gw_view behind = gw_view_sub(*rest, i + 1, rest->len);
    size_t comma = gw_view_find_char(behind, ',');
    *rest = comma == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(behind, comma + 1, behind.len);
    return text;
}

/* "Mon, 16 Dec 2019 23:48:18 GMT" has a comma of its own. */
static bool has_own_comma(struct gw_view text, enum gw_shape_type type)
{
    return type == GW_SHAPE_TIMESTAMP && text.len > 0 &&
           (text.data[0] < '0' || text.data[0] > '9') && text.data[0] != '-';
}

static struct gw_view take_item(struct gw_view *rest, enum gw_shape_type type,
                                struct gw_arena *arena)
{
    *rest = gw_view_trim(*rest);
    if (type == GW_SHAPE_STRING && gw_view_starts_with(*rest, GW_VIEW("\""))) {
        return take_quoted(rest, arena);
    }
    size_t comma = gw_view_find_char(*rest, ',');
    if (comma != GW_NPOS && has_own_comma(*rest, type)) {
        size_t next = gw_view_find_char(gw_view_sub(*rest, comma + 1, rest->len), ',');
        comma = next == GW_NPOS ? GW_NPOS : comma + 1 + next;
    }
    struct gw_view item = gw_view_trim(gw_view_sub(*rest, 0, comma));
    *rest = comma == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(*rest, comma + 1, rest->len);
    return item;
}

static void mark_as(const struct gw_member *member, struct gw_value *value)
{
    if (gw_member_is_secret(member)) {
        gw_value_mark_secret(value);
    }
}

static bool read_items(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_member *element, struct gw_view text, struct gw_value *list)
{
    enum gw_shape_type type = gw_shape_type(gw_member_shape(element));
    while (gw_view_trim(text).len > 0) {
        struct gw_path place = gw_path_index(path, list->as.list.count);
        struct gw_view item = take_item(&text, type, walk->arena);
        if (!gw_rest_read_text(walk, &place, element, item, gw_list_add(walk->arena, list))) {
            return false;
        }
    }
    return true;
}

static bool read_json(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_member *member, struct gw_view text, struct gw_value *out)
{
    struct gw_view decoded;
    if (!gw_base64_read(text, walk->arena, &decoded)) {
        return gw_walk_fail(walk, path, "expected base64, got other text");
    }
    gw_protocol_read_json_text(walk, decoded, out);
    mark_as(member, out);
    return true;
}

/* A list may come in several lines. */
static bool read_list(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_member *member, const struct gw_headers *headers,
                      struct gw_value *out)
{
    const struct gw_member *element = gw_shape_element(gw_member_shape(member));
    *out = gw_value_list();
    for (size_t i = 0; i < headers->count; i++) {
        if (gw_view_equal_nocase(headers->items[i].name, gw_member_wire_name(member)) &&
            !read_items(walk, path, element, headers->items[i].value, out)) {
            return false;
        }
    }
    mark_as(member, out);
    return true;
}

static bool read_header(const struct gw_walk *walk, const struct gw_member *member,
                        const struct gw_headers *headers, struct gw_value *out)
{
    struct gw_view text = gw_headers_get(headers, gw_member_wire_name(member));
    struct gw_path place = gw_path_name(NULL, gw_member_name(member));
    enum gw_shape_type type = gw_shape_type(gw_member_shape(member));
    if (!text.data || (text.len == 0 && type != GW_SHAPE_STRING && type != GW_SHAPE_LIST)) {
        return true;
    }
    struct gw_value *slot = gw_map_add(walk->arena, out, gw_member_name(member));
    if (type == GW_SHAPE_LIST) {
        return read_list(walk, &place, member, headers, slot);
    }
    if (gw_member_flags(member) & GW_MEMBER_JSON_VALUE) {
        return read_json(walk, &place, member, text, slot);
    }
    return gw_rest_read_text(walk, &place, member, gw_arena_dup(walk->arena, text), slot);
}

/* All headers of that prefix, whatever else they are bound to; a map even where there is none. */
static bool read_prefixed(const struct gw_walk *walk, const struct gw_member *member,
                          const struct gw_headers *headers, struct gw_value *out)
{
    const struct gw_member *value = gw_shape_value(gw_member_shape(member));
    struct gw_view prefix = header_prefix(member);
    struct gw_path path = gw_path_name(NULL, gw_member_name(member));
    struct gw_value *map = gw_map_add(walk->arena, out, gw_member_name(member));
    *map = gw_value_map();
    for (size_t i = 0; i < headers->count; i++) {
        const struct gw_header *header = &headers->items[i];
        if (!gw_view_equal_nocase(gw_view_sub(header->name, 0, prefix.len), prefix)) {
            continue;
        }
        struct gw_view key = gw_view_sub(header->name, prefix.len, header->name.len);
        struct gw_path place = gw_path_name(&path, key);
        key = gw_arena_dup(walk->arena, key);
        if (!gw_rest_read_text(walk, &place, value, gw_arena_dup(walk->arena, header->value),
                               gw_map_add(walk->arena, map, key))) {
            return false;
        }
    }
    mark_as(member, map);
    return true;
}

bool gw_rest_read_headers(const struct gw_walk *walk, const struct gw_shape *shape,
                          const struct gw_headers *headers, struct gw_value *out)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        enum gw_location location = gw_member_location(member);
        if ((location == GW_LOCATION_HEADER && !read_header(walk, member, headers, out)) ||
            (location == GW_LOCATION_HEADERS && !read_prefixed(walk, member, headers, out))) {
            return false;
        }
    }
    return true;
}
