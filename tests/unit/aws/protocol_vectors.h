/* What the protocol tests share: the vectors, case by case, with the models they come with: all
 * files of the published suites, whatever their protocol, and our own of the same format, for what
 * those leave open (tests/vectors/protocols). Parameters and results are JSON there: blobs as plain
 * text, times as numbers, NaN and the infinities as text; CBOR bodies are base64. */
#ifndef GW_TEST_PROTOCOL_VECTORS_H
#define GW_TEST_PROTOCOL_VECTORS_H

#include "aws/aws.h"
#include "codec/codec.h"

#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifndef GW_PROTOCOL_TABLE
#define GW_PROTOCOL_TABLE "" /* not built */
#endif
#ifndef GW_OWN_VECTORS
#define GW_OWN_VECTORS ""
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the vectors ----------------------------------------------------------------------------- */

static struct gw_arena *vectors_arena;
static const struct gw_models *vectors_models;

struct vector {
    const char *file;
    const struct gw_service *service;
    const struct gw_operation *op;
    const struct gw_value *json; /* the case */
    const struct gw_value *suite;
    const char *id;
};

static inline bool read_whole(const char *path, struct gw_view *out)
{
    FILE *file = fopen(path, "rb");
    struct gw_buf text;
    char block[4096];
    size_t len;
    if (!file) {
        return false;
    }
    gw_buf_init(&text, 8 << 20);
    while ((len = fread(block, 1, sizeof block, file)) > 0) {
        gw_buf_add(&text, (struct gw_view){block, len});
    }
    fclose(file);
    *out = gw_arena_dup(vectors_arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return true;
}

/* Group set-up. Without the vectors or their table the tests that need them skip. */
static inline int open_vectors(void **state)
{
    struct gw_view table;
    struct gw_err err = {0};
    (void)state;
    vectors_arena = gw_arena_new();
    if (!read_whole(GW_PROTOCOL_TABLE, &table)) {
        printf("no table of the protocol vectors ('%s'): their tests are skipped\n",
               GW_PROTOCOL_TABLE);
        return 0;
    }
    vectors_models = gw_models_open(table, &err);
    if (!vectors_models) {
        printf("%s\n", err.message);
        return -1;
    }
    return 0;
}

static inline int close_vectors(void **state)
{
    (void)state;
    gw_arena_free(vectors_arena);
    return 0;
}

static inline const struct gw_value *at(const struct gw_value *map, const char *key)
{
    return gw_map_get(map, gw_view_of(key));
}

static struct gw_view text_at(const struct gw_value *map, const char *key)
{
    return gw_map_text(map, gw_view_of(key));
}

typedef void (*vector_fn)(const struct vector *vector);

static inline void each_of_suite(const char *file, const char *direction, size_t index,
                                 const struct gw_value *suite, vector_fn fn)
{
    const struct gw_value *cases = at(suite, "cases");
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *json = &cases->as.list.items[i];
        struct gw_view name =
            gw_arena_printf(vectors_arena, "%s-%s-%zu-%zu", file, direction, index, i);
        const struct gw_service *service = gw_models_find(vectors_models, name);
        assert_non_null(service);
        struct gw_view id = text_at(json, "id");
        struct vector vector = {file, service, gw_service_operation(service, 0),
                                json, suite,   id.len > 0 ? id.data : name.data};
        assert_non_null(vector.op);
        fn(&vector);
    }
}

/* Every case of the file, in order. */
static inline void each_vector(const char *path, const char *file, const char *direction,
                               vector_fn fn)
{
    struct gw_view text;
    struct gw_value suites;
    struct gw_err err = {0};
    assert_true(read_whole(path, &text));
    if (!gw_json_parse(text, vectors_arena, &suites, &err)) {
        fail_msg("%s: %s", path, err.message);
    }
    for (size_t i = 0; i < suites.as.list.count; i++) {
        each_of_suite(file, direction[0] == 'i' ? "in" : "out", i, &suites.as.list.items[i], fn);
    }
}

static inline bool is_protocol(const struct vector *vector, enum gw_protocol protocol)
{
    return gw_service_protocol(vector->service) == protocol;
}

static inline bool is_rest(const struct vector *vector)
{
    return is_protocol(vector, GW_PROTOCOL_REST_JSON) || is_protocol(vector, GW_PROTOCOL_REST_XML);
}

static inline bool is_form(const struct vector *vector)
{
    return is_protocol(vector, GW_PROTOCOL_QUERY) || is_protocol(vector, GW_PROTOCOL_EC2);
}

/* Is the answer an event stream? */
static inline bool is_stream(const struct vector *vector)
{
    return gw_event_stream_member(gw_operation_output(vector->op)) != NULL;
}

