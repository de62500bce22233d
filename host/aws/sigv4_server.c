/* sigv4_server: reads and verifies the signatures of requests that arrive.
 * Limit: the chunks of a STREAMING- body are not verified, only the request that carries them. */
#include "aws/internal.h"
#include "codec/codec.h"

#include <string.h>

#define ALGORITHM        "AWS4-HMAC-SHA256"
#define CLOCK_WINDOW_S   (15 * 60)
#define MAX_EXPIRES_S    (7 * 24 * 60 * 60)
#define UNSIGNED_PAYLOAD GW_VIEW("UNSIGNED-PAYLOAD")

/* ---- reading the claim ----------------------------------------------------------------------- */

static bool is_digits(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.len > 0;
}

/* "20150830T123600Z" */
static bool read_compact_time(struct gw_view text, int64_t *epoch_s)
{
    if (text.len != 16 || !is_digits(gw_view_sub(text, 0, 8)) || text.data[8] != 'T' ||
        !is_digits(gw_view_sub(text, 9, 6)) || text.data[15] != 'Z') {
        return false;
    }
    const char *t = text.data;
    char iso[] = {t[0], t[1], t[2],  t[3], '-',   t[4],  t[5], '-',   t[6],  t[7],
                  'T',  t[9], t[10], ':',  t[11], t[12], ':',  t[13], t[14], 'Z'};
    double seconds;
    if (!gw_time_read((struct gw_view){iso, sizeof iso}, &seconds)) {
        return false;
    }
    char back[17];
    *epoch_s = (int64_t)seconds;
    gw_time_compact(*epoch_s, back);
    return gw_view_equal(text, gw_view_of(back));
}

/* Takes the part after the last '/' off the end of `text`. */
static struct gw_view take_last(struct gw_view *text)
{
    size_t start = text->len;
    while (start > 0 && text->data[start - 1] != '/') {
        start--;
    }
    struct gw_view last = gw_view_sub(*text, start, GW_NPOS);
    text->len = start > 0 ? start - 1 : 0;
    return last;
}

/* "KEYID/20150830/us-east-1/ecs/aws4_request", of the day of claim->epoch_s. */
static bool read_credential(struct gw_view text, struct gw_sigv4_claim *claim, struct gw_err *err)
{
    struct gw_view terminator = take_last(&text);
    claim->service = take_last(&text);
    claim->region = take_last(&text);
    struct gw_view date = take_last(&text);
    claim->access_key_id = text;
    if (!gw_view_equal(terminator, GW_VIEW("aws4_request")) || claim->service.len == 0 ||
        claim->region.len == 0 || claim->access_key_id.len == 0) {
        return gw_fail(err, GW_ERR_INPUT,
                       "signature: expected Credential=KEYID/date/region/service/aws4_request");
    }
    char time[17];
    gw_time_compact(claim->epoch_s, time);
    if (!gw_view_equal(date, (struct gw_view){time, 8})) {
        return gw_fail(err, GW_ERR_INPUT, "signature: is of the day '%.*s', but x-amz-date is '%s'",
                       GW_VIEW_ARGS(date), time);
    }
    return true;
}

static bool check_parts(const struct gw_sigv4_claim *claim, struct gw_err *err)
{
    if (claim->signed_headers.len == 0) {
        return gw_fail(err, GW_ERR_INPUT, "signature: SignedHeaders is missing");
    }
    if (claim->signature.len != 2 * GW_SHA256_LEN) {
        return gw_fail(err, GW_ERR_INPUT, "signature: expected Signature of 64 digits, got %zu",
                       claim->signature.len);
    }
    return true;
}

static bool read_time(struct gw_view text, struct gw_sigv4_claim *claim, struct gw_err *err)
{
    if (!read_compact_time(text, &claim->epoch_s)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "signature: expected x-amz-date like '20150830T123600Z', got '%.*s'",
                       GW_VIEW_ARGS(text));
    }
    return true;
}

