/* codec: bytes <-> values: JSON, XML, CBOR, base64, hex, digests, checksums, gzip, timestamps,
 * percent-encoding; and JMESPath, which picks from values.
 * Every parser states its limits; results live in the caller's arena. */
#ifndef GW_CODEC_H
#define GW_CODEC_H

#include "base/base.h"

/* ---- JSON (RFC 8259), by cJSON --------------------------------------------------------------- */

#define GW_JSON_MAX_DEPTH 256
#define GW_JSON_MAX_BYTES (64u << 20)
#define GW_JSON_MAX_ITEMS (2u << 20) /* values: the smallest take 100 times their text */

/* Parses one JSON text; trailing bytes other than white space are an error. Integers that fit
 * int64 are GW_INT, other numbers GW_DOUBLE. The message names line and column. */
bool gw_json_parse(struct gw_view text, struct gw_arena *arena, struct gw_value *out,
                   struct gw_err *err);

/* Compact when indent is 0. A secret value is written as "[secret]" unless `reveal_secrets`
 * (which only the wire may use). Doubles print the shortest text that reads back the same; NaN and
 * infinities are the strings "NaN", "Infinity", "-Infinity" (as AWS's JSON protocols write them).
 */
struct gw_json_options {
    int indent;
    bool reveal_secrets;
    bool keep_doubles; /* as Python writes them: "70.0" reads back as a double too */
};
bool gw_json_write(const struct gw_value *value, const struct gw_json_options *options,
                   struct gw_buf *out);

/* Writes `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
bool gw_json_write_string(struct gw_view text, struct gw_buf *out);

/* ---- XML, by expat --------------------------------------------------------------------------- */

#define GW_XML_MAX_DEPTH 128
#define GW_XML_MAX_BYTES (64u << 20)
#define GW_XML_MAX_ITEMS (2u << 20) /* elements and attributes */

/* An element tree. Names are local names (prefix dropped); `attributes` keep prefix:name. */
struct gw_xml_attribute {
    struct gw_view name, value;
};
struct gw_xml {
    struct gw_view name;
    struct gw_view text; /* character data directly inside, concatenated */
    struct gw_xml_attribute *attributes;
    size_t attribute_count;
    struct gw_xml *first_child, *next; /* next sibling */
};

/* No external entities, no DTD-defined entities. The message names line and column. */
bool gw_xml_parse(struct gw_view text, struct gw_arena *arena, struct gw_xml **root,
                  struct gw_err *err);
const struct gw_xml *gw_xml_child(const struct gw_xml *parent, struct gw_view name); /* or NULL */
bool gw_xml_write_text(struct gw_view text, struct gw_buf *out);      /* escapes & < > */
bool gw_xml_write_attribute(struct gw_view text, struct gw_buf *out); /* and quotes */

/* ---- CBOR (RFC 8949), by libcbor --------------------------------------------------------------- */

#define GW_CBOR_MAX_DEPTH 256
#define GW_CBOR_MAX_BYTES (64u << 20)
#define GW_CBOR_MAX_ITEMS (2u << 20)

/* Parses one item; bytes behind it are an error. Byte strings and text strings, in one part or
 * several, are GW_STRING, keys must be one of them; undefined is GW_NULL; a tag is dropped and what
 * it marks kept; integers that do not fit int64 are GW_DOUBLE. */
bool gw_cbor_parse(struct gw_view bytes, struct gw_arena *arena, struct gw_value *out,
                   struct gw_err *err);

/* One item each; a list's items or a map's keys and values are to follow its head. */
bool gw_cbor_write_int(int64_t number, struct gw_buf *out);
bool gw_cbor_write_text(struct gw_view text, struct gw_buf *out);
bool gw_cbor_write_bytes(struct gw_view bytes, struct gw_buf *out);
bool gw_cbor_write_bool(bool boolean, struct gw_buf *out);
bool gw_cbor_write_null(struct gw_buf *out);
bool gw_cbor_write_double(double number, struct gw_buf *out);
bool gw_cbor_write_float(float number, struct gw_buf *out);
bool gw_cbor_write_list(size_t count, struct gw_buf *out);
bool gw_cbor_write_map(size_t count, struct gw_buf *out);
bool gw_cbor_write_tag(uint64_t tag, struct gw_buf *out);

