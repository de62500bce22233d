/* aws_document: what AWS answers, or is asked, as a document, the way the AWS CLI shows it: structures in the model's
 * order, times as ISO text in UTC, bytes as base64, and nothing that JSON could not say. */
#include <math.h>
#include <stdlib.h>

#include "bind/internal.h"
#include "codec/codec.h"

struct showing {
    struct gw_arena *arena;
    bool reveal;
};

static struct gw_value show(const struct showing *showing, const struct gw_shape *shape,
                            const struct gw_value *value);

static struct gw_value take_text(struct gw_arena *arena, struct gw_buf *text)
{
    struct gw_value value = gw_value_string(gw_arena_dup(arena, gw_buf_view(text)));
    gw_buf_clear(text);
    return value;
}

/* "2015-01-25T08:00:00+00:00", "2015-01-25T08:00:00.123000+00:00" */
static struct gw_value show_time(struct gw_arena *arena, double epoch_s)
{
    struct gw_buf text;
    double whole = floor(epoch_s);
    long micros = lrint((epoch_s - whole) * 1e6);
    if (micros == 1000000) {
        whole++;
        micros = 0;
    }
    gw_buf_init(&text, 64);
    if (!gw_time_write(whole, GW_TIME_ISO8601, &text)) {
        gw_buf_clear(&text);
        return gw_value_double(epoch_s); /* no year that a calendar knows */
    }
    text.len--; /* the Z */
    if (micros > 0) {
        gw_buf_addf(&text, ".%06ld", micros);
    }
    gw_buf_add_text(&text, "+00:00");
    return take_text(arena, &text);
}

static struct gw_value show_bytes(struct gw_arena *arena, struct gw_view bytes)
{
    struct gw_buf text;
    gw_buf_init(&text, bytes.len * 2 + 8);
    gw_base64_write(bytes, &text);
    return take_text(arena, &text);
}

static void show_members(const struct showing *showing, const struct gw_shape *shape,
                         const struct gw_value *value, bool body, struct gw_value *out)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        const struct gw_value *given = gw_map_get(value, gw_member_name(member));
        if (given && (gw_member_location(member) == GW_LOCATION_BODY) == body) {
            *gw_map_add(showing->arena, out, gw_member_name(member)) =
                show(showing, gw_member_shape(member), given);
        }
    }
}

/* What came in headers is first. */
static struct gw_value show_structure(const struct showing *showing, const struct gw_shape *shape,
                                      const struct gw_value *value)
{
    struct gw_value out = gw_value_map();
    show_members(showing, shape, value, false, &out);
    show_members(showing, shape, value, true, &out);
    return out;
}

static struct gw_value show_list(const struct showing *showing, const struct gw_shape *shape,
                                 const struct gw_value *value)
{
    struct gw_value out = gw_value_list();
    for (size_t i = 0; i < value->as.list.count; i++) {
        *gw_list_add(showing->arena, &out) =
            show(showing, gw_member_shape(gw_shape_element(shape)), &value->as.list.items[i]);
    }
    return out;
}

static struct gw_value show_map(const struct showing *showing, const struct gw_shape *shape,
                                const struct gw_value *value)
{
    struct gw_value out = gw_value_map();
    for (size_t i = 0; i < value->as.map.count; i++) {
        const struct gw_entry *entry = &value->as.map.entries[i];
        *gw_map_add(showing->arena, &out, entry->key) =
            show(showing, gw_member_shape(gw_shape_value(shape)), &entry->value);
    }
    return out;
}

static struct gw_value show_scalar(const struct showing *showing, const struct gw_shape *shape,
                                   const struct gw_value *value)
{
    enum gw_shape_type type = gw_shape_type(shape);
    if (type == GW_SHAPE_TIMESTAMP && value->kind == GW_INT) {
        return show_time(showing->arena, (double)value->as.integer);
    }
    if (type == GW_SHAPE_TIMESTAMP && value->kind == GW_DOUBLE) {
        return show_time(showing->arena, value->as.number);
    }
    return type == GW_SHAPE_BLOB && value->kind == GW_STRING
               ? show_bytes(showing->arena, value->as.string)
               : *value;
}

static struct gw_value show(const struct showing *showing, const struct gw_shape *shape,
                            const struct gw_value *value)
{
    enum gw_shape_type type = gw_shape_type(shape);
    bool document = (gw_shape_flags(shape) & GW_SHAPE_DOCUMENT) != 0;
    struct gw_value out = *value; /* a document, or what stands decoded in place of a text */
    if (!document && value->kind == GW_MAP && type == GW_SHAPE_MAP) {
        out = show_map(showing, shape, value);
    } else if (!document && value->kind == GW_MAP && type == GW_SHAPE_STRUCTURE) {
        out = show_structure(showing, shape, value);
    } else if (!document && value->kind == GW_LIST && type == GW_SHAPE_LIST) {
        out = show_list(showing, shape, value);
    } else if (!document) {
        out = show_scalar(showing, shape, value);
    }
    out.secret = value->secret && !showing->reveal;
    return out;
}

void gw_bind_show_document(const struct gw_shape *shape, const struct gw_value *value, bool reveal,
                           struct gw_arena *arena, struct gw_value *out)
{
    struct showing showing = {.arena = arena, .reveal = reveal};
    *out = shape ? show(&showing, shape, value) : gw_value_map();
}
