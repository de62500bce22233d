/* checksum: the checksums of AWS's models, piece by piece, behind one face. */
#include "codec/internal.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct gw_checksum_state {
    enum gw_checksum_kind kind;
    uint64_t crc;
    EVP_MD_CTX *evp;    /* MD5 and SHA */
    XXH64_state_t *xxh; /* XXHASH64 */
    XXH3_state_t *xxh3; /* XXHASH3 and XXHASH128 */
};

static const struct {
    const char *name;
    size_t len;
} kinds[] = {
    [GW_CHECKSUM_CRC32] = {"crc32", 4},
    [GW_CHECKSUM_CRC32C] = {"crc32c", 4},
    [GW_CHECKSUM_CRC64NVME] = {"crc64nvme", 8},
    [GW_CHECKSUM_SHA1] = {"sha1", 20},
    [GW_CHECKSUM_SHA256] = {"sha256", 32},
    [GW_CHECKSUM_SHA512] = {"sha512", 64},
    [GW_CHECKSUM_MD5] = {"md5", 16},
    [GW_CHECKSUM_XXHASH64] = {"xxhash64", 8},
    [GW_CHECKSUM_XXHASH3] = {"xxhash3", 8},
    [GW_CHECKSUM_XXHASH128] = {"xxhash128", 16},
};

bool gw_checksum_find(struct gw_view name, enum gw_checksum_kind *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (gw_view_equal_nocase(name, gw_view_of(kinds[i].name))) {
            *kind = (enum gw_checksum_kind)i;
            return true;
        }
    }
    return false;
}

struct gw_view gw_checksum_name(enum gw_checksum_kind kind)
{
    return gw_view_of(kinds[kind].name);
}

size_t gw_checksum_len(enum gw_checksum_kind kind)
{
    return kinds[kind].len;
}

static const EVP_MD *digest_of(enum gw_checksum_kind kind)
{
    switch (kind) {
    case GW_CHECKSUM_SHA1:
        return EVP_sha1();
    case GW_CHECKSUM_SHA256:
        return EVP_sha256();
    case GW_CHECKSUM_SHA512:
        return EVP_sha512();
    case GW_CHECKSUM_MD5:
        return EVP_md5();
    default:
        return NULL;
    }
}

static void check(const struct gw_checksum_state *state, bool worked)
{
    gw_crypto_check(worked, kinds[state->kind].name);
}

struct gw_checksum_state *gw_checksum_new(enum gw_checksum_kind kind)
{
    struct gw_checksum_state *state = gw_alloc(sizeof *state);
    state->kind = kind;
    if (digest_of(kind)) {
        state->evp = EVP_MD_CTX_new();
        check(state, state->evp != NULL);
    } else if (kind == GW_CHECKSUM_XXHASH64) {
        state->xxh = XXH64_createState();
        check(state, state->xxh != NULL);
    } else if (kind == GW_CHECKSUM_XXHASH3 || kind == GW_CHECKSUM_XXHASH128) {
        state->xxh3 = XXH3_createState();
        check(state, state->xxh3 != NULL);
    }
    gw_checksum_reset(state);
    return state;
}

void gw_checksum_free(struct gw_checksum_state *state)
{
    if (state) {
        EVP_MD_CTX_free(state->evp);
        XXH64_freeState(state->xxh);
        XXH3_freeState(state->xxh3);
        free(state);
    }
}

void gw_checksum_reset(struct gw_checksum_state *state)
{
    state->crc = 0;
    if (state->evp) {
        check(state, EVP_DigestInit_ex(state->evp, digest_of(state->kind), NULL) == 1);
    } else if (state->xxh) {
        XXH64_reset(state->xxh, 0);
    } else if (state->kind == GW_CHECKSUM_XXHASH3) {
        XXH3_64bits_reset(state->xxh3);
    } else if (state->kind == GW_CHECKSUM_XXHASH128) {
        XXH3_128bits_reset(state->xxh3);
    }
}

void gw_checksum_add(struct gw_checksum_state *state, struct gw_view bytes)
{
    if (bytes.len == 0) {
        return;
    }
    switch (state->kind) {
    case GW_CHECKSUM_CRC32:
        state->crc = gw_crc_add(GW_CRC32, state->crc, bytes);
        break;
    case GW_CHECKSUM_CRC32C:
        state->crc = gw_crc_add(GW_CRC32C, state->crc, bytes);
        break;
    case GW_CHECKSUM_CRC64NVME:
        state->crc = gw_crc_add(GW_CRC64NVME, state->crc, bytes);
        break;
    case GW_CHECKSUM_XXHASH64:
        XXH64_update(state->xxh, bytes.data, bytes.len);
        break;
    case GW_CHECKSUM_XXHASH3:
        XXH3_64bits_update(state->xxh3, bytes.data, bytes.len);
        break;
    case GW_CHECKSUM_XXHASH128:
        XXH3_128bits_update(state->xxh3, bytes.data, bytes.len);
        break;
    default:
        check(state, EVP_DigestUpdate(state->evp, bytes.data, bytes.len) == 1);
    }
}

static void put_big_endian(uint64_t number, size_t len, unsigned char *out)
{
    for (size_t i = len; i > 0; i--, number >>= 8) {
        out[i - 1] = (unsigned char)number;
    }
}

static void finish_xxh128(struct gw_checksum_state *state, unsigned char *out)
{
    XXH128_hash_t hash = XXH3_128bits_digest(state->xxh3);
    put_big_endian(hash.high64, 8, out);
    put_big_endian(hash.low64, 8, out + 8);
}

size_t gw_checksum_finish(struct gw_checksum_state *state, unsigned char out[GW_CHECKSUM_MAX_LEN])
{
    size_t len = gw_checksum_len(state->kind);
    switch (state->kind) {
    case GW_CHECKSUM_CRC32:
    case GW_CHECKSUM_CRC32C:
    case GW_CHECKSUM_CRC64NVME:
        put_big_endian(state->crc, len, out);
        break;
    case GW_CHECKSUM_XXHASH64:
        put_big_endian(XXH64_digest(state->xxh), len, out);
        break;
    case GW_CHECKSUM_XXHASH3:
        put_big_endian(XXH3_64bits_digest(state->xxh3), len, out);
        break;
    case GW_CHECKSUM_XXHASH128:
        finish_xxh128(state, out);
        break;
    default:
        check(state, EVP_DigestFinal_ex(state->evp, out, NULL) == 1);
    }
    return len;
}
