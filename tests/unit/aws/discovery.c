/* A service that says itself where an account asks it: how often it is asked that, and what is done when
 * it says nothing. */
#include "unit/aws/player.h"

#define SAYS(address, minutes)                                                                     \
    {                                                                                              \
        .status = 200, .body = "{\"Endpoints\":[{\"Address\":\"" address                           \
                               "\",\"CachePeriodInMinutes\":" minutes "}]}"                        \
    }
#define DONE                                                                                       \
    {                                                                                              \
        .status = 200, .body = "{}"                                                                \
    }

static const struct gw_models *models;

static const struct gw_operation *placed(const char *name)
{
    const struct gw_service *service = gw_models_find(models, GW_VIEW("placed"));
    const struct gw_operation *op = gw_service_find_operation(service, gw_view_of(name));
    assert_non_null(op);
    return op;
}

static struct outcome list_things(struct fixture *f)
{
    return call(f, placed("list_things"), "{}");
}

static void assert_sent(const struct fixture *f, const char *const *urls, size_t count)
{
    assert_int_equal(f->player.sent_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_view(f->player.sent[i].url, urls[i]);
    }
}
#define ASSERT_SENT(f, ...)                                                                        \
    assert_sent(f, (const char *const[]){__VA_ARGS__},                                             \
                sizeof(const char *[]){__VA_ARGS__} / sizeof(char *))

#define ASKED "https://placed.eu-central-1.example/"

static void wait_minutes(struct fixture *f, int64_t minutes);

static void the_service_is_asked_once_for_as_long_as_it_says(void **state)
{
    struct fixture *f = *state;
    PLAY(f, SAYS("cell1.placed.example", "2"), DONE, DONE, SAYS("cell2.placed.example", "2"), DONE);
    assert_int_equal(list_things(f).attempts, 1);
    list_things(f);
    wait_minutes(f, 2);
    list_things(f);
    ASSERT_SENT(f, ASKED, "https://cell1.placed.example/", "https://cell1.placed.example/", ASKED,
                "https://cell2.placed.example/");
    assert_header(&f->player.sent[0], "x-amz-target", "Placed.DescribeEndpoints");
    assert_header(&f->player.sent[0], "x-amz-api-version", "2018-11-01");
    assert_header(&f->player.sent[1], "x-amz-target", "Placed.ListThings");
}

static void calls_of_the_same_time_wait_for_one_answer(void **state)
{
    struct fixture *f = *state;
    struct outcome first, second, third;
    PLAY(f, SAYS("cell1.placed.example", "2"), DONE);
    start(f, placed("list_things"), "{}", &first);
    struct gw_call *left = start(f, placed("list_things"), "{}", &second);
    start(f, placed("list_things"), "{}", &third);
    gw_call_cancel(left);
    run(f);
    assert_int_equal(first.calls + second.calls + third.calls, 2);
    assert_int_equal(f->player.sent_count, 3);
}

static void without_an_answer_the_call_says_why(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400, .body = "{\"__type\":\"AccessDenied\",\"message\":\"no\"}"},
         {.status = 200, .body = "{\"Endpoints\":[]}"});
    assert_string_equal(
        list_things(f).err.message,
        "placed:ListThings: placed does not say where to ask it: no (AccessDenied)");
    assert_string_equal(list_things(f).err.message,
                        "placed:ListThings: placed does not say where to ask it: the answer names "
                        "no endpoint");
}

static void what_was_said_last_serves_where_asking_fails(void **state)
{
    struct fixture *f = *state;
    PLAY(f, SAYS("cell1.placed.example", "1"), DONE,
         {.status = 400, .body = "{\"__type\":\"AccessDenied\",\"message\":\"no\"}"}, DONE);
    list_things(f);
    wait_minutes(f, 1);
    list_things(f);
    list_things(f);
    ASSERT_SENT(f, ASKED, "https://cell1.placed.example/", ASKED, "https://cell1.placed.example/",
                "https://cell1.placed.example/");
}

static void a_place_that_refuses_is_asked_for_anew(void **state)
{
    struct fixture *f = *state;
    PLAY(f, SAYS("cell1.placed.example", "9"), {.status = 421, .body = "{}"},
         SAYS("cell2.placed.example", "9"), DONE);
    assert_int_equal(list_things(f).attempts, 2);
    ASSERT_SENT(f, ASKED, "https://cell1.placed.example/", ASKED, "https://cell2.placed.example/");
}

static void a_custom_endpoint_is_asked_nothing(void **state)
{
    struct fixture *f = *state;
    f->options.settings.endpoint_url = GW_VIEW("http://localhost:4566");
    renew_client(f);
    PLAY(f, DONE);
    list_things(f);
    ASSERT_SENT(f, "http://localhost:4566/");
}

static void a_client_may_end_while_calls_wait(void **state)
{
    struct fixture *f = *state;
    struct outcome outcome;
    PLAY(f, SAYS("cell1.placed.example", "2"));
    start(f, placed("list_things"), "{}", &outcome);
    renew_client(f);
    run(f);
    assert_int_equal(outcome.calls, 0);
}

static void on_time(void *ctx)
{
    (void)ctx;
}

static void wait_minutes(struct fixture *f, int64_t minutes)
{
    gw_timer_start(f->loop, minutes * 60000, on_time, NULL);
    run(f);
}

static int open_table(void **state)
{
    (void)state;
    enum { TABLE_MAX = 1 << 20 };
    static char bytes[TABLE_MAX] __attribute__((aligned(8)));
    FILE *file = fopen(GW_PLACED_TABLE, "rb");
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    models = gw_models_open((struct gw_view){bytes, len}, NULL);
    if (file) {
        fclose(file);
    }
    return models == NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_service_is_asked_once_for_as_long_as_it_says),
        TEST(calls_of_the_same_time_wait_for_one_answer),
        TEST(without_an_answer_the_call_says_why),
        TEST(what_was_said_last_serves_where_asking_fails),
        TEST(a_place_that_refuses_is_asked_for_anew),
        TEST(a_custom_endpoint_is_asked_nothing),
        TEST(a_client_may_end_while_calls_wait),
    };
    forget_the_account();
    return cmocka_run_group_tests(tests, open_table, NULL);
}
