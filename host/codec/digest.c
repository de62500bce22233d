/* digest: SHA-256, SHA-1, HMAC and random bytes, by OpenSSL. These cannot fail for a caller to handle; if
 * the library itself is broken the process ends, as nothing can be signed any more. */
#include "codec/internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_NO_CRYPTO 70

void gw_crypto_check(bool worked, const char *what)
{
    if (!worked) {
        fprintf(stderr, "gwrun: openssl: %s does not work\n", what);
        exit(EXIT_NO_CRYPTO);
    }
}

void gw_sha256(struct gw_view bytes, unsigned char out[GW_SHA256_LEN])
{
    gw_crypto_check(EVP_Digest(bytes.data, bytes.len, out, NULL, EVP_sha256(), NULL) == 1,
                    "SHA-256");
}

void gw_sha256_hex(struct gw_view bytes, char out[2 * GW_SHA256_LEN + 1])
{
    unsigned char digest[GW_SHA256_LEN];
    gw_sha256(bytes, digest);
    gw_hex_write(digest, sizeof digest, out);
    out[2 * GW_SHA256_LEN] = '\0';
}

void gw_sha1_hex(struct gw_view bytes, char out[2 * GW_SHA1_LEN + 1])
{
    unsigned char digest[GW_SHA1_LEN];
    gw_crypto_check(EVP_Digest(bytes.data, bytes.len, digest, NULL, EVP_sha1(), NULL) == 1,
                    "SHA-1");
    gw_hex_write(digest, sizeof digest, out);
    out[2 * GW_SHA1_LEN] = '\0';
}

void gw_hmac_sha256(struct gw_view key, struct gw_view bytes, unsigned char out[GW_SHA256_LEN])
{
    const char *key_data = key.len > 0 ? key.data : "";
    gw_crypto_check(HMAC(EVP_sha256(), key_data, (int)key.len, (const unsigned char *)bytes.data,
                         bytes.len, out, NULL) != NULL,
                    "HMAC");
}

bool gw_equal_constant_time(struct gw_view a, struct gw_view b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

void gw_random(void *out, size_t len)
{
    gw_crypto_check(RAND_bytes(out, (int)len) == 1, "the random generator");
}

void gw_uuid4(char out[37])
{
    unsigned char bytes[16];
    gw_random(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* RFC 4122 variant */
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        gw_hex_write(&bytes[i], 1, out);
        out += 2;
    }
    *out = '\0';
}
