/*
 * The lean program with one agent that attacks the platform's tools: whatever is called `attacker`
 * sends what an agent never should, and looks whether each message got the error that it must. It
 * runs on a range, confined as every agent is. What it found it says by a score that it gives
 * itself, since nothing else leads out: how many trials went as they must, or, below 0, the first
 * that did not.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/agent/config.h"
#include "live/agent/program.h"
#include "live/attacker.h"
#include "live/range/program.h"
#include "live/wire/channel.h"
#include "live/wire/tools.h"

#define ANSWER_MS 60000

static char answer[131072], message[131072];
static int trial;

/* The next that the platform says; false where it says nothing for long. */
static bool hear(int timeout_ms)
{
    struct pollfd ready = {.fd = AGENT_CHANNEL, .events = POLLIN};
    ssize_t size;

    if (poll(&ready, 1, timeout_ms) <= 0)
        return false;
    size = recv(AGENT_CHANNEL, answer, sizeof answer - 1, MSG_DONTWAIT);
    if (size <= 0)
        return false;
    answer[size] = '\0';
    return true;
}

static bool is_answer(void)
{
    return strstr(answer, "\"method\"") == NULL;
}

static bool hear_answer(void)
{
    while (hear(ANSWER_MS))
        if (is_answer())
            return true;
    return false;
}

static bool say(const char *bytes, size_t size)
{
    struct pollfd ready = {.fd = AGENT_CHANNEL, .events = POLLOUT};

    while (send(AGENT_CHANNEL, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) {
        if (errno != EAGAIN)
            return false;
        poll(&ready, 1, 10);
        while (hear(0))
            continue;
    }
    return true;
}

static bool has_code(int code)
{
    char text[32];

    snprintf(text, sizeof text, "\"code\":%d", code);
    return code == 0 ? strstr(answer, "\"result\"") != NULL : strstr(answer, text) != NULL;
}

static void tell(int64_t score)
{
    int size = snprintf(message, sizeof message,
                        "{\"jsonrpc\":\"2.0\",\"id\":900,\"method\":\"health/score\",\"params\":"
                        "{\"agent\":\"attacker\",\"score\":%lld}}",
                        (long long)score);

    (void)say(message, (size_t)size);
}

static bool opened;

static void give_up(void)
{
    if (opened)
        tell(-trial);
    fprintf(stderr, "attacker: trial %d was answered: %.300s\n", trial, answer);
    if (!opened)
        exit(1);
    for (;;)
        pause();
}

/* Each message is answered with its code; 0: a result. */
static void expect(int code, const char *bytes, size_t size)
{
    trial++;
    answer[0] = '\0';
    if (!say(bytes, size) || !hear_answer() || !has_code(code))
        give_up();
}

static void expect_text(int code, const char *text)
{
    expect(code, text, strlen(text));
}

/* The same, sent by a child that has this process's channel, token and uid. */
static void expect_of_child(int code, const char *text)
{
    pid_t child = fork();

    if (child == 0) {
        (void)send(AGENT_CHANNEL, text, strlen(text), MSG_NOSIGNAL);
        _exit(0);
    }
    trial++;
    answer[0] = '\0';
    if (child < 0 || !hear_answer() || !has_code(code))
        give_up();
    waitpid(child, NULL, 0);
}

static void open_text(char *text, size_t size, const unsigned char *token, unsigned char change)
{
    char digits[2 * AGENT_TOKEN_BYTES + 1];

    for (int i = 0; i < AGENT_TOKEN_BYTES; i++)
        snprintf(digits + 2 * i, 3, "%02x", token[i] ^ (i == AGENT_TOKEN_BYTES - 1 ? change : 0));
    snprintf(text, size,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/open\",\"params\":{\"token\":"
             "\"%s\"}}",
             digits);
}

#define LIST "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"agents/list\",\"params\":{}}"
#define SAVE(number)                                                                               \
    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"checkpoint/save\",\"params\":{\"number\":" number  \
    ",\"state\":\"AAAA\"}}"

static void malformed(void)
{
    expect_text(RPC_PARSE, "{");
    expect(RPC_PARSE, "\0\xff\xfe", 3);
    memset(message, '[', 60000);
    expect(RPC_PARSE, message, 60000);
    memset(message, ' ', CHANNEL_BYTES + 1);
    memcpy(message, LIST, sizeof LIST - 1);
    expect(RPC_INVALID, message, CHANNEL_BYTES + 1);
    expect_text(RPC_INVALID, "[" LIST "]");
    expect_text(RPC_INVALID, "{\"id\":1,\"method\":\"agents/list\"}");
    expect_text(RPC_METHOD, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/kill\"}");
    expect_text(RPC_PARAMS, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/relaunch\"}");
    expect_text(RPC_PARAMS, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/open\",\"params\":"
                            "{\"token\":7}}");
}

static void reach_control(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = ATTACKER_CONTROL};
    int control = socket(AF_UNIX, SOCK_STREAM, 0);

    trial++;
    snprintf(answer, sizeof answer, "the control socket answers");
    if (control >= 0 && connect(control, (const struct sockaddr *)&address, sizeof address) == 0)
        give_up();
    if (control >= 0)
        close(control);
}