/* ---- JMESPath: values -> values ---------------------------------------------------------------
 * The published grammar and its 26 functions, as the AWS CLI and boto3 understand it: strings have
 * an order too, and a `bare word` between backticks is a string. */

#define GW_JMESPATH_MAX_BYTES (64u << 10) /* of an expression */
#define GW_JMESPATH_MAX_DEPTH 256         /* of nesting in an expression, and of a result */
#define GW_JMESPATH_MAX_STEPS 5000000u    /* of one search: visits, elements, 16 bytes of text */

struct gw_jmespath;

/* Lives in the arena, borrows nothing of `text`; may be searched any number of times. NULL with a
 * message that names the column, counted in bytes from 1. */
const struct gw_jmespath *gw_jmespath_compile(struct gw_view text, struct gw_arena *arena,
                                              struct gw_err *err);

/* The result shares what it took over with `value` and the expression, and has the rest in the
 * arena. What is made of a secret is secret. Fails for an argument of the wrong type. */
bool gw_jmespath_search(const struct gw_jmespath *expression, const struct gw_value *value,
                        struct gw_arena *arena, struct gw_value *out, struct gw_err *err);

/* As JMESPath's || and ! see it: null, false, "", [] and {} are false, 0 is not. */
bool gw_jmespath_is_true(const struct gw_value *value);

/* ---- event streams (application/vnd.amazon.eventstream): messages in a stream of bytes --------- */

#define GW_EVENTSTREAM_MAX_HEADERS       1024u        /* of a message */
#define GW_EVENTSTREAM_MAX_HEADER_BYTES  (128u << 10) /* all of them together */
#define GW_EVENTSTREAM_MAX_PAYLOAD_BYTES (24u << 20)

enum gw_eventstream_type { /* numbered as on the wire */
                           GW_EVENTSTREAM_TRUE,
                           GW_EVENTSTREAM_FALSE,
                           GW_EVENTSTREAM_INT8,
                           GW_EVENTSTREAM_INT16,
                           GW_EVENTSTREAM_INT32,
                           GW_EVENTSTREAM_INT64,
                           GW_EVENTSTREAM_BYTES,
                           GW_EVENTSTREAM_STRING,
                           GW_EVENTSTREAM_TIMESTAMP,
                           GW_EVENTSTREAM_UUID
};

struct gw_eventstream_header {
    struct gw_view name; /* 1 to 255 bytes, once in a message */
    enum gw_eventstream_type type;
    int64_t number;       /* of INT8 to INT64; of TIMESTAMP milliseconds since 1970 UTC */
    struct gw_view bytes; /* of BYTES and STRING up to 65535, of UUID 16 */
};

struct gw_eventstream_message {
    struct gw_eventstream_header *headers;
    size_t header_count;
    struct gw_view payload;
};

/* NULL when absent. */
const struct gw_eventstream_header *
gw_eventstream_find(const struct gw_eventstream_message *message, struct gw_view name);

/* Adds one message to `out`; false, and nothing added, where it passes a limit or the buffer's. */
bool gw_eventstream_write(const struct gw_eventstream_message *message, struct gw_buf *out,
                          struct gw_err *err);

/* Reads a stream that comes in any pieces; holds the message that is not complete yet. Between
 * messages `pending` is empty. */
struct gw_eventstream_reader {
    struct gw_buf pending;
    uint64_t offset; /* of the message in the stream */
    bool has_message;
};
void gw_eventstream_reader_init(struct gw_eventstream_reader *reader);
void gw_eventstream_reader_clear(struct gw_eventstream_reader *reader);

enum gw_eventstream_result { GW_EVENTSTREAM_MORE, GW_EVENTSTREAM_MESSAGE, GW_EVENTSTREAM_BROKEN };

