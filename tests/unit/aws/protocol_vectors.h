/* What the protocol tests share: the published vectors, case by case, with the models they come
 * with. Parameters and results are JSON there: blobs as plain text, times as numbers, NaN and the
 * infinities as text. */
#ifndef GW_TEST_PROTOCOL_VECTORS_H
#define GW_TEST_PROTOCOL_VECTORS_H

#include "aws/aws.h"
#include "codec/codec.h"

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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the vectors ----------------------------------------------------------------------------- */

static struct gw_arena *vectors_arena;
static const struct gw_models *vectors_models;

struct vector {
    const char *file;
    const struct gw_service *service;
    const struct gw_operation *op;
    const struct gw_value *json; /* the case */
    const char *id;
};

static const char *const VECTOR_FILES[] = {"json", "json_1_0", "query",
                                           "json_1_0-query-compatible"};

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
    struct gw_view name = gw_arena_printf(vectors_arena, "%s-%s-%zu", file, direction, index);
    const struct gw_service *service = gw_models_find(vectors_models, name);
    const struct gw_value *cases = at(suite, "cases");
    assert_non_null(service);
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *json = &cases->as.list.items[i];
        const struct gw_operation *op =
            gw_service_find_operation(service, text_at(at(json, "given"), "name"));
        assert_non_null(op);
        struct vector vector = {file, service, op, json, text_at(json, "id").data};
        fn(&vector);
    }
}

/* Every case of the file, in order; `direction` is "input" or "output". */
static inline void each_vector(const char *file, const char *direction, vector_fn fn)
{
    struct gw_view path =
        gw_arena_printf(vectors_arena, "%s/protocols/%s/%s.json", GW_VECTORS, direction, file);
    struct gw_view text;
    struct gw_value suites;
    struct gw_err err = {0};
    assert_true(read_whole(path.data, &text));
    if (!gw_json_parse(text, vectors_arena, &suites, &err)) {
        fail_msg("%s: %s", path.data, err.message);
    }
    for (size_t i = 0; i < suites.as.list.count; i++) {
        each_of_suite(file, direction[0] == 'i' ? "in" : "out", i, &suites.as.list.items[i], fn);
    }
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

static inline bool same_map(const struct gw_value *actual, const struct gw_value *expected)
{
    bool same = actual->as.map.count == expected->as.map.count;
    for (size_t i = 0; same && i < actual->as.map.count; i++) {
        const struct gw_value *other = gw_map_get(expected, actual->as.map.entries[i].key);
        same = other && same_value(&actual->as.map.entries[i].value, other);
    }
    return same;
}

static inline bool same_value(const struct gw_value *actual, const struct gw_value *expected)
{
    if (actual->kind == GW_DOUBLE && expected->kind == GW_STRING) {
        return same_special(actual->as.number, expected->as.string);
    }
    if (actual->kind == GW_LIST && expected->kind == GW_LIST) {
        return same_list(actual, expected);
    }
    if (actual->kind == GW_MAP && expected->kind == GW_MAP) {
        return same_map(actual, expected);
    }
    return gw_value_equal(actual, expected);
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

/* Runs `fn` over all files, prints the count of each, and fails where one case failed. */
static inline void run_all(const char *direction, const char *claim, vector_fn fn)
{
    int failed = 0;
    if (!vectors_models) {
        skip();
    }
    for (size_t i = 0; i < COUNT(VECTOR_FILES); i++) {
        memset(&tally, 0, sizeof tally);
        each_vector(VECTOR_FILES[i], direction, fn);
        printf("%s, %s: %d of %d passed, %d not run\n", VECTOR_FILES[i], claim, tally.passed,
               tally.passed + tally.failed, tally.skipped);
        failed += tally.failed;
    }
    assert_int_equal(failed, 0);
}

/* Cases about the whole client, of which the protocol is only a part. NULL: not one of them. */
static inline const char *beyond_protocol(const struct vector *vector)
{
    if (strstr(vector->id, "ContentEncoding") || strstr(vector->id, "SDKAppendsGzip")) {
        return "request compression";
    }
    if (strstr(vector->id, "HostWithPath")) {
        return "the client joins the endpoint's path";
    }
    return NULL;
}

static inline void add_headers(struct gw_arena *arena, const struct gw_value *from,
                               struct gw_headers *headers)
{
    for (size_t i = 0; from && i < from->as.map.count; i++) {
        gw_headers_add(arena, headers, from->as.map.entries[i].key,
                       from->as.map.entries[i].value.as.string);
    }
}

/* The answer of an output case. */
static inline struct gw_http_response response_of(const struct vector *vector,
                                                  struct gw_arena *arena)
{
    const struct gw_value *response = at(vector->json, "response");
    struct gw_http_response res = {.status = (int)at(response, "status_code")->as.integer,
                                   .body = text_at(response, "body")};
    add_headers(arena, at(response, "headers"), &res.headers);
    return res;
}

#endif
