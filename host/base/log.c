/* log: diagnostics to stderr, and the one place that knows which texts are secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/internal.h"

#define SHORTEST_SECRET 6 /* shorter ones would blank out ordinary words */
#define MESSAGE_BYTES   2048

static struct {
    struct gw_view *items; /* longest first, so that a secret inside another hides whole */
    size_t count;
} secrets;

static enum gw_log_level log_level = GW_LOG_WARN;

void gw_secret_clear(void)
{
    for (size_t i = 0; i < secrets.count; i++) {
        char *text = (char *)secrets.items[i].data;
        gw_wipe(text, secrets.items[i].len);
        free(text);
    }
    free(secrets.items);
    secrets.items = NULL;
    secrets.count = 0;
}

static bool is_known(struct gw_view secret)
{
    for (size_t i = 0; i < secrets.count; i++) {
        if (gw_view_equal(secrets.items[i], secret)) {
            return true;
        }
    }
    return false;
}

void gw_secret_add(struct gw_view secret)
{
    if (secret.len < SHORTEST_SECRET || is_known(secret)) {
        return;
    }
    if (secrets.count == 0) {
        atexit(gw_secret_clear);
    }
    secrets.items = gw_realloc(secrets.items, (secrets.count + 1) * sizeof *secrets.items);
    size_t at = secrets.count++;
    while (at > 0 && secrets.items[at - 1].len < secret.len) {
        secrets.items[at] = secrets.items[at - 1];
        at--;
    }
    secrets.items[at] = (struct gw_view){gw_view_dup(secret), secret.len};
}

/* The length of the secret that begins here; 0 for none. */
static size_t secret_at(struct gw_view text)
{
    for (size_t i = 0; i < secrets.count; i++) {
        if (gw_view_starts_with(text, secrets.items[i])) {
            return secrets.items[i].len;
        }
    }
    return 0;
}

static bool has_secret(struct gw_view text)
{
    for (size_t i = 0; i < secrets.count; i++) {
        if (gw_view_find(text, secrets.items[i]) != GW_NPOS) {
            return true;
        }
    }
    return false;
}

struct gw_view gw_redact(struct gw_arena *arena, struct gw_view text)
{
    if (!has_secret(text)) {
        return text;
    }
    struct gw_buf out;
    gw_buf_init(&out, GW_NPOS / 2);
    size_t hidden = 0; /* what lies before this is covered; a secret may begin inside another */
    for (size_t at = 0; at < text.len; at++) {
        size_t len = secret_at(gw_view_sub(text, at, text.len));
        if (len > 0 && at >= hidden) {
            gw_buf_add_text(&out, "[secret]");
        }
        hidden = at + len > hidden ? at + len : hidden;
        if (at >= hidden) {
            gw_buf_add_char(&out, text.data[at]);
        }
    }
    struct gw_view clean = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return clean;
}

void gw_log_set_level(enum gw_log_level level)
{
    log_level = level;
}

void gw_log(enum gw_log_level level, const char *format, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    if (level > log_level) {
        return;
    }
    char message[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    gw_message_write(message, sizeof message, format, args);
    va_end(args);
    fprintf(stderr, "gwrun: %s: %s\n", names[level], message);
}
