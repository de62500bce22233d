/* Standard input on its way through a terminal: base64 in lines of 76, as RFC 2045 has them. */
#include <string.h>

#include "bind/exec.h"
#include "codec/codec.h"

#define LINE_BYTES 57 /* that make 76 characters */

static void write_line(struct gw_view bytes, struct gw_buf *out)
{
    gw_base64_write(bytes, out);
    gw_buf_add_char(out, '\n');
}

void exec_input_write(struct exec_input *input, struct gw_view bytes, bool is_end,
                      struct gw_buf *out)
{
    struct gw_buf whole;
    gw_buf_init(&whole, bytes.len + sizeof input->carry);
    gw_buf_add(&whole, (struct gw_view){input->carry, input->carried});
    gw_buf_add(&whole, bytes);
    struct gw_view rest = gw_buf_view(&whole);
    while (rest.len >= 3 || (is_end && rest.len > 0)) {
        size_t len = rest.len < LINE_BYTES ? rest.len : LINE_BYTES;
        len -= is_end && len == rest.len ? 0 : len % 3; /* only the last line may be padded */
        write_line(gw_view_sub(rest, 0, len), out);
        rest = gw_view_sub(rest, len, GW_NPOS);
    }
    input->carried = rest.len;
    if (rest.len > 0) {
        memcpy(input->carry, rest.data, rest.len);
    }
    if (is_end) {
        gw_buf_add_text(out, ".\n");
    }
    gw_wipe(whole.data, whole.len);
    gw_buf_clear(&whole);
}
