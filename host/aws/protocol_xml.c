/* protocol_xml: values to and from XML elements, along a shape; for every protocol that answers in
 * XML. Reading matches local names, in any order, and skips what the model does not know. */
#include "aws/internal.h"

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_member(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_xml *element, bool secret,
                        struct gw_value *out);

static const struct gw_xml *next_sibling(const struct gw_xml *element)
{
    const struct gw_xml *next = element->next;
    while (next && !gw_view_equal(next->name, element->name)) {
        next = next->next;
    }
    return next;
}

/* Flattened: the element and its siblings of that name. Else: its children, whatever their name,
 * for services and models do not always agree about it. */
static bool read_list(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_member *member, const struct gw_xml *element, bool secret,
                      struct gw_value *out)
{
    const struct gw_member *item_member = gw_shape_element(gw_member_shape(member));
    bool flattened = gw_member_flags(member) & GW_MEMBER_FLATTENED;
    const struct gw_xml *item = flattened ? element : element->first_child;
    *out = gw_value_list();
    for (size_t i = 0; item; i++) {
        struct gw_path place = gw_path_index(path, i);
        if (!read_member(walk, &place, item_member, item, secret, gw_list_add(walk->arena, out))) {
            return false;
        }
        item = flattened ? next_sibling(item) : item->next;
    }
    return true;
}

static bool read_entry(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_shape *shape, const struct gw_xml *entry, bool secret,
                       struct gw_value *out)
{
    const struct gw_xml *key = gw_xml_child(entry, gw_member_wire_name(gw_shape_key(shape)));
    const struct gw_xml *value = gw_xml_child(entry, gw_member_wire_name(gw_shape_value(shape)));
    if (!key) {
        return gw_walk_fail(walk, path, "an entry has no key");
    }
    if (!value) {
        return true;
    }
    struct gw_path place = gw_path_name(path, key->text);
    return read_member(walk, &place, gw_shape_value(shape), value, secret,
                       gw_map_add(walk->arena, out, key->text));
}

static bool read_map(const struct gw_walk *walk, const struct gw_path *path,
                     const struct gw_member *member, const struct gw_xml *element, bool secret,
                     struct gw_value *out)
{
    bool flattened = gw_member_flags(member) & GW_MEMBER_FLATTENED;
    const struct gw_xml *entry = flattened ? element : element->first_child;
    *out = gw_value_map();
    while (entry) {
        if (!read_entry(walk, path, gw_member_shape(member), entry, secret, out)) {
            return false;
        }
        entry = flattened ? next_sibling(entry) : entry->next;
    }
    return true;
}

static const struct gw_view *find_attribute(const struct gw_xml *element, struct gw_view name)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (gw_view_equal(element->attributes[i].name, name)) {
            return &element->attributes[i].value;
        }
    }
    return NULL;
}

static bool read_attribute(const struct gw_walk *walk, const struct gw_path *path,
                           const struct gw_member *member, const struct gw_xml *element,
                           bool secret, struct gw_value *out)
{
    const struct gw_view *text = find_attribute(element, gw_member_wire_name(member));
    if (!text) {
        return true;
    }
    struct gw_value *slot = gw_map_add(walk->arena, out, gw_member_name(member));
    bool read = gw_walk_read_scalar(walk, path, member, *text, slot);
    slot->secret = secret || gw_member_is_secret(member);
    return read;
}

static bool read_structure(const struct gw_walk *walk, const struct gw_path *path,
                           const struct gw_shape *shape, const struct gw_xml *element, bool secret,
                           struct gw_value *out)
{
    *out = gw_value_map();
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        struct gw_view name = gw_member_name(member);
        struct gw_path place = gw_path_name(path, name);
        if (!gw_walk_in_body(walk, path, member)) {
            continue;
        }
        if (gw_member_flags(member) & GW_MEMBER_XML_ATTRIBUTE) {
            if (!read_attribute(walk, &place, member, element, secret, out)) {
                return false;
            }
            continue;
        }
        const struct gw_xml *child = gw_xml_child(element, gw_member_element_name(member));
        if (child &&
            !read_member(walk, &place, member, child, secret, gw_map_add(walk->arena, out, name))) {
            return false;
        }
    }
    if (element->first_child) {
        gw_protocol_name_unknown(walk, shape, element->first_child->name, out);
    }
    return true;
}