static void flood(void)
{
    static const char last[] = "{\"jsonrpc\":\"2.0\",\"id\":777,\"method\":\"agents/list\"}";
    char wrong[256];
    static const unsigned char token[AGENT_TOKEN_BYTES] = {1};

    open_text(wrong, sizeof wrong, token, 0);
    trial++;
    for (int i = 0; i < ATTACKER_FLOOD; i++) {
        const char *text = i % 4 == 0 ? "{" : i % 4 == 1 ? wrong : i % 4 == 2 ? SAVE("1") : LIST;

        if (!say(text, strlen(text)))
            give_up();
        while (hear(0))
            continue;
    }
    /* What the platform still owes comes before the answer to this. */
    if (!say(last, strlen(last)))
        give_up();
    do
        if (!hear_answer())
            give_up();
    while (strstr(answer, "\"id\":777") == NULL);
}

/* Nothing but a flood, as soon as its session is open, until somebody ends it. */
static int flood_for_ever(void)
{
    const struct agent_config *own = agent_config_map(AGENT_OWN, NULL);
    char right[256];

    if (own == NULL)
        return 1;
    open_text(right, sizeof right, own->token, 0);
    expect_text(0, right);
    opened = true;
    for (;;) {
        (void)say(LIST, strlen(LIST));
        while (hear(0))
            continue;
    }
}

static int attack(void)
{
    const struct agent_config *own = agent_config_map(AGENT_OWN, NULL);
    char right[256], wrong[256];

    if (own == NULL)
        return 1;
    open_text(right, sizeof right, own->token, 0);
    open_text(wrong, sizeof wrong, own->token, 1);
    malformed();
    expect_text(RPC_UNAUTHENTICATED, LIST);
    expect_text(RPC_UNAUTHENTICATED, SAVE("1"));
    expect_text(RPC_UNAUTHENTICATED, wrong);
    expect_of_child(RPC_UNAUTHENTICATED, right);
    expect_text(0, right);
    opened = true;
    expect_text(RPC_ORDER, right);
    do
        if (!hear(ANSWER_MS))
            give_up();
    while (strstr(answer, "crew/begin") == NULL);
    malformed();
    expect_of_child(RPC_UNAUTHENTICATED, LIST);
    expect_text(0, SAVE("5"));
    expect_text(RPC_ORDER, SAVE("5"));
    expect_text(RPC_ORDER, SAVE("4"));
    expect_text(RPC_ORDER, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"work/submit\",\"params\":"
                           "{\"task\":1099511627776}}");
    expect_text(0, LIST);
    reach_control();
    tell(ATTACKER_FLOODS);
    flood();
    tell(trial);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "agent") == 0 && strcmp(argv[2], "attacker") == 0)
        return attack();
    if (argc == 3 && strcmp(argv[1], "agent") == 0 && strcmp(argv[2], "flooder") == 0)
        return flood_for_ever();
    if (argc >= 2 && strcmp(argv[1], "first") == 0)
        return role_first();
    if (argc >= 2 && strcmp(argv[1], "reaper") == 0)
        return role_reaper();
    return argc >= 2 && strcmp(argv[1], "agent") == 0 ? role_agent() : 2;
}
