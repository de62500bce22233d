/* sigv4_canonical: the one spelling of a request that client and server both hash, and its
 * signature. The body enters as its digest only. Limit: 1 MiB of canonical request.
 *
 * The signing key is derived anew each time: four HMACs cost about a microsecond, and nothing
 * secret stays behind. */
#include "aws/internal.h"
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

#define CANONICAL_MAX_BYTES (1u << 20)
#define DATE_LEN            8 /* of "20150830T123600Z" */

/* ---- path ------------------------------------------------------------------------------------ */

/* Drops empty and "." segments, lets ".." take one back, keeps a final slash. */
static struct gw_view normalise_path(struct gw_view path, struct gw_arena *arena)
{
    char *out = gw_arena_alloc(arena, path.len + 2);
    size_t len = 0;
    struct gw_view rest = path, segment;
    while (gw_view_next(&rest, '/', &segment)) {
        if (segment.len == 0 || gw_view_equal(segment, GW_VIEW("."))) {
            continue;
        }
        if (gw_view_equal(segment, GW_VIEW(".."))) {
            while (len > 0 && out[--len] != '/') {
            }
            continue;
        }
        out[len++] = '/';
        memcpy(out + len, segment.data, segment.len);
        len += segment.len;
    }
    if (len == 0 || gw_view_ends_with(path, GW_VIEW("/"))) {
        out[len++] = '/';
    }
    return (struct gw_view){out, len};
}

static void add_path(const struct gw_sigv4_input *input, struct gw_arena *arena, struct gw_buf *out)
{
    struct gw_view path = input->url.path.len > 0 ? input->url.path : GW_VIEW("/");
    if (input->keep_path) {
        gw_buf_add(out, path);
    } else if (input->encode_path_once) {
        gw_buf_add(out, normalise_path(path, arena));
    } else {
        gw_percent_write(normalise_path(path, arena), true, out);
    }
}

/* ---- query ----------------------------------------------------------------------------------- */

struct pair {
    struct gw_view name, value;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    int order = gw_view_compare(left->name, right->name);
    return order != 0 ? order : gw_view_compare(left->value, right->value);
}

/* The strict spelling, whether or not the text was encoded before. */
static struct gw_view encode_once(struct gw_view text, struct gw_arena *arena)
{
    struct gw_view plain;
    if (!gw_percent_read(text, false, arena, &plain)) {
        plain = text;
    }
    struct gw_buf buf;
    gw_buf_init(&buf, 3 * plain.len);
    gw_percent_write(plain, false, &buf);
    struct gw_view encoded = gw_arena_dup(arena, gw_buf_view(&buf));
    gw_buf_clear(&buf);
    return encoded;
}

static size_t count_parts(struct gw_view text, char separator)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) {
        count += text.data[i] == separator;
    }
    return count;
}

static void add_query(const struct gw_sigv4_input *input, struct gw_arena *arena,
                      struct gw_buf *out)
{
    struct gw_view rest = input->url.query, part;
    struct pair *pairs = gw_arena_alloc(arena, count_parts(rest, '&') * sizeof *pairs);
    size_t count = 0;
    while (gw_view_next(&rest, '&', &part)) {
        size_t equals = gw_view_find_char(part, '=');
        struct gw_view name = gw_view_sub(part, 0, equals);
        if (part.len == 0 ||
            (input->presigned && gw_view_equal(name, GW_VIEW("X-Amz-Signature")))) {
            continue;
        }
        struct gw_view value =
            equals == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(part, equals + 1, GW_NPOS);
        pairs[count++] = (struct pair){encode_once(name, arena), encode_once(value, arena)};
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++) {
        gw_buf_add_text(out, i > 0 ? "&" : "");
        gw_buf_add(out, pairs[i].name);
        gw_buf_add_char(out, '=');
        gw_buf_add(out, pairs[i].value);
    }
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Trimmed, every run of white space (a folded line too) as one space. */
static void add_header_value(struct gw_view value, struct gw_buf *out)
{
    value = gw_view_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        if (!is_space(value.data[i])) {
            gw_buf_add_char(out, value.data[i]);
        } else if (!is_space(value.data[i - 1])) {
            gw_buf_add_char(out, ' ');
        }
    }
}

static void add_lower(struct gw_view text, struct gw_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        gw_buf_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
    }
}

/* The Host header that an HTTP client makes from the URL. */
static void add_url_host(const struct gw_url *url, struct gw_buf *out)
{
    bool is_ipv6 = gw_view_find_char(url->host, ':') != GW_NPOS;
    int default_port = gw_view_equal_nocase(url->scheme, GW_VIEW("https")) ? 443 : 80;
    gw_buf_add_text(out, is_ipv6 ? "[" : "");
    add_lower(url->host, out);
    gw_buf_add_text(out, is_ipv6 ? "]" : "");
    if (url->port != 0 && url->port != default_port) {
        gw_buf_addf(out, ":%d", url->port);
    }
}

