/* Presigned URLs: what is in them, what must be sent along, what is refused. That they are right
 * down to the byte is shown beside botocore, in tests/interop. */
#include "unit/aws/player.h"

struct signed_request {
    struct gw_arena *arena;
    int calls;
    struct gw_view method, url, body;
    struct gw_headers headers;
    struct gw_err err;
};

static void on_presigned(void *ctx, const struct gw_http_request *req, const struct gw_err *err)
{
    struct signed_request *made = ctx;
    made->calls++;
    if (!req) {
        made->err = *err;
        return;
    }
    made->method = gw_arena_dup(made->arena, req->method);
    made->url = gw_arena_dup(made->arena, req->url);
    made->body = gw_arena_dup(made->arena, req->body);
    for (size_t i = 0; i < req->headers.count; i++) {
        gw_headers_add(made->arena, &made->headers, req->headers.items[i].name,
                       req->headers.items[i].value);
    }
}

static struct gw_presign *start_presign(struct fixture *f, const struct gw_operation *op,
                                        const char *input, int64_t expires_s,
                                        struct signed_request *made)
{
    struct gw_value value;
    *made = (struct signed_request){.arena = f->arena};
    assert_true(gw_json_parse(gw_view_of(input), f->arena, &value, NULL));
    struct gw_presign_request request = {
        .op = op, .input = &value, .expires_s = expires_s, .done = on_presigned, .ctx = made};
    struct gw_presign *presign = gw_presign_start(f->client, &request, &made->err);
    assert_int_equal(made->calls, 0); /* later, never from inside start */
    return presign;
}

static struct signed_request presign(struct fixture *f, const struct gw_operation *op,
                                     const char *input, int64_t expires_s)
{
    struct signed_request made;
    start_presign(f, op, input, expires_s, &made);
    run(f);
    assert_int_equal(f->player.sent_count, 0);
    return made;
}

static const char object[] = "{\"Bucket\":\"bucket\",\"Key\":\"a b\"}";

static void a_url_is_good_for_an_hour_unless_told_otherwise(void **state)
{
    struct fixture *f = *state;
    struct signed_request made = presign(f, find("s3", "get_object"), object, 0);
    assert_view(made.method, "GET");
    assert_true(gw_view_starts_with(
        made.url,
        GW_VIEW(
            "https://bucket.s3.eu-central-1.amazonaws.com/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIDEXAMPLE%2F20231114%2Feu-central-1%2Fs3%2Faws4_request"
            "&X-Amz-Date=20231114T221320Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=")));
    assert_int_equal(made.headers.count, 0);
    made = presign(f, find("s3", "get_object"), object, 604800);
    assert_int_not_equal(gw_view_find(made.url, GW_VIEW("&X-Amz-Expires=604800&")), GW_NPOS);
}

static void a_parameter_without_value_gets_an_empty_one(void **state)
{
    struct signed_request made = presign(*state, find("s3", "get_object_acl"), object, 0);
    assert_int_not_equal(gw_view_find(made.url, GW_VIEW("/a%20b?acl=&X-Amz-Algorithm=")), GW_NPOS);
}

static void a_form_moves_into_the_url(void **state)
{
    struct signed_request made = presign(*state, find("sts", "get_caller_identity"), "{}", 0);
    assert_view(made.method, "POST");
    assert_view(made.body, "");
    assert_int_equal(made.headers.count, 0);
    assert_int_not_equal(
        gw_view_find(made.url, GW_VIEW("/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-")),
        GW_NPOS);
}

static void another_body_must_be_sent_along_with_its_headers(void **state)
{
    struct signed_request made = presign(*state, find("ecs", "list_clusters"), "{}", 0);
    assert_view(made.body, "{}");
    assert_view(gw_headers_get(&made.headers, GW_VIEW("x-amz-target")),
                "AmazonEC2ContainerServiceV20141113.ListClusters");
    assert_int_not_equal(
        gw_view_find(made.url, GW_VIEW("SignedHeaders=content-type%3Bhost%3Bx-amz-target&")),
        GW_NPOS);
}

static void headers_of_the_call_are_signed_and_must_be_sent(void **state)
{
    struct signed_request made =
        presign(*state, find("s3", "put_object"),
                "{\"Bucket\":\"bucket\",\"Key\":\"k\",\"ContentType\":\"text/plain\"}", 0);
    assert_view(made.method, "PUT");
    assert_view(gw_headers_get(&made.headers, GW_VIEW("content-type")), "text/plain");
    assert_int_equal(gw_headers_get(&made.headers, GW_VIEW("x-amz-checksum-crc32")).len, 0);
    assert_int_not_equal(gw_view_find(made.url, GW_VIEW("SignedHeaders=content-type%3Bhost&")),
                         GW_NPOS);
}

static void what_makes_no_url_is_refused_at_once(void **state)
{
    static const struct {
        const char *service, *operation, *input;
        int64_t expires_s;
        const char *message;
    } rows[] = {
        {"s3", "get_object", object, 604801,
         "s3:GetObject: expires: expected 1 to 604800 seconds, got 604801"},
        {"s3", "get_object", object, -1,
         "s3:GetObject: expires: expected 1 to 604800 seconds, got -1"},
        {"s3", "get_object", "{\"Bucket\":\"bucket\"}", 0,
         "s3:GetObject: parameter 'Key': required, but not given"},
        {"sts", "assume_role_with_web_identity", "{}", 0,
         "sts:AssumeRoleWithWebIdentity: is not signed: everybody can make it without a url of "
         "ours"},
    };
    struct signed_request made;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_null(start_presign(*state, find(rows[i].service, rows[i].operation), rows[i].input,
                                  rows[i].expires_s, &made));
        assert_string_equal(made.err.message, rows[i].message);
    }
}

static void it_can_be_cancelled_while_it_waits(void **state)
{
    struct fixture *f = *state;
    struct signed_request made;
    gw_presign_cancel(start_presign(f, find("s3", "get_object"), object, 0, &made));
    run(f);
    assert_int_equal(made.calls, 0);
    gw_presign_cancel(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_url_is_good_for_an_hour_unless_told_otherwise),
        TEST(a_parameter_without_value_gets_an_empty_one),
        TEST(a_form_moves_into_the_url),
        TEST(another_body_must_be_sent_along_with_its_headers),
        TEST(headers_of_the_call_are_signed_and_must_be_sent),
        TEST(what_makes_no_url_is_refused_at_once),
        TEST(it_can_be_cancelled_while_it_waits),
    };
    forget_the_account();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
