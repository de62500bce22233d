/* The wire protocols under damage: bodies cut off at each byte, and with bytes changed at random
 * from a fixed seed. Whatever comes, the answer is one of three and nothing is read out of bounds;
 * the latter is for the sanitizers to see. */
#include "protocol_vectors.h"

#define FLIPS_A_BODY 200

static uint64_t seed;

static uint32_t random_u32(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* A body in a block of exactly its size. */
static struct gw_view exact(struct gw_view body, size_t len)
{
    char *copy = gw_alloc(len);
    if (len > 0) {
        memcpy(copy, body.data, len);
    }
    return (struct gw_view){copy, len};
}

static void damage(struct gw_view body)
{
    char *bytes = (char *)body.data;
    for (size_t i = 0; i < 1 + random_u32() % 3; i++) {
        bytes[random_u32() % body.len] = (char)random_u32();
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void read_damaged_response(const struct vector *vector, struct gw_view body)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_response res = response_of(vector, arena);
    struct gw_value output = {0};
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    res.body = body;
    switch (gw_protocol_read_response(vector->op, &res, arena, &output, &error, &err)) {
    case GW_ANSWER_OK:
        assert_int_equal(output.kind, GW_MAP);
        break;
    case GW_ANSWER_AWS_ERROR:
        assert_true(error.code.len > 0);
        break;
    case GW_ANSWER_GARBAGE:
        assert_int_equal(err.code, GW_ERR_PROTOCOL);
        assert_true(strlen(err.message) > 0);
        break;
    }
    gw_arena_free(arena);
}

static void damage_one_response(const struct vector *vector)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view body = body_of(vector, at(vector->json, "response"), arena);
    for (size_t len = 0; len <= body.len; len++) {
        struct gw_view cut = exact(body, len);
        read_damaged_response(vector, cut);
        free((char *)cut.data);
    }
    for (size_t i = 0; body.len > 0 && i < FLIPS_A_BODY; i++) {
        struct gw_view changed = exact(body, body.len);
        damage(changed);
        read_damaged_response(vector, changed);
        free((char *)changed.data);
    }
    gw_arena_free(arena);
    tally.passed++;
}

static void damaged_answers_are_told_apart(void **state)
{
    (void)state;
    seed = 1;
    run_all("output", "answers damaged", damage_one_response);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void read_damaged_request(const struct vector *vector, struct gw_view body)
{
    const struct gw_value *serialized = at(vector->json, "serialized");
    struct gw_arena *arena = gw_arena_new();
    struct gw_view method = text_at(serialized, "method");
    struct gw_http_request req = {.method = method.len > 0 ? method : GW_VIEW("POST"),
                                  .url = text_at(serialized, "uri"),
                                  .body = body};
    const struct gw_operation *op;
    struct gw_value input;
    struct gw_err err = {0};
    add_headers(arena, at(serialized, "headers"), &req.headers);
    if (gw_protocol_read_request(vector->service, &req, arena, &op, &input, &err)) {
        assert_non_null(op);
        assert_int_equal(input.kind, GW_MAP);
    } else {
        assert_true(err.code == GW_ERR_INPUT || err.code == GW_ERR_NOT_FOUND);
        assert_true(strlen(err.message) > 0);
    }
    gw_arena_free(arena);
}

static void damage_one_request(const struct vector *vector)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view body = body_of(vector, at(vector->json, "serialized"), arena);
    for (size_t len = 0; len <= body.len; len++) {
        struct gw_view cut = exact(body, len);
        read_damaged_request(vector, cut);
        free((char *)cut.data);
    }
    for (size_t i = 0; body.len > 0 && i < FLIPS_A_BODY; i++) {
        struct gw_view changed = exact(body, body.len);
        damage(changed);
        read_damaged_request(vector, changed);
        free((char *)changed.data);
    }
    gw_arena_free(arena);
    tally.passed++;
}

static void damaged_requests_are_read_or_refused(void **state)
{
    (void)state;
    seed = 2;
    run_all("input", "requests damaged", damage_one_request);
}

/* ---- depth ----------------------------------------------------------------------------------- */

static const struct gw_operation *operation(const char *service, const char *name)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(service));
    assert_non_null(found);
    const struct gw_operation *op = gw_service_find_operation(found, gw_view_of(name));
    assert_non_null(op);
    return op;
}

/* An attribute value of DynamoDB may hold attribute values. */
static void recursion_ends_at_a_limit(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_buf body;
    struct gw_value output;
    struct gw_aws_error error;
    struct gw_err err = {0};
    (void)state;
    gw_buf_init(&body, 1 << 20);
    gw_buf_add_text(&body, "{\"Item\":{\"a\":");
    for (int i = 0; i < 70; i++) {
        gw_buf_add_text(&body, "{\"L\":[");
    }
    for (int i = 0; i < 70; i++) {
        gw_buf_add_text(&body, "]}");
    }
    gw_buf_add_text(&body, "}}");
    struct gw_http_response res = {.status = 200, .body = gw_buf_view(&body)};
    assert_int_equal(gw_protocol_read_response(operation("dynamodb", "GetItem"), &res, arena,
                                               &output, &error, &err),
                     GW_ANSWER_GARBAGE);
    assert_non_null(strstr(err.message, "nested deeper than 128 levels"));
    gw_buf_clear(&body);
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_answers_are_told_apart),
        cmocka_unit_test(damaged_requests_are_read_or_refused),
        cmocka_unit_test(recursion_ends_at_a_limit),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
