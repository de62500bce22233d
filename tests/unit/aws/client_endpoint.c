/* Where the client's calls go: S3's buckets by host name and by path, their keys untouched; buckets
 * of other regions; the caller's account in the host name. */
#include "unit/aws/player.h"

static bool is_signed_for(const struct sent *sent, const char *region)
{
    char scope[64];
    snprintf(scope, sizeof scope, "/%s/s3/aws4_request", region);
    struct gw_view authorization = gw_headers_get(&sent->headers, GW_VIEW("authorization"));
    return gw_view_find(authorization, gw_view_of(scope)) != GW_NPOS;
}

static struct outcome get_object(struct fixture *f, const char *bucket, const char *key)
{
    struct gw_value input = gw_value_map();
    struct gw_buf text;
    gw_buf_init(&text, 4096);
    *gw_map_add(f->arena, &input, GW_VIEW("Bucket")) = gw_value_text(bucket);
    *gw_map_add(f->arena, &input, GW_VIEW("Key")) = gw_value_text(key);
    gw_json_write(&input, &(struct gw_json_options){0}, &text);
    struct outcome outcome = call(f, find("s3", "get_object"), text.data);
    gw_buf_clear(&text);
    return outcome;
}

/* ---- S3's addresses -------------------------------------------------------------------------- */

#define HOST "https://bucket.s3.eu-central-1.amazonaws.com"

static void keys_reach_s3_as_they_are(void **state)
{
    static const char *const rows[][2] = {
        {"key", HOST "/key"},
        {"a/b", HOST "/a/b"},
        {"/leading", HOST "//leading"},
        {"a//b", HOST "/a//b"},
        {"./a", HOST "/./a"},
        {"../a", HOST "/../a"},
        {"a/../b", HOST "/a/../b"},
        {".", HOST "/."},
        {"..", HOST "/.."},
        {"end/", HOST "/end/"},
        {"a b+c", HOST "/a%20b%2Bc"},
        {"100%", HOST "/100%25"},
        {"%2F", HOST "/%252F"},
        {"q?x=1&y#z", HOST "/q%3Fx%3D1%26y%23z"},
        {"~-_.", HOST "/~-_."},
        {"\xc3\xa9", HOST "/%C3%A9"},
        {"bucket/key", HOST "/bucket/key"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        PLAY(f, {.status = 200, .body = ""});
        get_object(f, "bucket", rows[i][0]);
        assert_view(f->player.sent[0].url, rows[i][1]);
    }
}

static void a_bucket_is_a_host_name_where_it_can_be_one(void **state)
{
    static const char *const rows[][2] = {
        {"bucket", HOST "/k"},
        {"with.dots", "https://s3.eu-central-1.amazonaws.com/with.dots/k"},
        {"Capital", "https://s3.eu-central-1.amazonaws.com/Capital/k"},
        {"arn:aws:s3:us-west-2:123456789012:accesspoint:point",
         "https://point-123456789012.s3-accesspoint.us-west-2.amazonaws.com/k"},
        {"arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/banner",
         "https://banner-123456789012.s3-object-lambda.us-east-1.amazonaws.com/k"},
        {"arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:accesspoint:rep",
         "https://rep-123456789012.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com/k"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        PLAY(f, {.status = 200, .body = ""});
        get_object(f, rows[i][0], "k");
        assert_view(f->player.sent[0].url, rows[i][1]);
    }
}

static void a_bucket_alone_is_the_top_of_its_host(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<ListBucketResult/>"});
    call(f, find("s3", "list_objects_v2"), "{\"Bucket\":\"bucket\",\"Prefix\":\"a/\"}");
    assert_true(gw_view_starts_with(f->player.sent[0].url, GW_VIEW(HOST "/?list-type=2")));
    f->options.settings.s3.addressing = GW_ADDRESSING_PATH;
    renew_client(f);
    call(f, find("s3", "list_objects_v2"), "{\"Bucket\":\"bucket\",\"Prefix\":\"a/\"}");
    assert_true(
        gw_view_starts_with(f->player.sent[1].url,
                            GW_VIEW("https://s3.eu-central-1.amazonaws.com/bucket?list-type=2")));
}

static void a_custom_endpoint_takes_buckets_by_path_unless_told(void **state)
{
    struct fixture *f = *state;
    f->options.settings.endpoint_url = GW_VIEW("http://localhost:9000");
    renew_client(f);
    PLAY(f, {.status = 200, .body = ""});
    get_object(f, "bucket", "k");
    assert_view(f->player.sent[0].url, "http://localhost:9000/bucket/k");
    f->options.settings.s3.addressing = GW_ADDRESSING_VIRTUAL;
    renew_client(f);
    get_object(f, "bucket", "k");
    assert_view(f->player.sent[1].url, "http://bucket.localhost:9000/k");
}

static void what_we_cannot_sign_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap",
         "s3:GetObject: endpoint of s3: it wants to be signed for many regions at once (sigv4a), "
         "which is not supported; name a resource of one region"},
        {"bucket--usw2-az1--x-s3",
         "s3:GetObject: endpoint of s3: it wants an S3 Express session, which is not supported; "
         "set s3_disable_express_session_auth = true to sign every request instead"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_value input = gw_value_map();
        struct gw_err err = {0};
        *gw_map_add(f->arena, &input, GW_VIEW("Bucket")) = gw_value_text(rows[i][0]);
        *gw_map_add(f->arena, &input, GW_VIEW("Key")) = gw_value_text("k");
        struct gw_call_request request = {
            .op = find("s3", "get_object"), .input = &input, .done = on_done};
        assert_null(gw_call_start(f->client, &request, &err));
        assert_string_equal(err.message, rows[i][1]);
    }
}

