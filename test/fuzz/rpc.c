/*
 * The goal: no packet makes the reader of an agent's requests do wrong, nor the reader of what the
 * platform delivers, which runs inside the range. What is taken is within its limits, and whatever
 * is refused can be answered.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/agent/agent.h"
#include "live/wire/channel.h"
#include "live/wire/table.h"
#include "trace/record.h"

static void name_check(const char *name)
{
    if (name != NULL && (name[0] == '\0' || strlen(name) > 79))
        abort();
}

static void call_check(const struct call *call)
{
    size_t count;
    const struct param *params = tool_params(call->method, &count);

    if (call->method >= METHOD_COUNT || (call->id == NULL) != tool_is_note(call->method) ||
        call->because.kind > BECAUSE_SIGNAL || call->health > HEALTH_FAILED ||
        call->how > HOW_STOP_ASKED || call->state > PEER_LEFT || call->choice >> CHOICE_COUNT ||
        call->state_size > CHECKPOINT_BYTES_MAX)
        abort();
    name_check(call->agent);
    name_check(call->to);
    name_check(call->by);
    name_check(call->via);
    name_check(call->because.agent);
    for (size_t i = 0; i < count; i++) {
        const char *field = (const char *)call + params[i].offset;

        if (params[i].required && params[i].type == PARAM_NAME &&
            *(const char *const *)(const void *)field == NULL)
            abort();
    }
    if (call->method == METHOD_SESSION_OPEN && (call->token == NULL || strlen(call->token) != 64))
        abort();
}

/* An answer can be made, is one, and is this one's. */
static void answer_check(const json_t *id, int code, const char *words)
{
    static char bytes[CHANNEL_BYTES];
    struct delivered delivered;
    size_t size = answer_error(bytes, sizeof bytes, id, 1, code, words, NULL);

    if (size == 0)
        abort();
    delivered_read(&delivered, bytes, size);
    delivered_close(&delivered);
}

static int call_try(const uint8_t *data, size_t size)
{
    char words[256];
    struct call call;
    json_t *id;
    int code;

    memset(words, 'x', sizeof words);
    code = call_read(&call, (const char *)data, size, &id, words);
    if (memchr(words, '\0', sizeof words) == NULL)
        abort();
    for (const char *at = words; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            abort();
    if (code == 0) {
        if (call.id != id)
            abort();
        call_check(&call);
        call_close(&call);
    } else if ((code != RPC_PARSE && code != RPC_INVALID && code != RPC_METHOD &&
                code != RPC_PARAMS) ||
               words[0] == '\0') {
        abort();
    }
    if (id != NULL)
        answer_check(id, code, words);
    json_decref(id);
    return code == 0;
}

static int delivered_try(const uint8_t *data, size_t size)
{
    struct delivered delivered;
    int code = delivered_read(&delivered, (const char *)data, size);

    if (code == 0 &&
        ((!delivered.answer && delivered.notification >= NOTIFY_COUNT) ||
         (delivered.answer && delivered.ok && (delivered.id == 0 || delivered.content == NULL))))
        abort();
    if (code != 0 && code != RPC_PARSE && code != RPC_INVALID)
        abort();
    delivered_close(&delivered);
    return code == 0;
}

int fuzz_rpc(const uint8_t *data, size_t size)
{
    return call_try(data, size) | delivered_try(data, size);
}