/* A body as it goes over the wire. */
static inline struct gw_view body_of(const struct vector *vector, const struct gw_value *message,
                                     struct gw_arena *arena)
{
    struct gw_view body = text_at(message, "body");
    if (is_protocol(vector, GW_PROTOCOL_CBOR) || is_stream(vector)) {
        assert_true(gw_base64_read(body, arena, &body));
    }
    return body;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static inline bool same_special(double number, struct gw_view text)
{
    return (isnan(number) && gw_view_equal(text, GW_VIEW("NaN"))) ||
           (isinf(number) &&
            gw_view_equal(text, number < 0 ? GW_VIEW("-Infinity") : GW_VIEW("Infinity")));
}

static inline bool same_value(const struct gw_value *actual, const struct gw_value *expected);

static inline bool same_list(const struct gw_value *actual, const struct gw_value *expected)
{
    bool same = actual->as.list.count == expected->as.list.count;
    for (size_t i = 0; same && i < actual->as.list.count; i++) {
        same = same_value(&actual->as.list.items[i], &expected->as.list.items[i]);
    }
    return same;
}

/* Names of headers, which may be keys of a result, have no case. */
static bool keys_have_case = true;

static inline const struct gw_value *other_entry(const struct gw_value *map, struct gw_view key)
{
    const struct gw_value *other = gw_map_get(map, key);
    for (size_t i = 0; !other && !keys_have_case && i < map->as.map.count; i++) {
        if (gw_view_equal_nocase(map->as.map.entries[i].key, key)) {
            other = &map->as.map.entries[i].value;
        }
    }
    return other;
}

static inline bool same_map(const struct gw_value *actual, const struct gw_value *expected)
{
    bool same = actual->as.map.count == expected->as.map.count;
    for (size_t i = 0; same && i < actual->as.map.count; i++) {
        const struct gw_value *other = other_entry(expected, actual->as.map.entries[i].key);
        same = other && same_value(&actual->as.map.entries[i].value, other);
    }
    return same;
}

static inline bool same_value(const struct gw_value *actual, const struct gw_value *expected)
{
    if (actual->kind == GW_DOUBLE && expected->kind == GW_STRING) {
        return same_special(actual->as.number, expected->as.string);
    }
    if (actual->kind == GW_DOUBLE && expected->kind == GW_DOUBLE && isnan(actual->as.number)) {
        return isnan(expected->as.number);
    }
    if (actual->kind == GW_LIST && expected->kind == GW_LIST) {
        return same_list(actual, expected);
    }
    if (actual->kind == GW_MAP && expected->kind == GW_MAP) {
        return same_map(actual, expected);
    }
    return gw_value_equal(actual, expected);
}

/* The tree in short: without the white space between elements. */
static inline void describe_xml(const struct gw_xml *element, struct gw_buf *out)
{
    gw_buf_addf(out, "<%.*s", GW_VIEW_ARGS(element->name));
    for (size_t i = 0; i < element->attribute_count; i++) {
        gw_buf_addf(out, " %.*s=\"%.*s\"", GW_VIEW_ARGS(element->attributes[i].name),
                    GW_VIEW_ARGS(element->attributes[i].value));
    }
    gw_buf_add_char(out, '>');
    for (const struct gw_xml *child = element->first_child; child; child = child->next) {
        describe_xml(child, out);
    }
    if (!element->first_child) {
        gw_buf_add(out, gw_view_trim(element->text));
    }
    gw_buf_add_text(out, "</>");
}

static inline struct gw_view xml_text(struct gw_view body, struct gw_arena *arena)
{
    struct gw_xml *root;
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    if (gw_xml_parse(body, arena, &root, NULL)) {
        describe_xml(root, &out);
    }
    struct gw_view text = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return text;
}

static inline bool same_json(struct gw_view a, struct gw_view b, struct gw_arena *arena)
{
    struct gw_value left, right;
    return gw_json_parse(a, arena, &left, NULL) && gw_json_parse(b, arena, &right, NULL) &&
           same_value(&left, &right);
}

static inline bool same_cbor(struct gw_view a, struct gw_view b, struct gw_arena *arena)
{
    struct gw_value left, right;
    return gw_cbor_parse(a, arena, &left, NULL) && gw_cbor_parse(b, arena, &right, NULL) &&
           same_value(&left, &right);
}

static inline const char *show(const struct gw_value *value)
{
    struct gw_json_options options = {.reveal_secrets = true};
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_json_write(value, &options, &out);
    const char *text = gw_arena_dup(vectors_arena, gw_buf_view(&out)).data;
    gw_buf_clear(&out);
    return text;
}

/* ---- counting -------------------------------------------------------------------------------- */

static struct {
    int passed, failed, skipped;
} tally;

static inline void expect(const struct vector *vector, bool passed, const char *what,
                          const char *actual)
{
    if (passed) {
        tally.passed++;
    } else {
        tally.failed++;
        printf("FAILED %s %s: %s: %s\n", vector->file, vector->id, what, actual);
    }
}

static inline void skip_vector(const struct vector *vector, const char *why)
{
    tally.skipped++;
    printf("not run: %s %s: %s\n", vector->file, vector->id, why);
}

/* Runs `fn` over one file and prints the count; returns how many cases failed. */
static inline int run_file(const char *path, const char *direction, const char *claim, vector_fn fn)
{
    struct gw_view name = gw_view_of(strrchr(path, '/') + 1);
    const char *file =
        gw_arena_dup(vectors_arena, gw_view_sub(name, 0, name.len - strlen(".json"))).data;
    memset(&tally, 0, sizeof tally);
    each_vector(path, file, direction, fn);
    printf("%s, %s: %d of %d passed, %d not run\n", file, claim, tally.passed,
           tally.passed + tally.failed, tally.skipped);
    return tally.failed;
}

static inline int run_folder(const char *folder, const char *direction, const char *claim,
                             vector_fn fn)
{
    int failed = 0;
    glob_t found = {0};
    struct gw_view pattern =
        gw_arena_printf(vectors_arena, "%s/protocols/%s/*.json", folder, direction);
    if (glob(pattern.data, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            failed += run_file(found.gl_pathv[i], direction, claim, fn);
        }
    }
    globfree(&found);
    return failed;
}

/* Over all files; fails where one case failed. */
static inline void run_all(const char *direction, const char *claim, vector_fn fn)
{
    if (!vectors_models) {
        skip();
    }
    int failed = run_folder(GW_VECTORS, direction, claim, fn);
    assert_int_equal(failed + run_folder(GW_OWN_VECTORS, direction, claim, fn), 0);
}

/* Cases about the whole client, which protocol_client.c runs. NULL: not one of them. */
static inline const char *beyond_protocol(const struct vector *vector)
{
    if (strstr(vector->id, "ContentEncoding") || strstr(vector->id, "SDKAppendsGzip")) {
        return "request compression";
    }
    if (strstr(vector->id, "HttpChecksumRequired")) {
        return "the client adds checksums";
    }
    return NULL;
}

/* An older vector keeps nulls where newer ones, and smithy, drop them. */
static inline bool keeps_nulls(const struct vector *vector)
{
    return gw_view_equal(text_at(vector->suite, "description"), GW_VIEW("Lists")) &&
           !text_at(vector->json, "id").data &&
           gw_view_find(text_at(at(vector->json, "response"), "body"), GW_VIEW("null")) != GW_NPOS;
}

static inline void add_headers(struct gw_arena *arena, const struct gw_value *from,
                               struct gw_headers *headers)
{
    for (size_t i = 0; from && i < from->as.map.count; i++) {
        gw_headers_add(arena, headers, from->as.map.entries[i].key,
                       from->as.map.entries[i].value.as.string);
    }
}

/* ---- requests -------------------------------------------------------------------------------- */

static inline const struct gw_value *params_of(const struct vector *vector)
{
    static const struct gw_value none = {.kind = GW_MAP};
    const struct gw_value *params = at(vector->json, "params");
    return params ? params : &none;
}

static inline int compare_parts(const void *left, const void *right)
{
    const struct gw_view *a = left, *b = right;
    return gw_view_compare(*a, *b);
}

/* The parts between the '&', in order of their bytes. */
static inline size_t sorted_parts(struct gw_view query, struct gw_view *parts, size_t room)
{
    size_t count = 0;
    while (query.len > 0 && count < room && gw_view_next(&query, '&', &parts[count])) {
        count++;
    }
    qsort(parts, count, sizeof *parts, compare_parts);
    return count;
}

static inline bool same_url(struct gw_view a, struct gw_view b)
{
    struct gw_view left[64], right[64];
    size_t a_path = gw_view_find_char(a, '?'), b_path = gw_view_find_char(b, '?');
    a_path = a_path < a.len ? a_path : a.len;
    b_path = b_path < b.len ? b_path : b.len;
    size_t count = sorted_parts(gw_view_sub(a, a_path + 1, a.len), left, COUNT(left));
    bool same = gw_view_equal(gw_view_sub(a, 0, a_path), gw_view_sub(b, 0, b_path)) &&
                count == sorted_parts(gw_view_sub(b, b_path + 1, b.len), right, COUNT(right));
    for (size_t i = 0; same && i < count; i++) {
        same = gw_view_equal(left[i], right[i]);
    }
    return same;
}

/* Blanks behind commas mean nothing. */
static inline bool same_header(struct gw_view a, struct gw_view b)
{
    while (a.len > 0 && b.len > 0 && a.data[0] == b.data[0]) {
        bool comma = a.data[0] == ',';
        do {
            a = gw_view_sub(a, 1, a.len);
        } while (comma && a.len > 0 && a.data[0] == ' ');
        do {
            b = gw_view_sub(b, 1, b.len);
        } while (comma && b.len > 0 && b.data[0] == ' ');
    }
    return a.len == 0 && b.len == 0;
}

/* Older vectors of forms name the character set, newer do not. */
static inline struct gw_view without_charset(struct gw_view content_type)
{
    return gw_view_sub(content_type, 0, gw_view_find_char(content_type, ';'));
}

static inline bool has_header(const struct gw_headers *headers, const struct gw_entry *expected)
{
    struct gw_view text = gw_headers_get(headers, expected->key);
    if (gw_view_starts_with(text, GW_VIEW("application/x-www-form-urlencoded"))) {
        return gw_view_equal(without_charset(text), without_charset(expected->value.as.string));
    }
    return same_header(text, expected->value.as.string);
}

static inline bool same_headers(const struct gw_value *serialized, const struct gw_headers *headers)
{
    const struct gw_value *expected = at(serialized, "headers");
    const struct gw_value *forbidden = at(serialized, "forbidHeaders");
    bool same = true;
    for (size_t i = 0; expected && i < expected->as.map.count; i++) {
        same = same && has_header(headers, &expected->as.map.entries[i]);
    }
    for (size_t i = 0; forbidden && i < forbidden->as.list.count; i++) {
        same = same && !gw_headers_get(headers, forbidden->as.list.items[i].as.string).data;
    }
    return same;
}

static inline bool has_raw_payload(const struct gw_shape *shape)
{
    const struct gw_member *payload = shape ? gw_shape_payload(shape) : NULL;
    enum gw_shape_type type = payload ? gw_shape_type(gw_member_shape(payload)) : GW_SHAPE_MAP;
    return type == GW_SHAPE_BLOB || type == GW_SHAPE_STRING;
}

static inline bool same_body(const struct vector *vector, const struct gw_shape *shape,
                             struct gw_view body, struct gw_view expected, struct gw_arena *arena)
{
    if (gw_view_equal(body, expected)) {
        return true;
    }
    switch (gw_service_protocol(vector->service)) {
    case GW_PROTOCOL_JSON:
        return same_json(body, expected, arena);
    case GW_PROTOCOL_CBOR:
        return same_cbor(body, expected, arena);
    case GW_PROTOCOL_REST_JSON:
        return !has_raw_payload(shape) && same_json(body, expected, arena);
    case GW_PROTOCOL_REST_XML:
        return !has_raw_payload(shape) && expected.len > 0 &&
               gw_view_equal(xml_text(body, arena), xml_text(expected, arena));
    default:
        return false;
    }
}

/* What is not as the case has it; NULL: nothing. */
static inline const char *compare_request(const struct vector *vector,
                                          const struct gw_http_request *req, struct gw_arena *arena)
{
    const struct gw_value *serialized = at(vector->json, "serialized");
    const struct gw_value *body = at(serialized, "body");
    struct gw_view uri = text_at(serialized, "uri");
    /* a path of the endpoint is the client's to put before ours */
    if (strstr(vector->id, "HostWithPath") && gw_view_starts_with(uri, GW_VIEW("/custom"))) {
        uri = gw_view_sub(uri, strlen("/custom"), uri.len);
    }
    if (at(serialized, "method") && !gw_view_equal(req->method, text_at(serialized, "method"))) {
        return "method";
    }
    if (!same_url(req->url, uri)) {
        return "url";
    }
    if (!same_headers(serialized, &req->headers)) {
        return "headers";
    }
    return !body || same_body(vector, gw_operation_input(vector->op), req->body,
                              body_of(vector, serialized, arena), arena)
               ? NULL
               : "body";
}

/* The answer of an output case. */
static inline struct gw_http_response response_of(const struct vector *vector,
                                                  struct gw_arena *arena)
{
    const struct gw_value *response = at(vector->json, "response");
    struct gw_http_response res = {.status = (int)at(response, "status_code")->as.integer,
                                   .body = body_of(vector, response, arena)};
    add_headers(arena, at(response, "headers"), &res.headers);
    return res;
}

#endif