static bool read_header_claim(const struct gw_http_request *req, struct gw_view authorization,
                              struct gw_sigv4_claim *out, struct gw_err *err)
{
    struct gw_view rest = gw_view_sub(authorization, strlen(ALGORITHM " "), GW_NPOS);
    struct gw_view part, credential = GW_VIEW_NONE;
    while (gw_view_next(&rest, ',', &part)) {
        part = gw_view_trim(part);
        size_t equals = gw_view_find_char(part, '=');
        struct gw_view name = gw_view_sub(part, 0, equals);
        struct gw_view value =
            equals == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(part, equals + 1, GW_NPOS);
        if (gw_view_equal(name, GW_VIEW("Credential"))) {
            credential = value;
        } else if (gw_view_equal(name, GW_VIEW("SignedHeaders"))) {
            out->signed_headers = value;
        } else if (gw_view_equal(name, GW_VIEW("Signature"))) {
            out->signature = value;
        }
    }
    out->session_token = gw_headers_get(&req->headers, GW_VIEW("X-Amz-Security-Token"));
    return read_time(gw_headers_get(&req->headers, GW_VIEW("X-Amz-Date")), out, err) &&
           read_credential(credential, out, err) && check_parts(out, err);
}

/* The decoded value of a query parameter; the empty view when absent. */
static struct gw_view query_get(struct gw_view query, const char *name, struct gw_arena *arena)
{
    struct gw_view part, value;
    while (gw_view_next(&query, '&', &part)) {
        size_t equals = gw_view_find_char(part, '=');
        if (equals != GW_NPOS && gw_view_equal(gw_view_sub(part, 0, equals), gw_view_of(name)) &&
            gw_percent_read(gw_view_sub(part, equals + 1, GW_NPOS), false, arena, &value)) {
            return value;
        }
    }
    return GW_VIEW_NONE;
}

static bool read_query_claim(struct gw_view query, struct gw_arena *arena,
                             struct gw_sigv4_claim *out, struct gw_err *err)
{
    out->signed_headers = query_get(query, "X-Amz-SignedHeaders", arena);
    out->signature = query_get(query, "X-Amz-Signature", arena);
    out->session_token = query_get(query, "X-Amz-Security-Token", arena);
    struct gw_view expires = query_get(query, "X-Amz-Expires", arena);
    if (!gw_view_to_int64(expires, &out->expires_s) || out->expires_s < 1 ||
        out->expires_s > MAX_EXPIRES_S) {
        return gw_fail(err, GW_ERR_INPUT,
                       "signature: expected X-Amz-Expires from 1 to %d seconds, got '%.*s'",
                       MAX_EXPIRES_S, GW_VIEW_ARGS(expires));
    }
    return read_time(query_get(query, "X-Amz-Date", arena), out, err) &&
           read_credential(query_get(query, "X-Amz-Credential", arena), out, err) &&
           check_parts(out, err);
}

bool gw_sigv4_read_claim(const struct gw_http_request *req, struct gw_arena *arena,
                         struct gw_sigv4_claim *out, struct gw_err *err)
{
    *out = (struct gw_sigv4_claim){0};
    struct gw_view authorization = gw_headers_get(&req->headers, GW_VIEW("Authorization"));
    if (gw_view_starts_with(authorization, GW_VIEW(ALGORITHM " "))) {
        return read_header_claim(req, authorization, out, err);
    }
    struct gw_url url;
    if (!gw_url_parse(req->url, &url, err)) {
        return false;
    }
    if (gw_view_equal(query_get(url.query, "X-Amz-Algorithm", arena), GW_VIEW(ALGORITHM))) {
        return read_query_claim(url.query, arena, out, err);
    }
    return gw_fail(err, GW_ERR_CREDENTIALS, "request: is not signed with " ALGORITHM);
}

/* ---- verifying it ---------------------------------------------------------------------------- */

/* The one exception of SigV4 itself: S3's family signs the path as it was sent, and leaves the body
 * of a presigned request unsigned. */
static bool has_s3_rules(struct gw_view service)
{
    return gw_view_equal(service, GW_VIEW("s3")) || gw_view_equal(service, GW_VIEW("s3express")) ||
           gw_view_starts_with(service, GW_VIEW("s3-"));
}

static bool check_clock(const struct gw_sigv4_claim *claim, int64_t now_epoch_s, struct gw_err *err)
{
    int64_t age_s = now_epoch_s - claim->epoch_s;
    int64_t limit_s = claim->expires_s > 0 ? claim->expires_s : CLOCK_WINDOW_S;
    if (age_s > limit_s) {
        return gw_fail(err, GW_ERR_TIMEOUT,
                       "signature: expired (signed %lld s ago, valid for %lld s)", (long long)age_s,
                       (long long)limit_s);
    }
    if (-age_s > CLOCK_WINDOW_S) {
        return gw_fail(err, GW_ERR_TIMEOUT, "signature: is %lld s in the future",
                       (long long)-age_s);
    }
    return true;
}

