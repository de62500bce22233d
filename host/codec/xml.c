/* xml: XML text to an element tree, by expat, and text to XML. A document type declaration is
 * refused, so there are no entities but the five of XML itself.
 * Limits: GW_XML_MAX_BYTES, GW_XML_MAX_DEPTH, GW_XML_MAX_ITEMS. */
#include "codec/internal.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

/* An element that is still open. */
struct frame {
    struct gw_xml *element;
    struct gw_xml **next_child; /* where the next child is hung up */
    struct gw_buf text;
};

struct reader {
    struct gw_arena *arena;
    XML_Parser parser;
    struct gw_xml *root;
    struct frame frames[GW_XML_MAX_DEPTH];
    size_t depth;
    size_t items;        /* so far */
    const char *refusal; /* why this file stopped the parser; NULL: it did not */
    enum gw_err_code refusal_code;
};

static void refuse(struct reader *r, enum gw_err_code code, const char *why)
{
    r->refusal = why;
    r->refusal_code = code;
    XML_StopParser(r->parser, XML_FALSE);
}

static struct gw_view local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return gw_view_of(colon ? colon + 1 : name);
}

static void add_attributes(struct reader *r, struct gw_xml *element, const char **attributes)
{
    size_t count = 0;
    while (attributes[2 * count]) {
        count++;
    }
    r->items += count;
    if (count == 0) {
        return;
    }
    element->attributes = gw_arena_alloc(r->arena, count * sizeof *element->attributes);
    element->attribute_count = count;
    for (size_t i = 0; i < count; i++) {
        element->attributes[i].name = gw_arena_dup(r->arena, gw_view_of(attributes[2 * i]));
        element->attributes[i].value = gw_arena_dup(r->arena, gw_view_of(attributes[2 * i + 1]));
    }
}

static void on_start(void *ctx, const char *name, const char **attributes)
{
    struct reader *r = ctx;
    if (r->refusal) {
        return;
    }
    if (r->depth == GW_XML_MAX_DEPTH) {
        refuse(r, GW_ERR_LIMIT, "nested too deep");
        return;
    }
    if (++r->items > GW_XML_MAX_ITEMS) {
        refuse(r, GW_ERR_LIMIT, "too many elements");
        return;
    }
    struct gw_xml *element = gw_arena_alloc(r->arena, sizeof *element);
    element->name = gw_arena_dup(r->arena, local_name(name));
    add_attributes(r, element, attributes);
    if (r->depth > 0) {
        struct frame *parent = &r->frames[r->depth - 1];
        *parent->next_child = element;
        parent->next_child = &element->next;
    } else {
        r->root = element;
    }
    struct frame *frame = &r->frames[r->depth++];
    frame->element = element;
    frame->next_child = &element->first_child;
    gw_buf_init(&frame->text, GW_XML_MAX_BYTES);
}

static void on_end(void *ctx, const char *name)
{
    struct reader *r = ctx;
    (void)name;
    if (r->refusal) {
        return;
    }
    struct frame *frame = &r->frames[--r->depth];
    frame->element->text = gw_arena_dup(r->arena, gw_buf_view(&frame->text));
    gw_buf_clear(&frame->text);
}

static void on_text(void *ctx, const char *text, int len)
{
    struct reader *r = ctx;
    if (!r->refusal && r->depth > 0) {
        gw_buf_add(&r->frames[r->depth - 1].text, (struct gw_view){text, (size_t)len});
    }
}

static void on_doctype(void *ctx, const char *name, const char *system_id, const char *public_id,
                       int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(ctx, GW_ERR_INPUT, "a document type declaration is not accepted");
}

static bool fail_parse(const struct reader *r, struct gw_err *err)
{
    const char *what = r->refusal ? r->refusal : XML_ErrorString(XML_GetErrorCode(r->parser));
    return gw_fail(err, r->refusal ? r->refusal_code : GW_ERR_INPUT,
                   "xml: %s (line %lu, column %lu)", what,
                   (unsigned long)XML_GetCurrentLineNumber(r->parser),
                   (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1);
}

bool gw_xml_parse(struct gw_view text, struct gw_arena *arena, struct gw_xml **root,
                  struct gw_err *err)
{
    static const XML_Memory_Handling_Suite memory = {gw_alloc, gw_realloc, free};
    if (text.len > GW_XML_MAX_BYTES) {
        return gw_fail(err, GW_ERR_LIMIT, "xml: %zu bytes, more than the %u allowed", text.len,
                       GW_XML_MAX_BYTES);
    }
    struct reader *r = gw_alloc(sizeof *r);
    r->arena = arena;
    r->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    const char *data = text.len > 0 ? text.data : "";
    bool parsed = XML_Parse(r->parser, data, (int)text.len, XML_TRUE) == XML_STATUS_OK;
    if (parsed) {
        *root = r->root;
    } else {
        fail_parse(r, err);
    }
    while (r->depth > 0) {
        gw_buf_clear(&r->frames[--r->depth].text);
    }
    XML_ParserFree(r->parser);
    free(r);
    return parsed;
}

const struct gw_xml *gw_xml_child(const struct gw_xml *parent, struct gw_view name)
{
    for (const struct gw_xml *child = parent->first_child; child; child = child->next) {
        if (gw_view_equal(child->name, name)) {
            return child;
        }
    }
    return NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static const char *escape_of(char c, bool in_attribute)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\r': /* a parser would turn it into a line feed */
        return "&#xD;";
    case '"':
        return in_attribute ? "&quot;" : NULL;
    case '\n':
        return in_attribute ? "&#xA;" : NULL;
    case '\t':
        return in_attribute ? "&#x9;" : NULL;
    default:
        return NULL;
    }
}

/* XML 1.0 has no way to write these, escaped or not. */
static bool is_unwritable(char c)
{
    return (unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

static bool write_escaped(struct gw_view text, bool in_attribute, struct gw_buf *out)
{
    size_t run = 0; /* start of what is copied as it is */
    for (size_t at = 0; at < text.len;) {
        size_t len = gw_utf8_sequence(text, at);
        const char *escape = escape_of(text.data[at], in_attribute);
        if (len == 0 || is_unwritable(text.data[at])) {
            escape = GW_UTF8_REPLACEMENT;
            len = 1;
        }
        if (escape) {
            gw_buf_add(out, gw_view_sub(text, run, at - run));
            gw_buf_add_text(out, escape);
            run = at + len;
        }
        at += len;
    }
    return gw_buf_add(out, gw_view_sub(text, run, text.len));
}

bool gw_xml_write_text(struct gw_view text, struct gw_buf *out)
{
    return write_escaped(text, false, out);
}

bool gw_xml_write_attribute(struct gw_view text, struct gw_buf *out)
{
    return write_escaped(text, true, out);
}
