/* sealed_box: libsodium's sealed boxes (X25519, XSalsa20-Poly1305), as GitHub takes secrets: anybody can
 * close one for the holder of a key, who alone can open it.
 * https://doc.libsodium.org/public-key_cryptography/sealed_boxes */
#include <sodium.h>
#include <string.h>

#include "codec/codec.h"

_Static_assert(GW_SEALED_BOX_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "size of a public key");
_Static_assert(GW_SEALED_BOX_KEY_BYTES == crypto_box_SECRETKEYBYTES, "size of a secret key");
_Static_assert(GW_SEALED_BOX_KEY_BYTES == crypto_box_SEEDBYTES, "size of a seed");

static bool is_ready(struct gw_err *err)
{
    return sodium_init() >= 0 || gw_fail(err, GW_ERR_INTERNAL, "libsodium cannot be used");
}

/* The nonce is made of both public keys, so that it need not be sent. */
static void make_nonce(const unsigned char *ephemeral, const unsigned char *recipient,
                       unsigned char *nonce)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, crypto_box_NONCEBYTES);
    crypto_generichash_update(&state, ephemeral, crypto_box_PUBLICKEYBYTES);
    crypto_generichash_update(&state, recipient, crypto_box_PUBLICKEYBYTES);
    crypto_generichash_final(&state, nonce, crypto_box_NONCEBYTES);
}

static bool read_public_key(struct gw_view public_key, struct gw_arena *arena,
                            struct gw_view *bytes, struct gw_err *err)
{
    return (gw_base64_read(public_key, arena, bytes) && bytes->len == GW_SEALED_BOX_KEY_BYTES) ||
           gw_fail(err, GW_ERR_INPUT, "sealed box: the public key is not 32 bytes in base64");
}

bool gw_sealed_box_close(struct gw_view message, struct gw_view public_key,
                         const unsigned char secret_key[GW_SEALED_BOX_KEY_BYTES],
                         struct gw_arena *arena, struct gw_buf *out, struct gw_err *err)
{
    struct gw_view recipient;
    unsigned char nonce[crypto_box_NONCEBYTES];
    size_t len = crypto_box_SEALBYTES + message.len;
    if (!is_ready(err) || !read_public_key(public_key, arena, &recipient, err)) {
        return false;
    }
    const unsigned char *to = (const unsigned char *)recipient.data;
    unsigned char *box = gw_arena_alloc(arena, len);
    bool ok = crypto_scalarmult_base(box, secret_key) == 0;
    make_nonce(box, to, nonce);
    ok = ok && crypto_box_easy(box + crypto_box_PUBLICKEYBYTES, (const unsigned char *)message.data,
                               message.len, nonce, to, secret_key) == 0;
    if (!ok) {
        return gw_fail(err, GW_ERR_INPUT, "sealed box: the public key is none that can be used");
    }
    return gw_base64_write((struct gw_view){(const char *)box, len}, out);
}

bool gw_sealed_box_public_key(const unsigned char secret_key[GW_SEALED_BOX_KEY_BYTES],
                              struct gw_buf *out)
{
    unsigned char key[crypto_box_PUBLICKEYBYTES];
    return is_ready(NULL) && crypto_scalarmult_base(key, secret_key) == 0 &&
           gw_base64_write((struct gw_view){(const char *)key, sizeof key}, out);
}

bool gw_sealed_box_open(struct gw_view box, const unsigned char secret_key[GW_SEALED_BOX_KEY_BYTES],
                        struct gw_arena *arena, struct gw_view *message)
{
    struct gw_view bytes;
    unsigned char public_key[crypto_box_PUBLICKEYBYTES];
    if (!is_ready(NULL) || !gw_base64_read(box, arena, &bytes) ||
        bytes.len < crypto_box_SEALBYTES || crypto_scalarmult_base(public_key, secret_key) != 0) {
        return false;
    }
    unsigned char *text = gw_arena_alloc(arena, bytes.len - crypto_box_SEALBYTES + 1);
    if (crypto_box_seal_open(text, (const unsigned char *)bytes.data, bytes.len, public_key,
                             secret_key) != 0) {
        return false;
    }
    *message = (struct gw_view){(const char *)text, bytes.len - crypto_box_SEALBYTES};
    return true;
}