static void add_header(const struct gw_sigv4_input *input, struct gw_view name, struct gw_buf *out)
{
    gw_buf_add(out, name);
    gw_buf_add_char(out, ':');
    bool is_host = gw_view_equal(name, GW_VIEW("host"));
    bool found = false;
    for (size_t i = 0; i < input->headers->count; i++) {
        const struct gw_header *header = &input->headers->items[i];
        if (!gw_view_equal_nocase(header->name, name)) {
            continue;
        }
        gw_buf_add_text(out, found ? "," : "");
        if (is_host) {
            add_lower(gw_view_trim(header->value), out);
        } else {
            add_header_value(header->value, out);
        }
        found = true;
    }
    if (is_host && !found) {
        add_url_host(&input->url, out);
    }
    gw_buf_add_char(out, '\n');
}

static void add_headers(const struct gw_sigv4_input *input, struct gw_buf *out)
{
    struct gw_view rest = input->signed_headers, name;
    while (gw_view_next(&rest, ';', &name)) {
        add_header(input, name, out);
    }
    gw_buf_add_char(out, '\n');
    gw_buf_add(out, input->signed_headers);
}

/* ---- stages ---------------------------------------------------------------------------------- */

static bool write_canonical_request(const struct gw_sigv4_input *input, struct gw_arena *arena,
                                    struct gw_view *out, struct gw_err *err)
{
    struct gw_buf buf;
    gw_buf_init(&buf, CANONICAL_MAX_BYTES);
    gw_buf_add(&buf, input->method);
    gw_buf_add_char(&buf, '\n');
    add_path(input, arena, &buf);
    gw_buf_add_char(&buf, '\n');
    add_query(input, arena, &buf);
    gw_buf_add_char(&buf, '\n');
    add_headers(input, &buf);
    gw_buf_add_char(&buf, '\n');
    gw_buf_add(&buf, input->payload_hash);
    bool fits = !buf.full;
    *out = gw_arena_dup(arena, gw_buf_view(&buf));
    gw_buf_clear(&buf);
    return fits || gw_fail(err, GW_ERR_LIMIT, "signing: url and headers pass %u bytes",
                           CANONICAL_MAX_BYTES);
}

static struct gw_view bytes_view(const unsigned char *bytes)
{
    return (struct gw_view){(const char *)bytes, GW_SHA256_LEN};
}

void gw_sigv4_key(struct gw_view secret, struct gw_view date, struct gw_view region,
                  struct gw_view service, unsigned char key[GW_SHA256_LEN])
{
    const struct gw_view steps[] = {date, region, service, GW_VIEW("aws4_request")};
    size_t seed_len = 4 + secret.len;
    char *seed = gw_alloc(seed_len);
    memcpy(seed, "AWS4", 4);
    if (secret.len > 0) {
        memcpy(seed + 4, secret.data, secret.len);
    }
    struct gw_view from = {seed, seed_len};
    unsigned char next[GW_SHA256_LEN];
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        gw_hmac_sha256(from, steps[i], next);
        memcpy(key, next, sizeof next);
        from = bytes_view(key);
    }
    gw_wipe(next, sizeof next);
    gw_wipe(seed, seed_len);
    free(seed);
}

struct gw_view gw_sigv4_scope(int64_t epoch_s, struct gw_view region, struct gw_view service,
                              struct gw_arena *arena)
{
    char time[17];
    gw_time_compact(epoch_s, time);
    return gw_arena_printf(arena, "%.*s/%.*s/%.*s/aws4_request", DATE_LEN, time,
                           GW_VIEW_ARGS(region), GW_VIEW_ARGS(service));
}

bool gw_sigv4_compute(const struct gw_sigv4_input *input, struct gw_arena *arena,
                      struct gw_signature *out, struct gw_err *err)
{
    *out = (struct gw_signature){0};
    if (!write_canonical_request(input, arena, &out->canonical_request, err)) {
        return false;
    }
    char time[17], hash[2 * GW_SHA256_LEN + 1];
    gw_time_compact(input->epoch_s, time);
    gw_sha256_hex(out->canonical_request, hash);
    struct gw_view scope = gw_sigv4_scope(input->epoch_s, input->region, input->service, arena);
    out->string_to_sign =
        gw_arena_printf(arena, "AWS4-HMAC-SHA256\n%s\n%.*s\n%s", time, GW_VIEW_ARGS(scope), hash);

    unsigned char key[GW_SHA256_LEN], mac[GW_SHA256_LEN];
    gw_sigv4_key(input->secret_access_key, (struct gw_view){time, DATE_LEN}, input->region,
                 input->service, key);
    gw_hmac_sha256(bytes_view(key), out->string_to_sign, mac);
    gw_wipe(key, sizeof key);
    char *hex = gw_arena_alloc(arena, 2 * sizeof mac + 1);
    gw_hex_write(mac, sizeof mac, hex);
    out->signature = (struct gw_view){hex, 2 * sizeof mac};
    return true;
}