/* Takes from the front of `bytes` what the next message needs. MESSAGE: the headers' array is in
 * the arena, all bytes are the reader's and valid until its next use. MORE: all of `bytes` is
 * taken. BROKEN (GW_ERR_PROTOCOL, GW_ERR_LIMIT): nothing after this can be read. A length is
 * believed only when its checksum is right. */
enum gw_eventstream_result gw_eventstream_read(struct gw_eventstream_reader *reader,
                                               struct gw_view *bytes, struct gw_arena *arena,
                                               struct gw_eventstream_message *out,
                                               struct gw_err *err);

/* ---- bytes as text --------------------------------------------------------------------------- */

bool gw_base64_write(struct gw_view bytes, struct gw_buf *out);
/* false: not base64 */
bool gw_base64_read(struct gw_view text, struct gw_arena *arena, struct gw_view *out);
void gw_hex_write(const unsigned char *bytes, size_t len,
                  char *out); /* 2 * len lower-case digits, no NUL */

/* RFC 3986: all but A-Z a-z 0-9 - _ . ~ become %XX in upper case; `keep_slash` leaves '/'. */
bool gw_percent_write(struct gw_view text, bool keep_slash, struct gw_buf *out);
/* %XX decoded, and '+' as a space where `form`; false when a % lacks its two digits. */
bool gw_percent_read(struct gw_view text, bool form, struct gw_arena *arena, struct gw_view *out);

bool gw_utf8_valid(struct gw_view text);

/* ---- digests, by OpenSSL --------------------------------------------------------------------- */

#define GW_SHA256_LEN 32
void gw_sha256(struct gw_view bytes, unsigned char out[GW_SHA256_LEN]);
void gw_sha256_hex(struct gw_view bytes, char out[2 * GW_SHA256_LEN + 1]); /* ends in NUL */
#define GW_SHA1_LEN 20
void gw_sha1_hex(struct gw_view bytes, char out[2 * GW_SHA1_LEN + 1]); /* names; proves nothing */
void gw_hmac_sha256(struct gw_view key, struct gw_view bytes, unsigned char out[GW_SHA256_LEN]);
bool gw_equal_constant_time(struct gw_view a, struct gw_view b);
void gw_random(void *out, size_t len); /* cryptographic */

/* Of a WebSocket (RFC 6455, 4): a random Sec-WebSocket-Key, and what a server answers to one. All end
 * in NUL. */
#define GW_WEBSOCKET_KEY_SIZE    25
#define GW_WEBSOCKET_ACCEPT_SIZE 29
void gw_websocket_key(char out[GW_WEBSOCKET_KEY_SIZE]);
void gw_websocket_accept(struct gw_view key, char out[GW_WEBSOCKET_ACCEPT_SIZE]);

/* AES-256 in Galois/Counter mode: a random nonce of 12 bytes, the ciphertext, a tag of 16. */
#define GW_AES_KEY_BYTES    32
#define GW_AES_GCM_OVERHEAD 28
bool gw_aes_gcm_close(struct gw_view bytes, const unsigned char key[GW_AES_KEY_BYTES],
                      struct gw_buf *out);
/* False: it was not made with this key, or was altered. */
bool gw_aes_gcm_open(struct gw_view box, const unsigned char key[GW_AES_KEY_BYTES],
                     struct gw_buf *out);

/* ---- sealed boxes, by libsodium ---------------------------------------------------------------- */

#define GW_SEALED_BOX_KEY_BYTES 32

/* Closes a message for the holder of `public_key` (base64) and appends the box (base64). `secret_key` is a
 * fresh one, used for this box only. */
bool gw_sealed_box_close(struct gw_view message, struct gw_view public_key,
                         const unsigned char secret_key[GW_SEALED_BOX_KEY_BYTES],
                         struct gw_arena *arena, struct gw_buf *out, struct gw_err *err);
/* Appends the public key (base64) of a secret one. */
bool gw_sealed_box_public_key(const unsigned char secret_key[GW_SEALED_BOX_KEY_BYTES],
                              struct gw_buf *out);
