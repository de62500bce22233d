/* AES-256-GCM and the texts of a WebSocket's handshake. */
#include "codec/codec.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const unsigned char KEY[GW_AES_KEY_BYTES] = {1, 2, 3};

static void what_is_closed_opens_with_its_key_only(void **state)
{
    (void)state;
    static const unsigned char other[GW_AES_KEY_BYTES] = {1, 2, 4};
    struct gw_buf box, opened;
    gw_buf_init(&box, 1024);
    gw_buf_init(&opened, 1024);
    assert_true(gw_aes_gcm_close(GW_VIEW("ls -l\r"), KEY, &box));
    assert_int_equal(box.len, 6 + GW_AES_GCM_OVERHEAD);
    assert_true(gw_aes_gcm_open(gw_buf_view(&box), KEY, &opened));
    assert_string_equal(opened.data, "ls -l\r");
    gw_buf_reset(&opened);
    assert_false(gw_aes_gcm_open(gw_buf_view(&box), other, &opened));
    for (size_t i = 0; i < box.len; i++) {
        box.data[i] ^= 1;
        assert_false(gw_aes_gcm_open(gw_buf_view(&box), KEY, &opened));
        box.data[i] ^= 1;
        assert_false(gw_aes_gcm_open(gw_view_sub(gw_buf_view(&box), 0, i), KEY, &opened));
    }
    assert_int_equal(opened.len, 0);
    gw_buf_clear(&box);
    gw_buf_clear(&opened);
}

/* Case 14 of the submission of GCM to NIST: a key and a nonce of zeros, one block of zeros. */
static void the_published_case_opens(void **state)
{
    (void)state;
    static const unsigned char zeros[32];
    static const char box[] = "\0\0\0\0\0\0\0\0\0\0\0\0"
                              "\xce\xa7\x40\x3d\x4d\x60\x6b\x6e\x07\x4e\xc5\xd3\xba\xf3\x9d\x18"
                              "\xd0\xd1\xc8\xa7\x99\x99\x6b\xf0\x26\x5b\x98\xb5\xd4\x8a\xb9\x19";
    struct gw_buf opened;
    gw_buf_init(&opened, 64);
    assert_true(gw_aes_gcm_open((struct gw_view){box, sizeof box - 1}, zeros, &opened));
    assert_int_equal(opened.len, 16);
    assert_memory_equal(opened.data, zeros, 16);
    gw_buf_clear(&opened);
}

/* The example of RFC 6455, 1.3. */
static void a_server_proves_that_it_has_read_the_key(void **state)
{
    (void)state;
    char accept[GW_WEBSOCKET_ACCEPT_SIZE], key[GW_WEBSOCKET_KEY_SIZE];
    gw_websocket_accept(GW_VIEW("dGhlIHNhbXBsZSBub25jZQ=="), accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    gw_websocket_key(key);
    assert_int_equal(strlen(key), 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_closed_opens_with_its_key_only),
        cmocka_unit_test(the_published_case_opens),
        cmocka_unit_test(a_server_proves_that_it_has_read_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
