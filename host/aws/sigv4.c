/* sigv4: signs requests, in the Authorization header or in the query (presigned).
 * Signing replaces what an earlier signing left, so that a retry signs the same request again. */
#include "aws/internal.h"
#include "codec/codec.h"

#include <stdlib.h>

#define ALGORITHM         "AWS4-HMAC-SHA256"
#define TOKEN_HEADER      GW_VIEW("X-Amz-Security-Token")
#define DATE_HEADER       GW_VIEW("X-Amz-Date")
#define HASH_HEADER       GW_VIEW("x-amz-content-sha256")
#define DEFAULT_EXPIRES_S 3600
#define URL_MAX_BYTES     (1u << 20)

/* Proxies and HTTP clients change these on the way. */
static const char *const unsigned_headers[] = {
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};

static void drop_signature(struct gw_headers *headers)
{
    gw_headers_drop(headers, GW_VIEW("Authorization"));
    gw_headers_drop(headers, DATE_HEADER);
    gw_headers_drop(headers, TOKEN_HEADER);
}

/* ---- which headers are signed ---------------------------------------------------------------- */

static bool is_signed_header(struct gw_view name, const struct gw_signing *signing)
{
    for (size_t i = 0; i < sizeof unsigned_headers / sizeof unsigned_headers[0]; i++) {
        if (gw_view_equal_nocase(name, gw_view_of(unsigned_headers[i]))) {
            return false;
        }
    }
    return name.len > 0 &&
           !(signing->token_after_signing && gw_view_equal_nocase(name, TOKEN_HEADER));
}

static struct gw_view lower(struct gw_view text, struct gw_arena *arena)
{
    char *out = gw_arena_alloc(arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return (struct gw_view){out, text.len};
}

static int compare_names(const void *a, const void *b)
{
    return gw_view_compare(*(const struct gw_view *)a, *(const struct gw_view *)b);
}

/* "host;x-amz-date": sorted, each once, host always among them. */
static struct gw_view signed_header_names(const struct gw_headers *headers,
                                          const struct gw_signing *signing, struct gw_arena *arena)
{
    struct gw_view *names = gw_arena_alloc(arena, (headers->count + 1) * sizeof *names);
    size_t count = 0;
    size_t total_len = 0;
    names[count++] = GW_VIEW("host");
    for (size_t i = 0; i < headers->count; i++) {
        if (is_signed_header(headers->items[i].name, signing)) {
            names[count++] = lower(headers->items[i].name, arena);
        }
    }
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++) {
        total_len += names[i].len + 1;
    }
    struct gw_buf buf;
    gw_buf_init(&buf, total_len);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !gw_view_equal(names[i], names[i - 1])) {
            gw_buf_add_text(&buf, i > 0 ? ";" : "");
            gw_buf_add(&buf, names[i]);
        }
    }
    struct gw_view joined = gw_arena_dup(arena, gw_buf_view(&buf));
    gw_buf_clear(&buf);
    return joined;
}

/* ---- what both forms share ------------------------------------------------------------------- */

static struct gw_view payload_hash(const struct gw_http_request *req,
                                   const struct gw_signing *signing, struct gw_arena *arena)
{
    if (signing->payload_hash.len > 0) {
        return signing->payload_hash;
    }
    struct gw_view given = gw_headers_get(&req->headers, HASH_HEADER);
    if (given.len > 0) {
        return given;
    }
    char hex[2 * GW_SHA256_LEN + 1];
    gw_sha256_hex(req->body, hex);
    return gw_arena_dup(arena, gw_view_of(hex));
}

static bool prepare(const struct gw_http_request *req, const struct gw_signing *signing,
                    struct gw_arena *arena, struct gw_sigv4_input *out, struct gw_err *err)
{
    const struct gw_credentials *credentials = signing->credentials;
    if (credentials->access_key_id.len == 0 || credentials->secret_access_key.len == 0) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "signing: no credentials");
    }
    if (signing->region.len == 0 || signing->service.len == 0) {
        return gw_fail(err, GW_ERR_INPUT, "signing: no %s",
                       signing->region.len == 0 ? "region" : "service");
    }
    *out = (struct gw_sigv4_input){
        .method = req->method,
        .headers = &req->headers,
        .payload_hash = payload_hash(req, signing, arena),
        .region = signing->region,
        .service = signing->service,
        .secret_access_key = credentials->secret_access_key,
        .epoch_s = signing->epoch_s,
        .keep_path = signing->keep_path,
        .encode_path_once = signing->encode_path_once,
    };
    return gw_url_parse(req->url, &out->url, err);
}

static struct gw_view credential(const struct gw_signing *signing, struct gw_arena *arena)
{
    struct gw_view scope =
        gw_sigv4_scope(signing->epoch_s, signing->region, signing->service, arena);
    return gw_arena_printf(arena, "%.*s/%.*s", GW_VIEW_ARGS(signing->credentials->access_key_id),
                           GW_VIEW_ARGS(scope));
}

/* ---- header form ----------------------------------------------------------------------------- */

