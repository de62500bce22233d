/* codec, inside: what its files share. */
#ifndef GW_CODEC_INTERNAL_H
#define GW_CODEC_INTERNAL_H

#include "codec/codec.h"

#define GW_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the UTF-8 sequence at `at`, 1 to 4; 0 when the bytes there are none. */
size_t gw_utf8_sequence(struct gw_view text, size_t at);

/* Where an offset lies for a reader; both count from 1, columns in bytes. */
struct gw_position {
    size_t line, column;
};
struct gw_position gw_position_of(struct gw_view text, size_t offset);

#endif
