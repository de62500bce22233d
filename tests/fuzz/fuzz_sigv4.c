/* Signatures: what the client signs, the server must accept; what comes from outside, it must
 * survive. The input is a request: method, target, headers "name:value", an empty line, the body.
 */
#include "aws/aws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EPOCH_S 1440938160

static const struct gw_credentials credentials = {
    .access_key_id = {"AKIDEXAMPLE", 11},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40},
    .session_token = {"token", 5},
};

/* A header's name as HTTP allows it, and none that names the payload's digest: that is a claim of
 * its own, which a made-up one cannot keep. */
static bool is_header(struct gw_view name)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '\0' || !strchr(token, name.data[i])) {
            return false;
        }
    }
    return name.len > 0 && !gw_view_equal_nocase(name, GW_VIEW("x-amz-content-sha256"));
}

static struct gw_http_request read_request(struct gw_view text, struct gw_arena *arena)
{
    struct gw_http_request req = {0};
    struct gw_view line = GW_VIEW_NONE;
    gw_view_next(&text, '\n', &req.method);
    gw_view_next(&text, '\n', &line);
    req.url = gw_arena_printf(arena, "https://example.amazonaws.com%.*s", GW_VIEW_ARGS(line));
    while (gw_view_next(&text, '\n', &line) && line.len > 0) {
        size_t colon = gw_view_find_char(line, ':');
        struct gw_view name = gw_view_sub(line, 0, colon);
        if (colon != GW_NPOS && is_header(name)) {
            gw_headers_add(arena, &req.headers, name, gw_view_sub(line, colon + 1, GW_NPOS));
        }
    }
    req.body = text;
    return req;
}

static bool is_accepted(const struct gw_http_request *req, struct gw_arena *arena,
                        struct gw_err *err)
{
    struct gw_sigv4_claim claim;
    return gw_sigv4_read_claim(req, arena, &claim, err) &&
           gw_sigv4_verify(req, &claim, &credentials, EPOCH_S, arena, err);
}

static void must_be_accepted(const struct gw_http_request *req, struct gw_arena *arena)
{
    struct gw_err err = {0};
    if (!is_accepted(req, arena, &err)) {
        fprintf(stderr, "refused: %s\n", err.message);
        abort();
    }
}

static void sign_both_ways(struct gw_http_request req, const struct gw_signing *signing,
                           struct gw_arena *arena)
{
    struct gw_err err = {0};
    bool has_own_parameters = gw_view_find(req.url, GW_VIEW("X-Amz-")) != GW_NPOS;
    if (gw_sigv4_sign(&req, signing, arena, NULL, &err)) {
        must_be_accepted(&req, arena);
    }
    if (!has_own_parameters && gw_sigv4_presign(&req, signing, arena, NULL, &err)) {
        must_be_accepted(&req, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = read_request((struct gw_view){(const char *)data, size}, arena);
    struct gw_err err = {0};
    is_accepted(&req, arena, &err);
    struct gw_signing signing = {.credentials = &credentials,
                                 .region = GW_VIEW("us-east-1"),
                                 .service = GW_VIEW("ecs"),
                                 .epoch_s = EPOCH_S};
    sign_both_ways(req, &signing, arena);
    signing.service = GW_VIEW("s3");
    signing.keep_path = true;
    signing.payload_hash = GW_VIEW("UNSIGNED-PAYLOAD");
    signing.sign_body_header = true;
    sign_both_ways(req, &signing, arena);
    gw_arena_free(arena);
    return 0;
}
