/* fuzz: bytes in text form: base64, percent-encoding, timestamps, durations, URLs, gzip. What was read
 * can be written, and reads back as the same. The first byte picks the form. */
#include "codec/codec.h"
#include "net/net.h"

#include <stdlib.h>

#define MAX_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
    if (!held) {
        abort();
    }
}

static void read_base64(struct gw_view text, struct gw_arena *arena, struct gw_buf *out)
{
    struct gw_view bytes, again;
    if (gw_base64_read(text, arena, &bytes)) {
        must(gw_base64_write(bytes, out) && gw_base64_read(gw_buf_view(out), arena, &again) &&
             gw_view_equal(bytes, again));
    }
}

static void read_percent(struct gw_view text, struct gw_arena *arena, struct gw_buf *out)
{
    struct gw_view bytes, again;
    gw_percent_read(text, true, arena, &bytes);
    if (gw_percent_read(text, false, arena, &bytes)) {
        must(gw_percent_write(bytes, false, out) &&
             gw_percent_read(gw_buf_view(out), false, arena, &again) &&
             gw_view_equal(bytes, again));
    }
}

static void read_time(struct gw_view text, struct gw_arena *arena, struct gw_buf *out)
{
    double epoch_s, again;
    (void)arena;
    if (gw_time_read(text, &epoch_s) && gw_time_write(epoch_s, GW_TIME_ISO8601, out)) {
        must(gw_time_read(gw_buf_view(out), &again));
    }
}

static void read_duration(struct gw_view text, struct gw_arena *arena, struct gw_buf *out)
{
    double seconds;
    (void)arena;
    if (gw_duration_read(text, &seconds)) {
        must(seconds >= 0);
        gw_duration_write(seconds, out);
    }
}

/* The parts of a URL lie inside it, one behind the other. */
static void read_url(struct gw_view text, struct gw_arena *arena, struct gw_buf *out)
{
    struct gw_url url;
    struct gw_err err = {0};
    (void)arena;
    (void)out;
    if (gw_url_parse(text, &url, &err)) {
        must(url.host.len > 0 && url.port >= 0 && url.port <= 65535);
        must(url.scheme.len + url.authority.len + url.path.len + url.query.len <= text.len);
        must(url.path.len == 0 || url.path.data[0] == '/');
    } else {
        must(err.message[0] != '\0');
    }
}

static void read_gzip(struct gw_view bytes, struct gw_arena *arena, struct gw_buf *out)
{
    struct gw_buf packed, again;
    struct gw_err err = {0};
    (void)arena;
    gw_buf_init(&packed, 2 * MAX_BYTES);
    gw_buf_init(&again, MAX_BYTES);
    if (gw_gzip_read(bytes, out, &err)) {
        must(gw_gzip_write(gw_buf_view(out), &packed) &&
             gw_gzip_read(gw_buf_view(&packed), &again, NULL) &&
             gw_view_equal(gw_buf_view(out), gw_buf_view(&again)));
    }
    gw_buf_clear(&packed);
    gw_buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct gw_view, struct gw_arena *, struct gw_buf *) = {
        read_base64, read_percent, read_time, read_duration, read_url, read_gzip};
    if (size == 0) {
        return 0;
    }
    struct gw_arena *arena = gw_arena_new();
    struct gw_buf out;
    gw_buf_init(&out, MAX_BYTES);
    readers[data[0] % (sizeof readers / sizeof readers[0])](
        (struct gw_view){(const char *)data + 1, size - 1}, arena, &out);
    gw_buf_clear(&out);
    gw_arena_free(arena);
    return 0;
}
