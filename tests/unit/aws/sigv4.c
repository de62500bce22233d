/* Signatures: the published suite stage by stage, then what the server accepts and refuses. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SUITE       GW_VECTORS "/sigv4/aws-c-auth/v4"
#define SUITE_CASES 38
#define EPOCH_S     1440938160 /* 2015-08-30T12:36:00Z */

static const struct gw_credentials example_credentials = {
    .access_key_id = {"AKIDEXAMPLE", 11},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40},
};

static const struct gw_signing example_signing = {
    .credentials = &example_credentials,
    .region = {"us-east-1", 9},
    .service = {"service", 7},
    .epoch_s = EPOCH_S,
};

/* ---- the published suite --------------------------------------------------------------------- */

static struct gw_view read_text(const char *folder, const char *prefix, const char *name,
                                struct gw_arena *arena)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/%s%s", SUITE, folder, prefix, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s: cannot be opened", path);
    }
    char text[16384];
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_true(len < sizeof text);
    return gw_arena_dup(arena, (struct gw_view){text, len});
}

/* The suite writes targets raw; on the wire they are encoded. */
static struct gw_view encode_target(struct gw_view raw, struct gw_arena *arena)
{
    struct gw_buf buf;
    gw_buf_init(&buf, 4096);
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.data[i];
        gw_buf_addf(&buf, c > ' ' && c < 0x7f ? "%c" : "%%%02X", c);
    }
    struct gw_view encoded = gw_arena_dup(arena, gw_buf_view(&buf));
    gw_buf_clear(&buf);
    return encoded;
}

static struct gw_view take_line(struct gw_view *text)
{
    struct gw_view line = GW_VIEW_NONE;
    gw_view_next(text, '\n', &line);
    return line;
}

static void parse_request(struct gw_view text, struct gw_arena *arena, struct gw_http_request *out)
{
    *out = (struct gw_http_request){0};
    struct gw_view line = take_line(&text);
    size_t space = gw_view_find_char(line, ' ');
    out->method = gw_view_sub(line, 0, space);
    struct gw_view target = gw_view_sub(line, space + 1, line.len - space - strlen("  HTTP/1.1"));
    struct gw_view encoded = encode_target(target, arena);
    out->url = gw_arena_printf(arena, "https://example.amazonaws.com%.*s", GW_VIEW_ARGS(encoded));
    while ((line = take_line(&text)).len > 0) {
        size_t colon = gw_view_find_char(line, ':');
        struct gw_view name = gw_view_sub(line, 0, colon);
        struct gw_view value = gw_view_sub(line, colon + 1, GW_NPOS);
        while (text.len > 0 && text.data[0] == ' ') { /* a folded line */
            struct gw_view more = take_line(&text);
            value.len = (size_t)(more.data + more.len - value.data);
        }
        gw_headers_add(arena, &out->headers, name, value);
    }
    out->body = gw_view_trim(text);
}

static void check_text(const char *name, const char *form, const char *stage,
                       struct gw_view expected, struct gw_view actual)
{
    if (!gw_view_equal(gw_view_trim(expected), actual)) {
        fail_msg("%s, %s %s:\nexpected:\n%.*s\ngot:\n%.*s", name, form, stage,
                 GW_VIEW_ARGS(expected), GW_VIEW_ARGS(actual));
    }
}

static int compare_parts(const void *a, const void *b)
{
    return gw_view_compare(*(const struct gw_view *)a, *(const struct gw_view *)b);
}

/* Parameters may stand in any order: ours is botocore's, not that of the suite. */
static struct gw_view sort_query(struct gw_view url, struct gw_arena *arena)
{
    struct gw_view parts[32];
    size_t count = 0, mark = gw_view_find_char(url, '?');
    struct gw_view rest = mark == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(url, mark + 1, GW_NPOS);
    while (gw_view_next(&rest, '&', &parts[count])) {
        count++;
        assert_true(count < sizeof parts / sizeof parts[0]);
    }
    qsort(parts, count, sizeof parts[0], compare_parts);
    struct gw_view sorted = gw_view_sub(url, 0, mark);
    for (size_t i = 0; i < count; i++) {
        sorted = gw_arena_printf(arena, "%.*s%c%.*s", GW_VIEW_ARGS(sorted), i > 0 ? '&' : '?',
                                 GW_VIEW_ARGS(parts[i]));
    }
    return sorted;
}

