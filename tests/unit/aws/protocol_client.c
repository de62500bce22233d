/* The vectors that need more of the client than the protocol: where a request goes, with an endpoint
 * that has a path, or an operation that has a host of its own; compression and checksums. */
#include "unit/aws/player.h"
#include "unit/aws/protocol_vectors.h"

static void go_to_endpoint(struct fixture *f, struct gw_view url)
{
    static const struct answer script[] = {{.status = 200, .body = ""}};
    play(f, script, 1);
    f->options.settings.endpoint_url = url;
    renew_client(f);
}

/* "foo.example.com" and "/path" in one; the vector's host may have the endpoint's path behind it. */
static struct gw_view expected_url(const struct vector *vector, struct gw_arena *arena)
{
    const struct gw_value *serialized = at(vector->json, "serialized");
    struct gw_view host = text_at(serialized, "host");
    return gw_arena_printf(arena, "https://%.*s%.*s",
                           GW_VIEW_ARGS(gw_view_sub(host, 0, gw_view_find_char(host, '/'))),
                           GW_VIEW_ARGS(text_at(serialized, "uri")));
}

static void ignore_result(void *ctx, const struct gw_call_result *result)
{
    (void)ctx;
    (void)result;
}

/* Sends the vector's request; the caller tears the fixture down. NULL: it was refused. */
static struct fixture *send(const struct vector *vector, void **state)
{
    struct gw_err err = {0};
    struct gw_call_request request = {
        .op = vector->op, .input = params_of(vector), .done = ignore_result};
    set_up(state);
    struct fixture *f = *state;
    f->options.settings.min_compression_bytes = 10240; /* the default of the setting */
    struct gw_view endpoint = text_at(vector->suite, "clientEndpoint");
    go_to_endpoint(f, endpoint.len > 0 ? endpoint : GW_VIEW("https://example.com"));
    if (!gw_call_start(f->client, &request, &err)) {
        expect(vector, false, "refused", err.message);
        return NULL;
    }
    run(f);
    return f;
}

static void check_url(const struct vector *vector)
{
    void *state = NULL;
    if (text_at(at(vector->json, "serialized"), "host").len == 0) {
        return;
    }
    struct fixture *f = send(vector, &state);
    if (f) {
        struct gw_view url = f->player.sent[0].url;
        expect(vector, gw_view_equal(url, expected_url(vector, f->arena)), "url", url.data);
    }
    tear_down(&state);
}

/* Compression and checksums: the vectors tell the headers, and leave the bytes to the client. */
static void check_what_the_client_adds(const struct vector *vector)
{
    void *state = NULL;
    if (!beyond_protocol(vector)) {
        return;
    }
    struct fixture *f = send(vector, &state);
    if (f) {
        const struct gw_headers *headers = &f->player.sent[0].headers;
        expect(vector, same_headers(at(vector->json, "serialized"), headers), "headers", "other");
    }
    tear_down(&state);
}

static void requests_go_where_the_vectors_say(void **state)
{
    (void)state;
    run_all("input", "requests sent", check_url);
}

static void requests_carry_what_the_client_adds(void **state)
{
    (void)state;
    run_all("input", "requests completed", check_what_the_client_adds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_go_where_the_vectors_say),
        cmocka_unit_test(requests_carry_what_the_client_adds),
    };
    forget_the_account();
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
