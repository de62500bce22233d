/* Checksums against their published check values, and gzip. */
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
    const char *name;  /* as the models spell it */
    const char *nine;  /* of "123456789" */
    const char *empty; /* of nothing */
};

/* CRCs: the catalogue of parametrised CRC algorithms; SHA and MD5: FIPS 180, RFC 1321; XXHash: the
 * reference program. */
static const struct row rows[] = {
    {"CRC32", "cbf43926", "00000000"},
    {"CRC32C", "e3069283", "00000000"},
    {"CRC64NVME", "ae8b14860a799888", "0000000000000000"},
    {"SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
     "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"SHA512",
     "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a"
     "d27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {"MD5", "25f9e794323b453885f5181f1b624d0b", "d41d8cd98f00b204e9800998ecf8427e"},
    {"XXHASH64", "8cb841db40e6ae83", "ef46db3751d8e999"},
    {"XXHASH3", "72dcb18b67a17dff", "2d06800538d394c2"},
    {"XXHASH128", "33119477ede5dcd5e9716427681d5860", "99aa06d3014798d86001c324468d497f"},
};

static void finish_hex(struct gw_checksum_state *checksum, char *hex)
{
    unsigned char bytes[GW_CHECKSUM_MAX_LEN];
    size_t len = gw_checksum_finish(checksum, bytes);
    gw_hex_write(bytes, len, hex);
    hex[2 * len] = '\0';
}

static struct gw_checksum_state *new_checksum(const char *name)
{
    enum gw_checksum_kind kind;
    assert_true(gw_checksum_find(gw_view_of(name), &kind));
    assert_true(gw_view_equal_nocase(gw_checksum_name(kind), gw_view_of(name)));
    return gw_checksum_new(kind);
}

static void published_check_values(void **state)
{
    char hex[2 * GW_CHECKSUM_MAX_LEN + 1];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_checksum_state *checksum = new_checksum(rows[i].name);
        finish_hex(checksum, hex);
        assert_string_equal(hex, rows[i].empty);
        gw_checksum_reset(checksum);
        gw_checksum_add(checksum, GW_VIEW("123456789"));
        finish_hex(checksum, hex);
        assert_string_equal(hex, rows[i].nine);
        gw_checksum_free(checksum);
    }
}

static void the_pieces_do_not_matter(void **state)
{
    char text[1000], whole[2 * GW_CHECKSUM_MAX_LEN + 1], pieces[2 * GW_CHECKSUM_MAX_LEN + 1];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)(i * i + 7);
    }
    for (size_t row = 0; row < COUNT(rows); row++) {
        struct gw_checksum_state *checksum = new_checksum(rows[row].name);
        gw_checksum_add(checksum, (struct gw_view){text, sizeof text});
        finish_hex(checksum, whole);
        gw_checksum_reset(checksum);
        for (size_t at = 0, len = 0; at < sizeof text; at += len, len = (len + 1) % 23) {
            gw_checksum_add(checksum, gw_view_sub((struct gw_view){text, sizeof text}, at, len));
        }
        finish_hex(checksum, pieces);
        assert_string_equal(pieces, whole);
        gw_checksum_free(checksum);
    }
}

static void unknown_names_are_not_found(void **state)
{
    enum gw_checksum_kind kind;
    (void)state;
    assert_false(gw_checksum_find(GW_VIEW("CRC16"), &kind));
    assert_false(gw_checksum_find(GW_VIEW("CRC32 "), &kind));
    assert_false(gw_checksum_find(GW_VIEW_NONE, &kind));
}

static void gzip_frames_its_stream(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 1000);
    assert_true(gw_gzip_write(GW_VIEW("hello hello hello hello"), &out));
    assert_memory_equal(out.data, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02", 9);
    assert_memory_equal(out.data + out.len - 4, "\x17\x00\x00\x00", 4);
    gw_buf_clear(&out);
    assert_true(gw_gzip_write(GW_VIEW_NONE, &out));
    assert_int_equal(out.len, 20);
    gw_buf_clear(&out);
}

static void gzip_ends_at_the_ceiling(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 16);
    assert_false(gw_gzip_write(GW_VIEW("hello hello hello hello"), &out));
    gw_buf_clear(&out);
}

static void gzip_is_read_back(void **state)
{
    (void)state;
    struct gw_buf packed, out;
    struct gw_err err = {0};
    gw_buf_init(&packed, 1024);
    gw_buf_init(&out, 23);
    assert_true(gw_gzip_write(GW_VIEW("hello hello hello hello"), &packed));
    assert_true(gw_gzip_read(gw_buf_view(&packed), &out, &err));
    assert_string_equal(out.data, "hello hello hello hello");

    gw_buf_clear(&out);
    gw_buf_init(&out, 22);
    assert_false(gw_gzip_read(gw_buf_view(&packed), &out, &err));
    assert_string_equal(err.message, "gzip: more than 22 bytes inside");
    gw_buf_clear(&out);
    gw_buf_clear(&packed);
}

static void what_is_no_gzip_stream_is_told(void **state)
{
    (void)state;
    struct gw_buf packed, out;
    gw_buf_init(&packed, 1024);
    gw_buf_init(&out, 1024);
    assert_true(gw_gzip_write(GW_VIEW("hello hello hello hello"), &packed));
    struct gw_view whole = gw_buf_view(&packed);
    struct {
        struct gw_view bytes;
        const char *message;
    } cases[] = {
        {GW_VIEW("plain text"), "gzip: not a gzip stream, or a damaged one"},
        {GW_VIEW_NONE, "gzip: the stream ends too early"},
        {gw_view_sub(whole, 0, whole.len - 1), "gzip: the stream ends too early"},
        {{whole.data, whole.len + 1}, "gzip: bytes behind the stream"}, /* the buffer's own NUL */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gw_err err = {0};
        gw_buf_reset(&out);
        assert_false(gw_gzip_read(cases[i].bytes, &out, &err));
        assert_string_equal(err.message, cases[i].message);
    }
    gw_buf_clear(&out);
    gw_buf_clear(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_check_values),
        cmocka_unit_test(the_pieces_do_not_matter),
        cmocka_unit_test(unknown_names_are_not_found),
        cmocka_unit_test(gzip_frames_its_stream),
        cmocka_unit_test(gzip_ends_at_the_ceiling),
        cmocka_unit_test(gzip_is_read_back),
        cmocka_unit_test(what_is_no_gzip_stream_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