/* Compared as text: request line, headers in their order, body. */
static struct gw_view print_request(const struct gw_http_request *req, struct gw_arena *arena)
{
    struct gw_view text = gw_arena_printf(arena, "%.*s %.*s\n", GW_VIEW_ARGS(req->method),
                                          GW_VIEW_ARGS(sort_query(req->url, arena)));
    for (size_t i = 0; i < req->headers.count; i++) {
        const struct gw_header *header = &req->headers.items[i];
        text = gw_arena_printf(arena, "%.*s%.*s:%.*s\n", GW_VIEW_ARGS(text),
                               GW_VIEW_ARGS(header->name), GW_VIEW_ARGS(header->value));
    }
    return gw_arena_printf(arena, "%.*s\n%.*s", GW_VIEW_ARGS(text), GW_VIEW_ARGS(req->body));
}

static bool flag(const struct gw_value *context, const char *key)
{
    const struct gw_value *value = gw_map_get(context, gw_view_of(key));
    return value && value->as.boolean;
}

static void read_context(const char *name, struct gw_arena *arena, struct gw_credentials *creds,
                         struct gw_signing *out)
{
    struct gw_value context;
    struct gw_err err = {0};
    assert_true(gw_json_parse(read_text(name, "", "context.json", arena), arena, &context, &err));
    const struct gw_value *keys = gw_map_get(&context, GW_VIEW("credentials"));
    *creds = (struct gw_credentials){
        .access_key_id = gw_map_text(keys, GW_VIEW("access_key_id")),
        .secret_access_key = gw_map_text(keys, GW_VIEW("secret_access_key")),
        .session_token = gw_map_text(keys, GW_VIEW("token")),
    };
    double epoch_s;
    assert_true(gw_time_read(gw_map_text(&context, GW_VIEW("timestamp")), &epoch_s));
    bool normalise = flag(&context, "normalize");
    *out = (struct gw_signing){
        .credentials = creds,
        .region = gw_map_text(&context, GW_VIEW("region")),
        .service = gw_map_text(&context, GW_VIEW("service")),
        .epoch_s = (int64_t)epoch_s,
        .keep_path = !normalise,
        .encode_path_once = normalise,
        .sign_body_header = flag(&context, "sign_body"),
        .token_after_signing = flag(&context, "omit_session_token"),
        .expires_s = gw_map_get(&context, GW_VIEW("expiration_in_seconds"))->as.integer,
    };
}

typedef bool (*sign_fn)(struct gw_http_request *, const struct gw_signing *, struct gw_arena *,
                        struct gw_signature *, struct gw_err *);

static void check_form(const char *name, const char *form, sign_fn sign)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_credentials credentials;
    struct gw_signing signing;
    struct gw_http_request req, expected;
    struct gw_signature stages;
    struct gw_err err = {0};
    read_context(name, arena, &credentials, &signing);
    parse_request(read_text(name, "", "request.txt", arena), arena, &req);
    parse_request(read_text(name, form, "signed-request.txt", arena), arena, &expected);
    if (!sign(&req, &signing, arena, &stages, &err)) {
        fail_msg("%s, %s: %s", name, form, err.message);
    }
    check_text(name, form, "canonical request",
               read_text(name, form, "canonical-request.txt", arena), stages.canonical_request);
    check_text(name, form, "string to sign", read_text(name, form, "string-to-sign.txt", arena),
               stages.string_to_sign);
    check_text(name, form, "signature", read_text(name, form, "signature.txt", arena),
               stages.signature);
    check_text(name, form, "signed request", print_request(&expected, arena),
               gw_view_trim(print_request(&req, arena)));
    gw_arena_free(arena);
}

static void the_published_suite_passes_stage_by_stage(void **state)
{
    (void)state;
    DIR *suite = opendir(SUITE);
    if (!suite) {
        print_message("sigv4 suite: skipped, no vectors in " SUITE "\n");
        skip();
    }
    int passed = 0;
    for (struct dirent *entry; (entry = readdir(suite)) != NULL;) {
        if (entry->d_name[0] != '.') {
            check_form(entry->d_name, "header-", gw_sigv4_sign);
            check_form(entry->d_name, "query-", gw_sigv4_presign);
            passed += 2;
        }
    }
    closedir(suite);
    print_message("sigv4 suite: %d of %d\n", passed, 2 * SUITE_CASES);
    assert_int_equal(passed, 2 * SUITE_CASES);
}