/* False: it is no box (base64) for the holder of this key, or was altered. */
bool gw_sealed_box_open(struct gw_view box, const unsigned char secret_key[GW_SEALED_BOX_KEY_BYTES],
                        struct gw_arena *arena, struct gw_view *message);
void gw_uuid4(char out[37]); /* random, lower case, ends in NUL */

/* ---- checksums -------------------------------------------------------------------------------
 * All that AWS's models name, computed piece by piece; MD5 and SHA by OpenSSL, XXHash by xxhash. */

enum gw_checksum_kind {
    GW_CHECKSUM_CRC32,
    GW_CHECKSUM_CRC32C,
    GW_CHECKSUM_CRC64NVME,
    GW_CHECKSUM_SHA1,
    GW_CHECKSUM_SHA256,
    GW_CHECKSUM_SHA512,
    GW_CHECKSUM_MD5,
    GW_CHECKSUM_XXHASH64,
    GW_CHECKSUM_XXHASH3, /* 64 bits */
    GW_CHECKSUM_XXHASH128
};

#define GW_CHECKSUM_MAX_LEN 64

bool gw_checksum_find(struct gw_view name, enum gw_checksum_kind *kind); /* in either case */
struct gw_view gw_checksum_name(enum gw_checksum_kind kind);             /* "crc64nvme" */
size_t gw_checksum_len(enum gw_checksum_kind kind); /* of the value, in bytes */

/* A checksum under way. */
struct gw_checksum_state;
struct gw_checksum_state *gw_checksum_new(enum gw_checksum_kind kind);
void gw_checksum_free(struct gw_checksum_state *state);  /* NULL is fine */
void gw_checksum_reset(struct gw_checksum_state *state); /* as if new */
void gw_checksum_add(struct gw_checksum_state *state, struct gw_view bytes);
/* The value of all that was added, most significant byte first; how many bytes it has. To be added
 * to no more, unless reset. */
size_t gw_checksum_finish(struct gw_checksum_state *state, unsigned char out[GW_CHECKSUM_MAX_LEN]);

/* ---- gzip, by zlib --------------------------------------------------------------------------- */

/* As a gzip stream without name and time: the same bytes give the same stream. */
bool gw_gzip_write(struct gw_view bytes, struct gw_buf *out);
/* One whole stream; what it holds may be as large as the buffer's limit. */
bool gw_gzip_read(struct gw_view bytes, struct gw_buf *out, struct gw_err *err);

/* ES256: the private key as PEM, at most 8 KiB. False: not such a key. */
#define GW_ES256_HALF 32
bool gw_es256_public(struct gw_view pem, unsigned char out[2 * GW_ES256_HALF]); /* x, y */
bool gw_es256_sign(struct gw_view pem, struct gw_view bytes,
                   unsigned char out[2 * GW_ES256_HALF]); /* r, s */

/* ---- timestamps ------------------------------------------------------------------------------ */

enum gw_time_format { GW_TIME_DEFAULT, GW_TIME_ISO8601, GW_TIME_RFC822, GW_TIME_UNIX };

/* Seconds since 1970 UTC. ISO prints milliseconds only where they are not zero:
 * "2015-01-25T08:00:00Z", "2015-01-25T08:00:00.123Z"; UNIX likewise "1422172800", "1422172800.123".
 */
bool gw_time_write(double epoch_s, enum gw_time_format format, struct gw_buf *out);

/* Any of the three forms, ISO with or without fraction and with Z or an offset ("UTC" too). */
bool gw_time_read(struct gw_view text, double *epoch_s);

/* "20150830T123600Z", ends in NUL: the form that signing uses. */
void gw_time_compact(int64_t epoch_s, char out[17]);

/* A duration such as "90", "90s", "10m", "1h30m", "2d" or "1.5h", in seconds. */
bool gw_duration_read(struct gw_view text, double *seconds);
bool gw_duration_write(double seconds, struct gw_buf *out); /* "45s", "2m 30s", "1h 05m" */

#endif
