/* buf: text that grows, up to a ceiling. */
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void gw_buf_init(struct gw_buf *buf, size_t limit_bytes)
{
    *buf = (struct gw_buf){.limit_bytes = limit_bytes};
}

void gw_buf_clear(struct gw_buf *buf)
{
    if (buf->data) {
        gw_wipe(buf->data, buf->capacity);
        free(buf->data);
    }
    gw_buf_init(buf, buf->limit_bytes);
}

void gw_buf_reset(struct gw_buf *buf)
{
    buf->len = 0;
    buf->full = false;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

/* Room for `extra` more bytes and the final NUL. A fresh block, not realloc: the old one is wiped.
 */
static bool reserve(struct gw_buf *buf, size_t extra)
{
    if (buf->full || extra > GW_NPOS / 2 || extra > buf->limit_bytes - buf->len) {
        buf->full = true;
        return false;
    }
    size_t needed = buf->len + extra + 1;
    if (needed <= buf->capacity) {
        return true;
    }
    size_t capacity = buf->capacity ? buf->capacity * 2 : 128;
    capacity = capacity < needed ? needed : capacity;
    char *data = gw_alloc(capacity);
    if (buf->data) {
        memcpy(data, buf->data, buf->len);
        gw_wipe(buf->data, buf->len);
        free(buf->data);
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

bool gw_buf_add(struct gw_buf *buf, struct gw_view text)
{
    if (!reserve(buf, text.len)) {
        return false;
    }
    if (text.len > 0) {
        memcpy(buf->data + buf->len, text.data, text.len);
    }
    buf->len += text.len;
    buf->data[buf->len] = '\0';
    return true;
}

bool gw_buf_add_file(struct gw_buf *buf, FILE *file)
{
    char chunk[16384];
    size_t len;
    do {
        len = fread(chunk, 1, sizeof chunk, file);
    } while (len > 0 && gw_buf_add(buf, (struct gw_view){chunk, len}));
    int reason = errno;
    gw_wipe(chunk, sizeof chunk);
    errno = reason;
    return len == 0 && ferror(file) == 0;
}

bool gw_buf_add_path(struct gw_buf *buf, const char *path)
{
    FILE *file = fopen(path, "rb");
    bool read = file && gw_buf_add_file(buf, file);
    int reason = errno;
    if (file) {
        fclose(file);
    }
    errno = reason;
    return read;
}

bool gw_buf_add_char(struct gw_buf *buf, char c)
{
    return gw_buf_add(buf, (struct gw_view){&c, 1});
}

bool gw_buf_add_text(struct gw_buf *buf, const char *text)
{
    return gw_buf_add(buf, gw_view_of(text));
}

bool gw_buf_addf(struct gw_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (!reserve(buf, len < 0 ? GW_NPOS : (size_t)len)) {
        return false;
    }
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return true;
}

struct gw_view gw_buf_view(const struct gw_buf *buf)
{
    return (struct gw_view){buf->data ? buf->data : "", buf->len};
}