/* ---- the client's own rules ------------------------------------------------------------------ */

static struct gw_view canonical_path_of(const char *url, bool keep_path, struct gw_arena *arena)
{
    struct gw_http_request req = {.method = GW_VIEW("GET"), .url = gw_view_of(url)};
    struct gw_signing signing = example_signing;
    struct gw_signature stages;
    struct gw_err err = {0};
    signing.keep_path = keep_path;
    assert_true(gw_sigv4_sign(&req, &signing, arena, &stages, &err));
    struct gw_view lines = stages.canonical_request;
    take_line(&lines);
    return take_line(&lines);
}

static void paths_are_encoded_twice_except_for_s3(void **state)
{
    (void)state;
    static const struct {
        const char *url, *usual, *kept;
    } rows[] = {
        {"https://x.com", "/", "/"},
        {"https://x.com?a=b", "/", "/"},
        {"https://x.com/a%3Ab", "/a%253Ab", "/a%3Ab"},
        {"https://x.com/a:b", "/a%3Ab", "/a:b"},
        {"https://x.com/a//b/./c", "/a/b/c", "/a//b/./c"},
        {"https://x.com/a/../b/", "/b/", "/a/../b/"},
        {"https://x.com/../..", "/", "/../.."},
        {"https://x.com/a/..", "/", "/a/.."},
        {"https://x.com/%20+", "/%2520%2B", "/%20+"},
    };
    struct gw_arena *arena = gw_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_text(rows[i].url, "usual", "path", gw_view_of(rows[i].usual),
                   canonical_path_of(rows[i].url, false, arena));
        check_text(rows[i].url, "kept", "path", gw_view_of(rows[i].kept),
                   canonical_path_of(rows[i].url, true, arena));
    }
    gw_arena_free(arena);
}

static struct gw_view canonical_host_of(const char *url, struct gw_arena *arena)
{
    struct gw_http_request req = {.method = GW_VIEW("GET"), .url = gw_view_of(url)};
    struct gw_signature stages;
    struct gw_err err = {0};
    assert_true(gw_sigv4_sign(&req, &example_signing, arena, &stages, &err));
    size_t at = gw_view_find(stages.canonical_request, GW_VIEW("\nhost:"));
    struct gw_view rest = gw_view_sub(stages.canonical_request, at + 6, GW_NPOS);
    return take_line(&rest);
}

static void the_host_is_lower_case_and_names_only_an_unusual_port(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
    } rows[] = {
        {"https://ECS.us-east-1.amazonaws.com/", "ecs.us-east-1.amazonaws.com"},
        {"https://x.com:443/", "x.com"},
        {"http://x.com:80/", "x.com"},
        {"http://x.com:443/", "x.com:443"},
        {"http://localhost:4566/", "localhost:4566"},
        {"http://[FD00:EC2::254]:8080/", "[fd00:ec2::254]:8080"},
    };
    struct gw_arena *arena = gw_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_text(rows[i].url, "", "host", gw_view_of(rows[i].host),
                   canonical_host_of(rows[i].url, arena));
    }
    gw_arena_free(arena);
}

static void signing_again_replaces_the_first_signature(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err = {0};
    struct gw_credentials credentials = example_credentials;
    credentials.session_token = GW_VIEW("first-token");
    struct gw_signing signing = example_signing;
    signing.credentials = &credentials;
    signing.sign_body_header = true;
    struct gw_http_request req = {.method = GW_VIEW("GET"), .url = GW_VIEW("https://x.com/")};
    assert_true(gw_sigv4_sign(&req, &signing, arena, NULL, &err));
    struct gw_view first = gw_headers_get(&req.headers, GW_VIEW("Authorization"));
    credentials.session_token = GW_VIEW("second-token");
    signing.epoch_s += 60;
    assert_true(gw_sigv4_sign(&req, &signing, arena, NULL, &err));

    assert_int_equal(req.headers.count, 4);
    check_text("second signing", "", "token", GW_VIEW("second-token"),
               gw_headers_get(&req.headers, GW_VIEW("X-Amz-Security-Token")));
    check_text("second signing", "", "date", GW_VIEW("20150830T123700Z"),
               gw_headers_get(&req.headers, GW_VIEW("X-Amz-Date")));
    assert_false(gw_view_equal(first, gw_headers_get(&req.headers, GW_VIEW("Authorization"))));
    gw_arena_free(arena);
}