static bool has_header(const struct gw_headers *headers, struct gw_view name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (gw_view_equal_nocase(headers->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Each named header is there, and host is among them. */
static bool check_signed_headers(const struct gw_http_request *req, struct gw_view names,
                                 struct gw_err *err)
{
    bool has_host = false;
    struct gw_view name;
    while (gw_view_next(&names, ';', &name)) {
        if (gw_view_equal(name, GW_VIEW("host"))) {
            has_host = true;
        } else if (!has_header(&req->headers, name)) {
            return gw_fail(err, GW_ERR_CREDENTIALS,
                           "signature: covers header '%.*s', which the request has not got",
                           GW_VIEW_ARGS(name));
        }
    }
    if (!has_host) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "signature: does not cover header 'host'");
    }
    return true;
}

/* A digest that the request names must be that of its body. */
static bool payload_hash(const struct gw_http_request *req, const struct gw_sigv4_claim *claim,
                         struct gw_arena *arena, struct gw_view *out, struct gw_err *err)
{
    char hex[2 * GW_SHA256_LEN + 1];
    gw_sha256_hex(req->body, hex);
    struct gw_view computed = gw_arena_dup(arena, gw_view_of(hex));
    struct gw_view named = gw_headers_get(&req->headers, GW_VIEW("X-Amz-Content-Sha256"));
    if (named.len == 0) {
        bool is_unsigned = claim->expires_s > 0 && has_s3_rules(claim->service);
        *out = is_unsigned ? UNSIGNED_PAYLOAD : computed;
        return true;
    }
    *out = named;
    if (gw_view_equal(named, UNSIGNED_PAYLOAD) ||
        gw_view_starts_with(named, GW_VIEW("STREAMING-")) || gw_view_equal(named, computed)) {
        return true;
    }
    return gw_fail(err, GW_ERR_CREDENTIALS,
                   "signature: x-amz-content-sha256 is not the digest of the body");
}

static bool check_credentials(const struct gw_sigv4_claim *claim,
                              const struct gw_credentials *credentials, struct gw_err *err)
{
    if (!gw_view_equal(claim->access_key_id, credentials->access_key_id)) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "signature: access key id '%.*s' is not known",
                       GW_VIEW_ARGS(claim->access_key_id));
    }
    if (!gw_equal_constant_time(claim->session_token, credentials->session_token)) {
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "signature: x-amz-security-token does not belong to access key id '%.*s'",
                       GW_VIEW_ARGS(claim->access_key_id));
    }
    return true;
}

bool gw_sigv4_verify(const struct gw_http_request *req, const struct gw_sigv4_claim *claim,
                     const struct gw_credentials *credentials, int64_t now_epoch_s,
                     struct gw_arena *arena, struct gw_err *err)
{
    struct gw_sigv4_input input = {
        .method = req->method,
        .headers = &req->headers,
        .signed_headers = claim->signed_headers,
        .region = claim->region,
        .service = claim->service,
        .secret_access_key = credentials->secret_access_key,
        .epoch_s = claim->epoch_s,
        .keep_path = has_s3_rules(claim->service),
        .presigned = claim->expires_s > 0,
    };
    struct gw_signature expected;
    if (!gw_url_parse(req->url, &input.url, err) || !check_credentials(claim, credentials, err) ||
        !check_clock(claim, now_epoch_s, err) ||
        !check_signed_headers(req, claim->signed_headers, err) ||
        !payload_hash(req, claim, arena, &input.payload_hash, err) ||
        !gw_sigv4_compute(&input, arena, &expected, err)) {
        return false;
    }
    if (!gw_equal_constant_time(expected.signature, claim->signature)) {
        struct gw_view scope = gw_sigv4_scope(claim->epoch_s, claim->region, claim->service, arena);
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "signature: does not match the request (scope %.*s, signed headers %.*s)",
                       GW_VIEW_ARGS(scope), GW_VIEW_ARGS(claim->signed_headers));
    }
    return true;
}