bool gw_sigv4_sign(struct gw_http_request *req, const struct gw_signing *signing,
                   struct gw_arena *arena, struct gw_signature *stages, struct gw_err *err)
{
    struct gw_sigv4_input input = {0};
    if (!prepare(req, signing, arena, &input, err)) {
        return false;
    }
    bool hash_in_header =
        signing->sign_body_header || gw_headers_get(&req->headers, HASH_HEADER).len > 0;
    char time[17];
    gw_time_compact(signing->epoch_s, time);

    drop_signature(&req->headers);
    if (signing->credentials->session_token.len > 0) {
        gw_headers_add(arena, &req->headers, TOKEN_HEADER, signing->credentials->session_token);
    }
    gw_headers_add(arena, &req->headers, DATE_HEADER, gw_view_of(time));
    if (hash_in_header) {
        gw_headers_drop(&req->headers, HASH_HEADER);
        gw_headers_add(arena, &req->headers, HASH_HEADER, input.payload_hash);
    }

    struct gw_signature computed;
    input.signed_headers = signed_header_names(&req->headers, signing, arena);
    if (!gw_sigv4_compute(&input, arena, &computed, err)) {
        return false;
    }
    computed.authorization =
        gw_arena_printf(arena, ALGORITHM " Credential=%.*s, SignedHeaders=%.*s, Signature=%.*s",
                        GW_VIEW_ARGS(credential(signing, arena)),
                        GW_VIEW_ARGS(input.signed_headers), GW_VIEW_ARGS(computed.signature));
    gw_headers_add(arena, &req->headers, GW_VIEW("Authorization"), computed.authorization);
    if (stages) {
        *stages = computed;
    }
    return true;
}

/* ---- query form ------------------------------------------------------------------------------ */

/* `name` with what stands around it: "&X-Amz-Date=". */
static void add_parameter(struct gw_buf *url, const char *name, struct gw_view value)
{
    gw_buf_add_text(url, name);
    gw_percent_write(value, false, url);
}

/* The URL up to where the first of our parameters goes. */
static void add_base_url(const struct gw_http_request *req, const struct gw_url *url,
                         struct gw_buf *out)
{
    gw_buf_add(out, req->url);
    if (gw_view_find_char(req->url, '?') == GW_NPOS) {
        gw_buf_add_text(out, url->path.len > 0 ? "?" : "/?");
    } else if (url->query.len > 0) {
        gw_buf_add_char(out, '&');
    }
}

/* All parameters that are signed. */
static void add_signed_parameters(const struct gw_sigv4_input *input,
                                  const struct gw_signing *signing, struct gw_arena *arena,
                                  struct gw_buf *url)
{
    char time[17];
    gw_time_compact(signing->epoch_s, time);
    int64_t expires_s = signing->expires_s > 0 ? signing->expires_s : DEFAULT_EXPIRES_S;
    add_parameter(url, "X-Amz-Algorithm=", GW_VIEW(ALGORITHM));
    add_parameter(url, "&X-Amz-Credential=", credential(signing, arena));
    add_parameter(url, "&X-Amz-Date=", gw_view_of(time));
    add_parameter(url, "&X-Amz-Expires=", gw_arena_printf(arena, "%lld", (long long)expires_s));
    add_parameter(url, "&X-Amz-SignedHeaders=", input->signed_headers);
    if (signing->credentials->session_token.len > 0 && !signing->token_after_signing) {
        add_parameter(url, "&X-Amz-Security-Token=", signing->credentials->session_token);
    }
}

static bool write_presigned_url(struct gw_http_request *req, struct gw_sigv4_input *input,
                                const struct gw_signing *signing, struct gw_arena *arena,
                                struct gw_signature *computed, struct gw_buf *url,
                                struct gw_err *err)
{
    add_base_url(req, &input->url, url);
    add_signed_parameters(input, signing, arena, url);
    struct gw_view with_parameters = gw_arena_dup(arena, gw_buf_view(url));
    if (!gw_url_parse(with_parameters, &input->url, err) ||
        !gw_sigv4_compute(input, arena, computed, err)) {
        return false;
    }
    if (signing->credentials->session_token.len > 0 && signing->token_after_signing) {
        add_parameter(url, "&X-Amz-Security-Token=", signing->credentials->session_token);
    }
    add_parameter(url, "&X-Amz-Signature=", computed->signature);
    if (url->full) {
        return gw_fail(err, GW_ERR_LIMIT, "signing: url passes %u bytes", URL_MAX_BYTES);
    }
    req->url = gw_arena_dup(arena, gw_buf_view(url));
    return true;
}

bool gw_sigv4_presign(struct gw_http_request *req, const struct gw_signing *signing,
                      struct gw_arena *arena, struct gw_signature *stages, struct gw_err *err)
{
    struct gw_sigv4_input input = {0};
    if (!prepare(req, signing, arena, &input, err)) {
        return false;
    }
    drop_signature(&req->headers);
    input.presigned = true;
    input.signed_headers = signed_header_names(&req->headers, signing, arena);

    struct gw_signature computed;
    struct gw_buf url;
    gw_buf_init(&url, URL_MAX_BYTES);
    bool signed_well = write_presigned_url(req, &input, signing, arena, &computed, &url, err);
    gw_buf_clear(&url);
    if (signed_well && stages) {
        *stages = computed;
    }
    return signed_well;
}