static void presigning_adds_to_any_query(void **state)
{
    (void)state;
    static const struct {
        const char *url, *start;
    } rows[] = {
        {"https://x.com", "https://x.com/?X-Amz-Algorithm="},
        {"https://x.com/a", "https://x.com/a?X-Amz-Algorithm="},
        {"https://x.com/a?", "https://x.com/a?X-Amz-Algorithm="},
        {"https://x.com?b", "https://x.com?b&X-Amz-Algorithm="},
        {"https://x.com/?b=1", "https://x.com/?b=1&X-Amz-Algorithm="},
        {"https://x.com/?b=1?", "https://x.com/?b=1?&X-Amz-Algorithm="},
    };
    struct gw_arena *arena = gw_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_http_request req = {.method = GW_VIEW("GET"), .url = gw_view_of(rows[i].url)};
        struct gw_err err = {0};
        assert_true(gw_sigv4_presign(&req, &example_signing, arena, NULL, &err));
        check_text(rows[i].url, "presigned", "url", gw_view_of(rows[i].start),
                   gw_view_sub(req.url, 0, strlen(rows[i].start)));
    }
    gw_arena_free(arena);
}

static void signing_without_what_it_needs_is_refused(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = {.method = GW_VIEW("GET"), .url = GW_VIEW("https://x.com/")};
    struct gw_credentials none = {0};
    struct gw_signing signing = example_signing;
    struct gw_err err = {0};
    signing.credentials = &none;
    assert_false(gw_sigv4_sign(&req, &signing, arena, NULL, &err));
    assert_int_equal(err.code, GW_ERR_CREDENTIALS);
    assert_string_equal(err.message, "signing: no credentials");
    signing = example_signing;
    signing.region = GW_VIEW_NONE;
    assert_false(gw_sigv4_presign(&req, &signing, arena, NULL, &err));
    assert_int_equal(err.code, GW_ERR_INPUT);
    assert_string_equal(err.message, "signing: no region");
    gw_arena_free(arena);
}

/* ---- the server ------------------------------------------------------------------------------ */

/* A request that changes between signing and arriving; NULL members stay as they were signed. */
struct tampering {
    const char *claim;
    const char *method, *url, *body, *header_name, *header_value, *secret, *token;
    int64_t later_s;
    enum gw_err_code code;
    const char *message;
};

static bool is_accepted(sign_fn sign, const struct tampering *change, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = {
        .method = GW_VIEW("POST"),
        .url = GW_VIEW("https://ecs.us-east-1.amazonaws.com/a%20b?x=1&y=%2F"),
        .body = GW_VIEW("{}"),
    };
    gw_headers_add(arena, &req.headers, GW_VIEW("X-Amz-Target"), GW_VIEW("ListClusters"));
    struct gw_credentials credentials = example_credentials;
    credentials.session_token = GW_VIEW("the-token");
    struct gw_signing signing = example_signing;
    signing.credentials = &credentials;
    assert_true(sign(&req, &signing, arena, NULL, err));

    req.method = change->method ? gw_view_of(change->method) : req.method;
    req.url = change->url ? gw_view_of(change->url) : req.url;
    req.body = change->body ? gw_view_of(change->body) : req.body;
    for (size_t i = 0; change->header_name && i < req.headers.count; i++) {
        if (gw_view_equal(req.headers.items[i].name, gw_view_of(change->header_name))) {
            req.headers.items[i].value = gw_view_of(change->header_value);
        }
    }
    if (change->secret) {
        credentials.secret_access_key = gw_view_of(change->secret);
    }
    if (change->token) {
        credentials.session_token = gw_view_of(change->token);
    }
    struct gw_sigv4_claim claim;
    bool accepted =
        gw_sigv4_read_claim(&req, arena, &claim, err) &&
        gw_sigv4_verify(&req, &claim, &credentials, EPOCH_S + change->later_s, arena, err);
    gw_arena_free(arena);
    return accepted;
}

