/* What becomes of a body on its way out: compression, checksums in headers and behind the body, what
 * the signature covers; and the checksum of what comes back. */
#include "unit/aws/player.h"

/* ---- compression ----------------------------------------------------------------------------- */

/* PutMetricData of so many metrics, each of more than 20 bytes. */
static struct outcome put_metrics(struct fixture *f, int count)
{
    struct gw_buf input;
    gw_buf_init(&input, 1 << 20);
    gw_buf_add_text(&input, "{\"Namespace\":\"n\",\"MetricData\":[");
    for (int i = 0; i < count; i++) {
        gw_buf_add_text(&input, i > 0 ? "," : "");
        gw_buf_add_text(&input, "{\"MetricName\":\"errors\"}");
    }
    gw_buf_add_text(&input, "]}");
    PLAY(f, {.status = 200, .body = "{}"});
    struct outcome outcome = call(f, find("cloudwatch", "put_metric_data"), input.data);
    gw_buf_clear(&input);
    return outcome;
}

static void large_bodies_are_compressed_where_the_service_takes_it(void **state)
{
    struct fixture *f = *state;
    f->options.settings.min_compression_bytes = 1000;
    renew_client(f);
    put_metrics(f, 100);
    const struct sent *sent = &f->player.sent[0];
    assert_header(sent, "Content-Encoding", "gzip");
    assert_memory_equal(sent->body.data, "\x1f\x8b\x08", 3);
    assert_true(sent->body.len < 200);
}

static void small_bodies_stay_as_they_are(void **state)
{
    struct fixture *f = *state;
    f->options.settings.min_compression_bytes = 1000;
    renew_client(f);
    put_metrics(f, 1);
    assert_header(&f->player.sent[0], "Content-Encoding", "");
    assert_int_equal(f->player.sent[0].body.data[0], '{');
}

static void compression_can_be_switched_off(void **state)
{
    struct fixture *f = *state;
    f->options.settings.min_compression_bytes = 1000;
    f->options.settings.disable_compression = true;
    renew_client(f);
    put_metrics(f, 100);
    assert_header(&f->player.sent[0], "Content-Encoding", "");
}

static void services_that_do_not_take_it_get_no_compressed_body(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{}"});
    list_clusters(f); /* the fixture's ceiling is 0 */
    assert_header(&f->player.sent[0], "Content-Encoding", "");
    assert_view(f->player.sent[0].body, "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(large_bodies_are_compressed_where_the_service_takes_it),
        TEST(small_bodies_stay_as_they_are),
        TEST(compression_can_be_switched_off),
        TEST(services_that_do_not_take_it_get_no_compressed_body),
    };
    forget_the_account();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
