/* base/internal: what the files of this folder share. */
#ifndef GW_BASE_INTERNAL_H
#define GW_BASE_INTERNAL_H

#include "base/base.h"

struct gw_view gw_arena_vprintf(struct gw_arena *arena, const char *format, va_list args)
    GW_PRINTF(2, 0);

/* One line for people, ends in NUL: secrets are taken out, control characters become spaces, and
 * what is too long is cut behind a whole character. The arguments may point into `out`. */
void gw_message_write(char *out, size_t size, const char *format, va_list args) GW_PRINTF(3, 0);

/* The ways to write it inside something else, also such as are the secret itself. */
void gw_secret_each_form(struct gw_view secret, void (*add)(struct gw_view form));

#endif