static bool read_member(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_xml *element, bool secret,
                        struct gw_value *out)
{
    bool read;
    secret = secret || gw_member_is_secret(member);
    if (!gw_walk_enter(walk, path)) {
        return false;
    }
    switch (gw_shape_type(gw_member_shape(member))) {
    case GW_SHAPE_STRUCTURE:
        read = read_structure(walk, path, gw_member_shape(member), element, secret, out);
        break;
    case GW_SHAPE_LIST:
        read = read_list(walk, path, member, element, secret, out);
        break;
    case GW_SHAPE_MAP:
        read = read_map(walk, path, member, element, secret, out);
        break;
    default:
        read = gw_walk_read_scalar(walk, path, member, element->text, out);
        break;
    }
    out->secret = secret;
    return read;
}

bool gw_protocol_read_xml(const struct gw_walk *walk, const struct gw_shape *shape,
                          const struct gw_xml *element, struct gw_value *out)
{
    bool secret = gw_shape_flags(shape) & GW_SHAPE_SENSITIVE;
    return read_structure(walk, NULL, shape, element, secret, out);
}

bool gw_protocol_read_xml_member(const struct gw_walk *walk, const struct gw_path *path,
                                 const struct gw_member *member, const struct gw_xml *element,
                                 struct gw_value *out)
{
    return read_member(walk, path, member, element, false, out);
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_member(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, struct gw_view name,
                         const struct gw_value *value);

static void write_namespace(const struct gw_walk *walk, struct gw_view uri, struct gw_view prefix)
{
    if (uri.len > 0) {
        gw_buf_addf(walk->out, " xmlns%s%.*s=\"", prefix.len > 0 ? ":" : "", GW_VIEW_ARGS(prefix));
        gw_xml_write_attribute(uri, walk->out);
        gw_buf_add_char(walk->out, '"');
    }
}

static void write_member_namespace(const struct gw_walk *walk, const struct gw_member *member)
{
    const struct gw_shape *shape = gw_member_shape(member);
    struct gw_view uri = gw_member_xml_namespace(member);
    struct gw_view prefix = gw_member_xml_prefix(member);
    if (uri.len == 0 && !(gw_member_flags(member) & GW_MEMBER_FLATTENED)) {
        uri = gw_shape_xml_namespace(shape);
        prefix = gw_shape_xml_prefix(shape);
    }
    write_namespace(walk, uri, prefix);
}

static void close_element(const struct gw_walk *walk, struct gw_view name)
{
    gw_buf_addf(walk->out, "</%.*s>", GW_VIEW_ARGS(name));
}

/* The scalar as escaped text, or as an attribute's value. */
static bool write_scalar(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value,
                         bool in_attribute)
{
    struct gw_buf text;
    struct gw_walk plain = *walk;
    gw_buf_init(&text, walk->out->limit_bytes);
    plain.out = &text;
    bool written = gw_walk_write_scalar(&plain, path, member, value);
    in_attribute ? gw_xml_write_attribute(gw_buf_view(&text), walk->out)
                 : gw_xml_write_text(gw_buf_view(&text), walk->out);
    walk->out->full = walk->out->full || text.full;
    gw_buf_clear(&text);
    return written;
}

static bool write_attributes(const struct gw_walk *walk, const struct gw_path *path,
                             const struct gw_shape *shape, const struct gw_value *map)
{
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(path, entry->key);
        if (!member || !(gw_member_flags(member) & GW_MEMBER_XML_ATTRIBUTE) ||
            entry->value.kind == GW_NULL || !gw_walk_in_body(walk, path, member)) {
            continue;
        }
        gw_buf_addf(walk->out, " %.*s=\"", GW_VIEW_ARGS(gw_member_wire_name(member)));
        if (!write_scalar(walk, &place, member, &entry->value, true)) {
            return false;
        }
        gw_buf_add_char(walk->out, '"');
    }
    return true;
}

static bool write_children(const struct gw_walk *walk, const struct gw_path *path,
                           const struct gw_shape *shape, const struct gw_value *map)
{
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(path, entry->key);
        if (!member) {
            return gw_walk_fail(walk, &place, "no such member");
        }
        if (entry->value.kind == GW_NULL || (gw_member_flags(member) & GW_MEMBER_XML_ATTRIBUTE) ||
            !gw_walk_in_body(walk, path, member)) {
            continue;
        }
        if (!write_member(walk, &place, member, gw_member_element_name(member), &entry->value)) {
            return false;
        }
    }
    return true;
}

