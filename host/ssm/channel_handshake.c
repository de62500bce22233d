/* The channel's side of the handshake: the request, which may have to wait for a key, and the challenge
 * that proves it. */
#include "ssm/internal.h"

static void send_answer(struct gw_ssm_channel *channel, const struct gw_ssm_response *response)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_ssm_write_response(response, &payload);
    channel_queue(channel, GW_SSM_HANDSHAKE_RESPONSE, gw_buf_view(&payload));
    gw_buf_clear(&payload);
    channel_flush(channel);
}

/* An action that is not agreed to ends the session, but the agent is told which first. `problem`:
 * why there is no key; NULL: there is one, or none is asked for. */
static void answer(struct gw_ssm_channel *channel, const struct gw_ssm_request *request,
                   struct gw_view key, const struct gw_err *problem)
{
    struct answer answered;
    struct gw_err err;
    struct gw_view keyless = problem != NULL ? gw_view_of(problem->message) : GW_VIEW("");
    answer_request(request, key, keyless, &answered);
    send_answer(channel, &answered.response);
    if (problem != NULL) {
        channel_end(channel, GW_VIEW(""), problem);
    } else if (answered.refused.len > 0) {
        gw_fail(&err, GW_ERR_PROTOCOL, "session: the agent asks for '%.*s', which is not supported",
                GW_VIEW_ARGS(answered.refused));
        channel_end(channel, GW_VIEW(""), &err);
    }
}

void channel_receive_request(struct gw_ssm_channel *channel, struct gw_view payload)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_ssm_request request;
    struct gw_err err;
    if (!gw_ssm_read_request(payload, arena, &request, &err)) {
        channel_end(channel, GW_VIEW(""), &err);
    } else if (answer_key_id(&request).len > 0 && channel->events.key != NULL) {
        gw_buf_clear(&channel->request);
        gw_buf_add(&channel->request, payload);
        channel->events.key(channel->ctx, answer_key_id(&request));
    } else {
        answer(channel, &request, GW_VIEW(""), NULL);
    }
    gw_arena_free(arena);
}

/* Answers the request that has waited for a key. */
void channel_answer_waiting(struct gw_ssm_channel *channel, struct gw_view key,
                            const struct gw_err *problem)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_ssm_request request;
    if (gw_ssm_read_request(gw_buf_view(&channel->request), arena, &request, NULL)) {
        answer(channel, &request, key, problem);
    }
    gw_buf_clear(&channel->request);
    gw_arena_free(arena);
}

void channel_fail_cipher(struct gw_ssm_channel *channel)
{
    struct gw_err err;
    gw_fail(&err, GW_ERR_PROTOCOL,
            "session: what the agent sent is not encrypted with the key of this session");
    channel_end(channel, GW_VIEW(""), &err);
}

/* That both have the same key is proved with bytes of the agent's. */
void channel_receive_challenge(struct gw_ssm_channel *channel, struct gw_view payload)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view challenge;
    struct gw_buf plain, sealed, response;
    gw_buf_init(&response, MAX_CONTROL_BYTES);
    gw_buf_init(&sealed, 0);
    gw_buf_init(&plain, 0);
    if (channel->cipher.is_on && gw_ssm_read_challenge(payload, arena, &challenge, NULL) &&
        cipher_open(&channel->cipher, challenge, &plain) &&
        cipher_close(&channel->cipher, gw_buf_view(&plain), &sealed)) {
        gw_ssm_write_challenge(gw_buf_view(&sealed), &response);
        channel_queue(channel, GW_SSM_ENCRYPTION_RESPONSE, gw_buf_view(&response));
        channel_flush(channel);
    } else {
        channel_fail_cipher(channel);
    }
    gw_buf_clear(&plain);
    gw_buf_clear(&sealed);
    gw_buf_clear(&response);
    gw_arena_free(arena);
}