static void check_tampering(sign_fn sign, const struct tampering *row)
{
    struct gw_err err = {0};
    bool accepted = is_accepted(sign, row, &err);
    if (row->code == GW_ERR_NONE && !accepted) {
        fail_msg("%s: was refused: %s", row->claim, err.message);
    }
    if (row->code != GW_ERR_NONE &&
        (accepted || err.code != row->code || strcmp(err.message, row->message) != 0)) {
        fail_msg("%s: expected '%s', got '%s'", row->claim, row->message, err.message);
    }
}

#define MISMATCH(headers)                                                                          \
    .code = GW_ERR_CREDENTIALS,                                                                    \
    .message = "signature: does not match the request (scope "                                     \
               "20150830/us-east-1/service/aws4_request, signed headers " headers ")"
#define IN_HEADER MISMATCH("host;x-amz-date;x-amz-security-token;x-amz-target")
#define IN_QUERY  MISMATCH("host;x-amz-target")
#define HOST      "https://ecs.us-east-1.amazonaws.com"

static void the_server_accepts_only_the_request_that_was_signed(void **state)
{
    (void)state;
    static const struct tampering rows[] = {
        {.claim = "untouched"},
        {.claim = "other order of the query", .url = HOST "/a%20b?y=%2f&x=1"},
        {.claim = "other white space in a header",
         .header_name = "X-Amz-Target",
         .header_value = "  ListClusters\t"},
        {.claim = "other method", .method = "PUT", IN_HEADER},
        {.claim = "other path", .url = HOST "/a%20c?x=1&y=%2F", IN_HEADER},
        {.claim = "other query", .url = HOST "/a%20b?x=2&y=%2F", IN_HEADER},
        {.claim = "other host",
         .url = "https://ecs.us-west-2.amazonaws.com/a%20b?x=1&y=%2F",
         IN_HEADER},
        {.claim = "other body", .body = "{ }", IN_HEADER},
        {.claim = "other header",
         .header_name = "X-Amz-Target",
         .header_value = "DeleteCluster",
         IN_HEADER},
        {.claim = "other time",
         .header_name = "X-Amz-Date",
         .header_value = "20150830T123700Z",
         IN_HEADER},
        {.claim = "other secret", .secret = "not-the-secret", IN_HEADER},
        {.claim = "other token",
         .token = "not-the-token",
         .code = GW_ERR_CREDENTIALS,
         .message =
             "signature: x-amz-security-token does not belong to access key id 'AKIDEXAMPLE'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_tampering(gw_sigv4_sign, &rows[i]);
    }
}

static void the_server_accepts_fifteen_minutes_of_clock_skew(void **state)
{
    (void)state;
    static const struct tampering rows[] = {
        {.claim = "at the end of the window", .later_s = 900},
        {.claim = "from a clock that is ahead", .later_s = -900},
        {.claim = "too late",
         .later_s = 901,
         .code = GW_ERR_TIMEOUT,
         .message = "signature: expired (signed 901 s ago, valid for 900 s)"},
        {.claim = "too early",
         .later_s = -901,
         .code = GW_ERR_TIMEOUT,
         .message = "signature: is 901 s in the future"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_tampering(gw_sigv4_sign, &rows[i]);
    }
}

static void the_server_says_what_is_malformed(void **state)
{
    (void)state;
    static const struct tampering rows[] = {
        {.claim = "not signed",
         .header_name = "Authorization",
         .header_value = "Bearer x",
         .code = GW_ERR_CREDENTIALS,
         .message = "request: is not signed with AWS4-HMAC-SHA256"},
        {.claim = "no parts",
         .header_name = "Authorization",
         .header_value = "AWS4-HMAC-SHA256 x",
         .code = GW_ERR_INPUT,
         .message = "signature: expected Credential=KEYID/date/region/service/aws4_request"},
        {.claim = "short signature",
         .header_name = "Authorization",
         .header_value = "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, "
                         "SignedHeaders=host, Signature=abc",
         .code = GW_ERR_INPUT,
         .message = "signature: expected Signature of 64 digits, got 3"},
        {.claim = "other day",
         .header_name = "X-Amz-Date",
         .header_value = "20150831T123600Z",
         .code = GW_ERR_INPUT,
         .message = "signature: is of the day '20150830', but x-amz-date is '20150831T123600Z'"},
        {.claim = "no such day",
         .header_name = "X-Amz-Date",
         .header_value = "20150832T123600Z",
         .code = GW_ERR_INPUT,
         .message = "signature: expected x-amz-date like '20150830T123600Z', got "
                    "'20150832T123600Z'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_tampering(gw_sigv4_sign, &rows[i]);
    }
}

static void the_server_accepts_a_presigned_request_until_it_expires(void **state)
{
    (void)state;
    static const struct tampering rows[] = {
        {.claim = "untouched"},
        {.claim = "at its last second", .later_s = 3600},
        {.claim = "expired",
         .later_s = 3601,
         .code = GW_ERR_TIMEOUT,
         .message = "signature: expired (signed 3601 s ago, valid for 3600 s)"},
        {.claim = "other method", .method = "GET", IN_QUERY},
        {.claim = "other body", .body = "", IN_QUERY},
        {.claim = "other header", .header_name = "X-Amz-Target", .header_value = "x", IN_QUERY},
        {.claim = "other secret", .secret = "not-the-secret", IN_QUERY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_tampering(gw_sigv4_presign, &rows[i]);
    }
}

static void a_named_digest_must_be_that_of_the_body(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err = {0};
    struct gw_signing signing = example_signing;
    signing.sign_body_header = true;
    signing.service = GW_VIEW("s3");
    signing.keep_path = true;
    struct gw_http_request req = {.method = GW_VIEW("PUT"),
                                  .url = GW_VIEW("https://bucket.s3.amazonaws.com/a//../b"),
                                  .body = GW_VIEW("content")};
    assert_true(gw_sigv4_sign(&req, &signing, arena, NULL, &err));
    struct gw_sigv4_claim claim;
    assert_true(gw_sigv4_read_claim(&req, arena, &claim, &err));
    assert_true(gw_sigv4_verify(&req, &claim, &example_credentials, EPOCH_S, arena, &err));
    req.body = GW_VIEW("other");
    assert_false(gw_sigv4_verify(&req, &claim, &example_credentials, EPOCH_S, arena, &err));
    assert_string_equal(err.message,
                        "signature: x-amz-content-sha256 is not the digest of the body");
    gw_arena_free(arena);
}

static void a_signature_must_cover_the_host_and_only_what_is_there(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err = {0};
    struct gw_http_request req = {.method = GW_VIEW("GET"), .url = GW_VIEW("https://x.com/")};
    assert_true(gw_sigv4_sign(&req, &example_signing, arena, NULL, &err));
    struct gw_sigv4_claim claim;
    assert_true(gw_sigv4_read_claim(&req, arena, &claim, &err));
    claim.signed_headers = GW_VIEW("x-amz-date");
    assert_false(gw_sigv4_verify(&req, &claim, &example_credentials, EPOCH_S, arena, &err));
    assert_string_equal(err.message, "signature: does not cover header 'host'");
    claim.signed_headers = GW_VIEW("host;x-other");
    assert_false(gw_sigv4_verify(&req, &claim, &example_credentials, EPOCH_S, arena, &err));
    assert_string_equal(err.message,
                        "signature: covers header 'x-other', which the request has not got");
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_suite_passes_stage_by_stage),
        cmocka_unit_test(paths_are_encoded_twice_except_for_s3),
        cmocka_unit_test(the_host_is_lower_case_and_names_only_an_unusual_port),
        cmocka_unit_test(signing_again_replaces_the_first_signature),
        cmocka_unit_test(presigning_adds_to_any_query),
        cmocka_unit_test(signing_without_what_it_needs_is_refused),
        cmocka_unit_test(the_server_accepts_only_the_request_that_was_signed),
        cmocka_unit_test(the_server_accepts_fifteen_minutes_of_clock_skew),
        cmocka_unit_test(the_server_says_what_is_malformed),
        cmocka_unit_test(the_server_accepts_a_presigned_request_until_it_expires),
        cmocka_unit_test(a_named_digest_must_be_that_of_the_body),
        cmocka_unit_test(a_signature_must_cover_the_host_and_only_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
