/* Finds the marks in output that comes in pieces. What only looks like one is output. */
#include <string.h>

#include "ssm/internal.h"

#define RS         '\x1e'
#define PREFIX     "\x1egwrun:"
#define PREFIX_LEN (sizeof PREFIX - 1)

static void tell(struct gw_ssm_marks *marks, struct gw_view bytes)
{
    if (bytes.len > 0) {
        marks->text(marks->ctx, bytes);
    }
}

void gw_ssm_marks_finish(struct gw_ssm_marks *marks)
{
    struct gw_view held = {marks->held, marks->held_len};
    marks->held_len = 0;
    tell(marks, held);
}

static bool is_of_text(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '=' || c == '-';
}

/* May what is held go on with this byte? */
static bool goes_on(const struct gw_ssm_marks *marks, char c)
{
    if (marks->held_len < PREFIX_LEN) {
        return c == PREFIX[marks->held_len];
    }
    return c == RS || (is_of_text(c) && marks->held_len < PREFIX_LEN + GW_SSM_MAX_MARK_BYTES);
}

static void take(struct gw_ssm_marks *marks, char c)
{
    if (c == RS && marks->held_len >= PREFIX_LEN) {
        struct gw_view text = {marks->held + PREFIX_LEN, marks->held_len - PREFIX_LEN};
        marks->held_len = 0;
        marks->mark(marks->ctx, text);
        return;
    }
    marks->held[marks->held_len++] = c;
}

void gw_ssm_marks_feed(struct gw_ssm_marks *marks, struct gw_view bytes)
{
    size_t begin = 0; /* of what is certainly no mark */
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.data[i];
        if (marks->held_len == 0 && c != RS) {
            continue;
        }
        if (marks->held_len == 0) {
            tell(marks, gw_view_sub(bytes, begin, i - begin));
        } else if (!goes_on(marks, c)) {
            gw_ssm_marks_finish(marks);
            begin = i;
            i -= 1; /* it may begin another one */
            continue;
        }
        take(marks, c);
        begin = i + 1;
    }
    if (marks->held_len == 0) {
        tell(marks, gw_view_sub(bytes, begin, GW_NPOS));
    }
}