/* ---- buckets of other regions ---------------------------------------------------------------- */

static void a_redirect_is_followed_and_remembered(void **state)
{
    struct fixture *f = *state;
    PLAY(f,
         {.status = 301,
          .headers = {{"x-amz-bucket-region", "us-west-2"}},
          .body = "<Error><Code>PermanentRedirect</Code><Message>Elsewhere</Message></Error>"},
         {.status = 200, .body = ""});
    struct outcome outcome = get_object(f, "bucket", "k");
    assert_int_equal(outcome.attempts, 2);
    assert_false(outcome.failed);
    assert_view(f->player.sent[0].url, HOST "/k");
    assert_true(is_signed_for(&f->player.sent[0], "eu-central-1"));
    assert_view(f->player.sent[1].url, "https://bucket.s3.us-west-2.amazonaws.com/k");
    assert_true(is_signed_for(&f->player.sent[1], "us-west-2"));

    get_object(f, "bucket", "l");
    assert_view(f->player.sent[2].url, "https://bucket.s3.us-west-2.amazonaws.com/l");
    get_object(f, "other", "k");
    assert_view(f->player.sent[3].url, "https://other.s3.eu-central-1.amazonaws.com/k");
}

static void a_wrong_region_in_the_signature_is_corrected(void **state)
{
    struct fixture *f = *state;
    f->options.settings.endpoint_url = GW_VIEW("http://localhost:9000");
    renew_client(f);
    PLAY(f,
         {.status = 400,
          .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>"
                  "<Region>ap-south-1</Region></Error>"},
         {.status = 200, .body = ""});
    assert_int_equal(get_object(f, "bucket", "k").attempts, 2);
    assert_view(f->player.sent[1].url, "http://localhost:9000/bucket/k");
    assert_true(is_signed_for(&f->player.sent[1], "ap-south-1"));
}

static void a_head_tells_the_region_in_a_header_only(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400, .headers = {{"x-amz-bucket-region", "us-west-2"}}, .body = ""},
         {.status = 200, .body = ""});
    struct outcome outcome = call(f, find("s3", "head_bucket"), "{\"Bucket\":\"bucket\"}");
    assert_false(outcome.failed);
    assert_view(f->player.sent[1].url, "https://bucket.s3.us-west-2.amazonaws.com/");
}

static void a_call_is_redirected_once(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 301, .headers = {{"x-amz-bucket-region", "us-west-2"}}, .body = ""},
         {.status = 301, .headers = {{"x-amz-bucket-region", "us-west-1"}}, .body = ""});
    struct outcome outcome = get_object(f, "bucket", "k");
    assert_true(outcome.failed);
    assert_int_equal(outcome.attempts, 2);
}

static void a_region_that_is_no_host_label_is_not_followed(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 301, .headers = {{"x-amz-bucket-region", "evil.example/"}}, .body = ""});
    struct outcome outcome = get_object(f, "bucket", "k");
    assert_true(outcome.failed);
    assert_int_equal(outcome.attempts, 1);
}

/* ---- accounts -------------------------------------------------------------------------------- */

static const char get_item[] = "{\"TableName\":\"t\",\"Key\":{\"id\":{\"S\":\"1\"}}}";

static void the_callers_account_is_part_of_the_host_name(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{}"});
    call(f, find("dynamodb", "get_item"), get_item);
    assert_view(f->player.sent[0].url, "https://dynamodb.eu-central-1.amazonaws.com/");
    f->options.credentials.account_id = GW_VIEW("123456789012");
    renew_client(f);
    call(f, find("dynamodb", "get_item"), get_item);
    assert_view(f->player.sent[1].url, "https://123456789012.ddb.eu-central-1.amazonaws.com/");
    f->options.settings.account_id_mode = GW_ACCOUNT_ID_DISABLED;
    renew_client(f);
    call(f, find("dynamodb", "get_item"), get_item);
    assert_view(f->player.sent[2].url, "https://dynamodb.eu-central-1.amazonaws.com/");
}

static void the_account_of_a_table_goes_before_the_callers(void **state)
{
    struct fixture *f = *state;
    f->options.credentials.account_id = GW_VIEW("123456789012");
    renew_client(f);
    PLAY(f, {.status = 200, .body = "{}"});
    call(f, find("dynamodb", "get_item"),
         "{\"TableName\":\"arn:aws:dynamodb:eu-central-1:999999999999:table/t\","
         "\"Key\":{\"id\":{\"S\":\"1\"}}}");
    assert_view(f->player.sent[0].url, "https://999999999999.ddb.eu-central-1.amazonaws.com/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_reach_s3_as_they_are),
        TEST(a_bucket_is_a_host_name_where_it_can_be_one),
        TEST(a_bucket_alone_is_the_top_of_its_host),
        TEST(a_custom_endpoint_takes_buckets_by_path_unless_told),
        TEST(what_we_cannot_sign_is_refused),
        TEST(a_redirect_is_followed_and_remembered),
        TEST(a_wrong_region_in_the_signature_is_corrected),
        TEST(a_head_tells_the_region_in_a_header_only),
        TEST(a_call_is_redirected_once),
        TEST(a_region_that_is_no_host_label_is_not_followed),
        TEST(the_callers_account_is_part_of_the_host_name),
        TEST(the_account_of_a_table_goes_before_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
