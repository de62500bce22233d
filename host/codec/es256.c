/* es256: ECDSA on the curve P-256 with SHA-256, as JSON web signatures want it, by OpenSSL. */
#include "codec/codec.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define PEM_MAX_BYTES 8192
#define DER_MAX_BYTES 128

static EVP_PKEY *read_key(struct gw_view pem)
{
    if (pem.len > PEM_MAX_BYTES) {
        return NULL;
    }
    char no_passphrase[] = ""; /* else OpenSSL would ask for one at the terminal */
    BIO *bio = BIO_new_mem_buf(pem.data ? pem.data : "", (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_passphrase) : NULL;
    BIO_free(bio);
    return key;
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[64] = "";
    size_t len = 0;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static bool get_coordinate(const EVP_PKEY *key, const char *name, unsigned char *out)
{
    BIGNUM *number = NULL;
    bool ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
              BN_bn2binpad(number, out, GW_ES256_HALF) == GW_ES256_HALF;
    BN_free(number);
    return ok;
}

/* From OpenSSL's form of a pair of numbers to the two side by side. */
static bool unpack_signature(const unsigned char *der, size_t len, unsigned char *out)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool ok =
        pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, GW_ES256_HALF) == GW_ES256_HALF &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + GW_ES256_HALF, GW_ES256_HALF) == GW_ES256_HALF;
    ECDSA_SIG_free(pair);
    return ok;
}

static bool sign(EVP_PKEY *key, struct gw_view bytes, unsigned char *out)
{
    unsigned char der[DER_MAX_BYTES];
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(ctx, der, &len, (const unsigned char *)bytes.data, bytes.len) == 1 &&
              unpack_signature(der, len, out);
    EVP_MD_CTX_free(ctx);
    return ok;
}

bool gw_es256_public(struct gw_view pem, unsigned char out[2 * GW_ES256_HALF])
{
    EVP_PKEY *key = read_key(pem);
    bool ok = key && is_p256(key) && get_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, out) &&
              get_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, out + GW_ES256_HALF);
    EVP_PKEY_free(key);
    return ok;
}

bool gw_es256_sign(struct gw_view pem, struct gw_view bytes, unsigned char out[2 * GW_ES256_HALF])
{
    EVP_PKEY *key = read_key(pem);
    bool ok = key && is_p256(key) && sign(key, bytes, out);
    EVP_PKEY_free(key);
    return ok;
}
