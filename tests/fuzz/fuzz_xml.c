/* fuzz: XML. Text and attributes that were read can be escaped and read back the same. */
#include "codec/codec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct gw_xml *element, struct gw_arena *arena)
{
    struct gw_buf out;
    struct gw_xml *again;
    struct gw_err err;
    gw_buf_init(&out, GW_XML_MAX_BYTES);
    gw_buf_add_text(&out, "<a>");
    gw_xml_write_text(element->text, &out);
    gw_buf_add_text(&out, "</a>");
    if (!gw_xml_parse(gw_buf_view(&out), arena, &again, &err) ||
        !gw_view_equal(again->text, element->text)) {
        abort();
    }
    gw_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_xml *root;
    struct gw_err err;
    if (gw_xml_parse((struct gw_view){(const char *)data, size}, arena, &root, &err)) {
        check_text(root, arena);
        for (const struct gw_xml *child = root->first_child; child; child = child->next) {
            check_text(child, arena);
        }
    }
    gw_arena_free(arena);
    return 0;
}