static bool write_list(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_member *member, struct gw_view name,
                       const struct gw_value *list)
{
    const struct gw_member *element = gw_shape_element(gw_member_shape(member));
    bool flattened = gw_member_flags(member) & GW_MEMBER_FLATTENED;
    for (size_t i = 0; list->kind == GW_LIST && i < list->as.list.count; i++) {
        struct gw_path place = gw_path_index(path, i);
        if (list->as.list.items[i].kind != GW_NULL &&
            !write_member(walk, &place, element, flattened ? name : gw_member_wire_name(element),
                          &list->as.list.items[i])) {
            return false;
        }
    }
    return true;
}

static bool write_map(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_member *member, struct gw_view name,
                      const struct gw_value *map)
{
    const struct gw_shape *shape = gw_member_shape(member);
    struct gw_view entry_name =
        gw_member_flags(member) & GW_MEMBER_FLATTENED ? name : GW_VIEW("entry");
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        const struct gw_member *key = gw_shape_key(shape), *value = gw_shape_value(shape);
        struct gw_value key_text = gw_value_string(entry->key);
        struct gw_path place = gw_path_name(path, entry->key);
        if (entry->value.kind == GW_NULL) {
            continue;
        }
        gw_buf_addf(walk->out, "<%.*s>", GW_VIEW_ARGS(entry_name));
        if (!write_member(walk, &place, key, gw_member_wire_name(key), &key_text) ||
            !write_member(walk, &place, value, gw_member_wire_name(value), &entry->value)) {
            return false;
        }
        close_element(walk, entry_name);
    }
    return true;
}

/* What stands inside the element that the caller has begun: attributes, '>', content. */
static bool write_content(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_member *member, struct gw_view name,
                          const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRUCTURE:
        if (!write_attributes(walk, path, shape, value)) {
            return false;
        }
        gw_buf_add_char(walk->out, '>');
        return write_children(walk, path, shape, value);
    case GW_SHAPE_LIST:
        gw_buf_add_char(walk->out, '>');
        return write_list(walk, path, member, name, value);
    case GW_SHAPE_MAP:
        gw_buf_add_char(walk->out, '>');
        return write_map(walk, path, member, name, value);
    default:
        gw_buf_add_char(walk->out, '>');
        return write_scalar(walk, path, member, value, false);
    }
}

static bool has_right_kind(const struct gw_shape *shape, const struct gw_value *value)
{
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRUCTURE:
    case GW_SHAPE_MAP:
        return gw_value_is_map(value);
    case GW_SHAPE_LIST:
        return gw_value_is_list(value);
    default:
        return true; /* judged where it is written */
    }
}

static bool write_member(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, struct gw_view name,
                         const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    bool flattened = gw_member_flags(member) & GW_MEMBER_FLATTENED;
    if (!gw_walk_enter(walk, path)) {
        return false;
    }
    if (!has_right_kind(shape, value)) {
        return gw_walk_mismatch(walk, path, shape, value);
    }
    if (flattened && gw_shape_type(shape) == GW_SHAPE_LIST) {
        return write_list(walk, path, member, name, value);
    }
    if (flattened && gw_shape_type(shape) == GW_SHAPE_MAP) {
        return write_map(walk, path, member, name, value);
    }
    gw_buf_addf(walk->out, "<%.*s", GW_VIEW_ARGS(name));
    write_member_namespace(walk, member);
    bool written = write_content(walk, path, member, name, value);
    close_element(walk, name);
    return written;
}

bool gw_protocol_write_xml_member(const struct gw_walk *walk, const struct gw_path *path,
                                  const struct gw_member *member, struct gw_view name,
                                  const struct gw_value *value)
{
    return write_member(walk, path, member, name, value);
}

static bool check_map(const struct gw_walk *walk, const struct gw_value *value)
{
    return gw_value_is_map(value) || value->kind == GW_NULL ||
           gw_walk_fail(walk, NULL, "expected a map, got %s", gw_kind_name(value->kind));
}

bool gw_protocol_write_xml(const struct gw_walk *walk, const struct gw_shape *shape,
                           const struct gw_value *value)
{
    return check_map(walk, value) && write_children(walk, NULL, shape, value);
}

bool gw_protocol_write_xml_root(const struct gw_walk *walk, const struct gw_shape *shape,
                                struct gw_view name, const struct gw_value *value)
{
    if (!check_map(walk, value)) {
        return false;
    }
    gw_buf_addf(walk->out, "<%.*s", GW_VIEW_ARGS(name));
    write_namespace(walk, gw_shape_xml_namespace(shape), gw_shape_xml_prefix(shape));
    if (!write_attributes(walk, NULL, shape, value)) {
        return false;
    }
    gw_buf_add_char(walk->out, '>');
    bool written = write_children(walk, NULL, shape, value);
    close_element(walk, name);
    return written;
}
