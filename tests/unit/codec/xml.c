/* XML: the element tree, what is refused, and escaping. */
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The tree in short: name[attribute=value]{text}(children). */
static void describe(const struct gw_xml *element, struct gw_buf *out)
{
    gw_buf_add(out, element->name);
    for (size_t i = 0; i < element->attribute_count; i++) {
        gw_buf_addf(out, "[%.*s=%.*s]", GW_VIEW_ARGS(element->attributes[i].name),
                    GW_VIEW_ARGS(element->attributes[i].value));
    }
    if (element->text.len > 0) {
        gw_buf_addf(out, "{%.*s}", GW_VIEW_ARGS(element->text));
    }
    if (element->first_child) {
        gw_buf_add_char(out, '(');
        for (const struct gw_xml *child = element->first_child; child; child = child->next) {
            describe(child, out);
            gw_buf_add_text(out, child->next ? " " : "");
        }
        gw_buf_add_char(out, ')');
    }
}

static void assert_tree(const char *text, const char *expected)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_xml *root;
    struct gw_err err = {0};
    if (!gw_xml_parse(gw_view_of(text), arena, &root, &err)) {
        fail_msg("%s: %s", text, err.message);
    }
    struct gw_buf out;
    gw_buf_init(&out, 1 << 16);
    describe(root, &out);
    assert_string_equal(out.data, expected);
    gw_buf_clear(&out);
    gw_arena_free(arena);
}

static void assert_refused(struct gw_view text, enum gw_err_code code, const char *message)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_xml *root;
    struct gw_err err = {0};
    assert_false(gw_xml_parse(text, arena, &root, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, code);
    gw_arena_free(arena);
}

static void reads_elements_text_and_attributes(void **state)
{
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"<a/>", "a"},
        {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a><b>1</b><c/><b>2</b></a>",
         "a(b{1} c b{2})"},
        {"<a>one<b/>two</a>", "a{onetwo}(b)"},
        {"<a> in  side </a>", "a{ in  side }"},
        {"<a>&lt;&amp;&gt;&#65;&#x42;&quot;&apos;</a>", "a{<&>AB\"'}"},
        {"<a><!-- no --><![CDATA[<b>&amp;]]>x</a>", "a{<b>&amp;x}"},
        {"<n:a xmlns:n=\"u\" n:k=\"v\"><n:b n:type=\"t\">1</n:b></n:a>",
         "a[xmlns:n=u][n:k=v](b[n:type=t]{1})"},
        {"<a>\xc3\xa9</a>", "a{\xc3\xa9}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_tree(rows[i].text, rows[i].tree);
    }
}

static void finds_children_by_name(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_xml *root;
    (void)state;
    assert_true(gw_xml_parse(GW_VIEW("<a><b>1</b><b>2</b></a>"), arena, &root, NULL));
    assert_string_equal(gw_xml_child(root, GW_VIEW("b"))->text.data, "1");
    assert_null(gw_xml_child(root, GW_VIEW("c")));
    gw_arena_free(arena);
}

static void refuses_what_is_not_well_formed(void **state)
{
    (void)state;
    assert_refused(GW_VIEW(""), GW_ERR_INPUT, "xml: no element found (line 1, column 1)");
    assert_refused(GW_VIEW("{}"), GW_ERR_INPUT,
                   "xml: not well-formed (invalid token) (line 1, column 1)");
    assert_refused(GW_VIEW("<a>\n<b></a>"), GW_ERR_INPUT, "xml: mismatched tag (line 2, column 6)");
    assert_refused(GW_VIEW("<a><b>"), GW_ERR_INPUT, "xml: no element found (line 1, column 7)");
    assert_refused(GW_VIEW("<a/><b/>"), GW_ERR_INPUT,
                   "xml: junk after document element (line 1, column 5)");
    assert_refused(GW_VIEW("<a>&undefined;</a>"), GW_ERR_INPUT,
                   "xml: undefined entity (line 1, column 4)");
    assert_refused(GW_VIEW("<a>\0</a>"), GW_ERR_INPUT,
                   "xml: not well-formed (invalid token) (line 1, column 4)");
    assert_refused(GW_VIEW("<a>\xff</a>"), GW_ERR_INPUT,
                   "xml: not well-formed (invalid token) (line 1, column 4)");
}

static void refuses_declared_entities(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_xml *root;
    struct gw_err err = {0};
    (void)state;
    assert_false(gw_xml_parse(GW_VIEW("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
                                      "<a>&x;</a>"),
                              arena, &root, &err));
    assert_non_null(strstr(err.message, "xml: a document type declaration is not accepted"));
    gw_arena_free(arena);
}

static void refuses_depth_bombs(void **state)
{
    struct gw_buf text;
    (void)state;
    gw_buf_init(&text, 1 << 20);
    for (int i = 0; i < GW_XML_MAX_DEPTH; i++) {
        gw_buf_add_text(&text, "<a>");
    }
    assert_refused(gw_buf_view(&text), GW_ERR_INPUT, "xml: no element found (line 1, column 385)");
    for (int i = 0; i < 100000; i++) {
        gw_buf_add_text(&text, "<a>");
    }
    assert_refused(gw_buf_view(&text), GW_ERR_LIMIT, "xml: nested too deep (line 1, column 388)");
    gw_buf_clear(&text);
}

static void refuses_more_elements_than_memory_is_good_for(void **state)
{
    struct gw_buf text;
    (void)state;
    gw_buf_init(&text, GW_XML_MAX_BYTES);
    gw_buf_add_text(&text, "<a>");
    for (size_t i = 0; i < GW_XML_MAX_ITEMS; i++) {
        gw_buf_add_text(&text, "<b/>");
    }
    assert_refused(gw_buf_view(&text), GW_ERR_LIMIT,
                   "xml: too many elements (line 1, column 8388612)");
    gw_buf_clear(&text);
}

static void every_truncation_is_refused(void **state)
{
    static const char text[] = "<?xml version='1.0'?><a k=\"v\"><b>\xc3\xa9&amp;</b><![CDATA[x]]>"
                               "<!-- c --><n:c xmlns:n='u'/></a>";
    struct gw_arena *arena = gw_arena_new();
    struct gw_xml *root;
    struct gw_err err;
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *exact = gw_alloc(len); /* of that size, so that a sanitizer sees a read beyond */
        memcpy(exact, text, len);
        assert_false(gw_xml_parse((struct gw_view){exact, len}, arena, &root, &err));
        free(exact);
    }
    assert_true(gw_xml_parse(GW_VIEW(text), arena, &root, &err));
    gw_arena_free(arena);
}

static void escapes_text_and_attributes(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 1000);
    assert_true(gw_xml_write_text(GW_VIEW("a<b>&\"'\r\n\x01\xff\xc3\xa9"), &out));
    assert_string_equal(out.data, "a&lt;b&gt;&amp;\"'&#xD;\n\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9");
    gw_buf_reset(&out);
    assert_true(gw_xml_write_attribute(GW_VIEW("<\"\n\t'>"), &out));
    assert_string_equal(out.data, "&lt;&quot;&#xA;&#x9;'&gt;");
    gw_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_elements_text_and_attributes),
        cmocka_unit_test(finds_children_by_name),
        cmocka_unit_test(refuses_what_is_not_well_formed),
        cmocka_unit_test(refuses_declared_entities),
        cmocka_unit_test(refuses_depth_bombs),
        cmocka_unit_test(refuses_more_elements_than_memory_is_good_for),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(escapes_text_and_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
