/* random: chance from the simulator's seed (SplitMix64). */
#include <stdio.h>

#include "sim/internal.h"

static uint64_t next_bits(struct gw_sim_random *random)
{
    random->state += 0x9e3779b97f4a7c15u;
    uint64_t bits = random->state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

double gw_sim_random_unit(struct gw_sim_random *random)
{
    return (double)(next_bits(random) >> 11) / (double)(1ull << 53);
}

double gw_sim_random_of(uint64_t seed, struct gw_view text)
{
    struct gw_sim_random random = {.state = seed ^ 0xcbf29ce484222325u}; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++) {
        random.state = (random.state ^ (unsigned char)text.data[i]) * 0x100000001b3u;
    }
    return gw_sim_random_unit(&random);
}

void gw_sim_random_hex(struct gw_sim_random *random, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (i % 16 == 0) {
            bits = next_bits(random);
        }
        out[i] = digits[bits & 15];
        bits >>= 4;
    }
}

void gw_sim_random_uuid(struct gw_sim_random *random, char out[37])
{
    uint64_t high = (next_bits(random) & ~0xf000ull) | 0x4000;         /* version 4 */
    uint64_t low = (next_bits(random) & ~(3ull << 62)) | (2ull << 62); /* variant 1 */
    snprintf(out, 37, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xffff, (unsigned)(low >> 48),
             (unsigned long long)low & 0xffffffffffffull);
}
