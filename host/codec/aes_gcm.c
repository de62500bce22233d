/* AES-256-GCM, by OpenSSL (NIST SP 800-38D). */
#include <openssl/evp.h>
#include <stdlib.h>

#include "codec/codec.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16

static EVP_CIPHER_CTX *new_cipher(void)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (cipher == NULL) {
        abort(); /* out of memory */
    }
    return cipher;
}

bool gw_aes_gcm_close(struct gw_view bytes, const unsigned char key[GW_AES_KEY_BYTES],
                      struct gw_buf *out)
{
    unsigned char nonce[NONCE_BYTES], tag[TAG_BYTES];
    unsigned char *sealed = gw_alloc(bytes.len + 1);
    EVP_CIPHER_CTX *cipher = new_cipher();
    int len = 0, rest = 0;
    gw_random(nonce, sizeof nonce);
    bool made = bytes.len <= INT32_MAX &&
                EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
                EVP_EncryptUpdate(cipher, sealed, &len, (const unsigned char *)bytes.data,
                                  (int)bytes.len) == 1 &&
                EVP_EncryptFinal_ex(cipher, sealed + len, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, sizeof tag, tag) == 1 &&
                gw_buf_add(out, (struct gw_view){(const char *)nonce, sizeof nonce}) &&
                gw_buf_add(out, (struct gw_view){(const char *)sealed, (size_t)(len + rest)}) &&
                gw_buf_add(out, (struct gw_view){(const char *)tag, sizeof tag});
    EVP_CIPHER_CTX_free(cipher);
    free(sealed);
    return made;
}

bool gw_aes_gcm_open(struct gw_view box, const unsigned char key[GW_AES_KEY_BYTES],
                     struct gw_buf *out)
{
    if (box.len < GW_AES_GCM_OVERHEAD || box.len > INT32_MAX) {
        return false;
    }
    const unsigned char *nonce = (const unsigned char *)box.data;
    const unsigned char *sealed = nonce + NONCE_BYTES;
    int sealed_len = (int)(box.len - GW_AES_GCM_OVERHEAD);
    unsigned char *opened = gw_alloc((size_t)sealed_len + 1);
    EVP_CIPHER_CTX *cipher = new_cipher();
    int len = 0, rest = 0;
    bool right = EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
                 EVP_DecryptUpdate(cipher, opened, &len, sealed, sealed_len) == 1 &&
                 EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
                                     (void *)(sealed + sealed_len)) == 1 &&
                 EVP_DecryptFinal_ex(cipher, opened + len, &rest) == 1 &&
                 gw_buf_add(out, (struct gw_view){(const char *)opened, (size_t)(len + rest)});
    gw_wipe(opened, (size_t)sealed_len);
    EVP_CIPHER_CTX_free(cipher);
    free(opened);
    return right;
}
