/* The encryption of a session: a data key of KMS, whose first half is for what comes
 * from the agent, the other for what goes to it. */
#include <string.h>

#include "codec/codec.h"
#include "ssm/internal.h"

#define MAX_SEALED_BYTES (GW_SSM_MAX_PAYLOAD_BYTES + GW_AES_GCM_OVERHEAD)

bool cipher_set(struct cipher *cipher, struct gw_view data_key)
{
    if (data_key.len != GW_SSM_DATA_KEY_BYTES) {
        return false;
    }
    memcpy(cipher->opening, data_key.data, GW_AES_KEY_BYTES);
    memcpy(cipher->closing, data_key.data + GW_AES_KEY_BYTES, GW_AES_KEY_BYTES);
    cipher->is_on = true;
    return true;
}

void cipher_clear(struct cipher *cipher)
{
    gw_wipe(cipher, sizeof *cipher);
}

bool cipher_concerns(const struct cipher *cipher, uint32_t payload_type)
{
    return cipher->is_on && (payload_type == GW_SSM_OUTPUT || payload_type == GW_SSM_STDERR ||
                             payload_type == GW_SSM_EXIT_CODE);
}

bool cipher_open(const struct cipher *cipher, struct gw_view payload, struct gw_buf *out)
{
    gw_buf_init(out, MAX_SEALED_BYTES);
    return gw_aes_gcm_open(payload, cipher->opening, out);
}

bool cipher_close(const struct cipher *cipher, struct gw_view payload, struct gw_buf *out)
{
    gw_buf_init(out, MAX_SEALED_BYTES);
    return gw_aes_gcm_close(payload, cipher->closing, out);
}
