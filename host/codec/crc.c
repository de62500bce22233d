/* crc: the cyclic redundancy checks, all of them "reflected": the lowest bit first, begun with all
 * ones and inverted at the end. Eight bytes a step, by the tables of "slicing by 8", which are made
 * when they are first used. */
#include "codec/internal.h"

#define SLICES 8

struct crc {
    uint64_t polynomial; /* reflected */
    uint64_t ones;       /* as many as the check has bits */
    bool ready;
    uint64_t table[SLICES][256]; /* [n]: what a byte does, n bytes later */
};

static struct crc crcs[] = {
    [GW_CRC32] = {.polynomial = 0xedb88320u, .ones = UINT32_MAX},
    [GW_CRC32C] = {.polynomial = 0x82f63b78u, .ones = UINT32_MAX},
    [GW_CRC64NVME] = {.polynomial = 0x9a6c9329ac4bc9b5u, .ones = UINT64_MAX},
};

static uint64_t shift_out_byte(uint64_t crc, uint64_t polynomial)
{
    for (int bit = 0; bit < 8; bit++) {
        crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
    }
    return crc;
}

static const struct crc *get_crc(enum gw_crc kind)
{
    struct crc *crc = &crcs[kind];
    if (crc->ready) {
        return crc;
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        crc->table[0][byte] = shift_out_byte(byte, crc->polynomial);
    }
    for (unsigned i = 256; i < 256 * SLICES; i++) {
        uint64_t before = crc->table[i / 256 - 1][i % 256];
        crc->table[i / 256][i % 256] = before >> 8 ^ crc->table[0][before & 0xff];
    }
    crc->ready = true;
    return crc;
}

static uint64_t read_little_endian(const unsigned char *bytes)
{
    uint64_t number = 0;
    for (int i = SLICES - 1; i >= 0; i--) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static uint64_t add_slices(const struct crc *crc, uint64_t state)
{
    uint64_t sum = 0;
    for (int i = 0; i < SLICES; i++) {
        sum ^= crc->table[SLICES - 1 - i][state >> (8 * i) & 0xff];
    }
    return sum;
}

uint64_t gw_crc_add(enum gw_crc kind, uint64_t before, struct gw_view bytes)
{
    const struct crc *crc = get_crc(kind);
    const unsigned char *at = (const unsigned char *)bytes.data;
    size_t left = bytes.len;
    uint64_t state = before ^ crc->ones;
    for (; left >= SLICES; left -= SLICES, at += SLICES) {
        state = add_slices(crc, state ^ read_little_endian(at));
    }
    for (; left > 0; left--, at++) {
        state = state >> 8 ^ crc->table[0][(state ^ *at) & 0xff];
    }
    return state ^ crc->ones;
}
