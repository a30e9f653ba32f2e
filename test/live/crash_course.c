#include "crash_course.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/ssh_forge.h"
#include "live/daemon/daemon.h"

void course_wrong(struct course *course, const char *format, ...)
{
    va_list list;

    if (course->bad)
        return;
    course->bad = true;
    va_start(list, format);
    vsnprintf(course->words, sizeof course->words, format, list);
    va_end(list);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the daemon ---- */

static void tell(void *context, const char *words)
{
    (void)context;
    if (getenv("IOLAUS_CRASH_TELL") != NULL)
        fprintf(stderr, "# daemon: %s\n", words);
}

void course_start(struct course *course, unsigned point)
{
    struct daemon_options options = {.scenario = course->scenario,
                                     .name = course->folder + strlen("/tmp/"),
                                     .seed = 1,
                                     .duration = TIME_NEVER,
                                     .control = course->control,
                                     .state = course->state,
                                     .authority = &course->authority,
                                     .ledger = course->ledger,
                                     .ledger_key = course->key,
                                     .failure = tell,
                                     .notice = tell};
    struct error error = {0};
    char text[16];

    fflush(stdout);
    course->daemon = fork();
    if (course->daemon != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (point > 0) {
        snprintf(text, sizeof text, "%u", point);
        setenv("IOLAUS_CRASH_AT", text, 1);
    }
    unlink(course->log);
    setenv("IOLAUS_CRASH_LOG", course->log, 1);
    if (daemon_run(&options, NULL, &error) != 0) {
        fprintf(stderr, "# the daemon failed: %s\n", error.message);
        _exit(1);
    }
    _exit(0);
}

/* True where the daemon is gone; `status` is its own. */
static bool daemon_gone(struct course *course, int *status)
{
    if (course->daemon != 0 && waitpid(course->daemon, &course->status, WNOHANG) == course->daemon)
        course->daemon = 0;
    *status = course->status;
    return course->daemon == 0;
}

/* Everything that the daemon started becomes this process's child when it is gone. */
static bool nothing_left(void)
{
    int64_t until = now_ms() + 20000;

    while (now_ms() < until) {
        pid_t died = waitpid(-1, NULL, WNOHANG);

        if (died < 0 && errno == ECHILD)
            return true;
        if (died == 0)
            usleep(2000);
    }
    return false;
}

/* ---- the control socket ---- */

static void hang_up(struct course *course)
{
    if (course->socket >= 0)
        close(course->socket);
    course->socket = -1;
    course->used = 0;
}

/* False where the daemon is gone before it listens. */
static bool reach(struct course *course)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int64_t until = now_ms() + 20000;
    int status;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", course->control);
    while (now_ms() < until) {
        course->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(course->socket, (struct sockaddr *)&address, sizeof address) == 0)
            return true;
        hang_up(course);
        if (daemon_gone(course, &status))
            return false;
        usleep(2000);
    }
    course_wrong(course, "the daemon does not listen");
    return false;
}

/* The next line, or NULL where the daemon hung up, or said nothing for long. */
static json_t *hear(struct course *course)
{
    for (;;) {
        char *end = memchr(course->line, '\n', course->used);
        struct pollfd wait = {course->socket, POLLIN, 0};
        ssize_t got;

        if (end != NULL) {
            json_t *json = json_loadb(course->line, (size_t)(end - course->line), 0, NULL);

            course->used -= (size_t)(end - course->line) + 1;
            memmove(course->line, end + 1, course->used);
            return json;
        }
        if (course->socket < 0 || poll(&wait, 1, 30000) <= 0)
            return NULL;
        got = recv(course->socket, course->line + course->used, sizeof course->line - course->used,
                   0);
        if (got <= 0)
            return NULL;
        course->used += (size_t)got;
    }
}

json_t *course_ask(struct course *course, const char *method, json_t *params)
{
    json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method", method,
                                "params", params);
    char *text = json_dumps(request, JSON_COMPACT);
    json_t *answer = NULL, *result;
    bool said = course->socket >= 0 &&
                send(course->socket, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text) &&
                send(course->socket, "\n", 1, MSG_NOSIGNAL) == 1;

    json_decref(request);
    free(text);
    while (said && (answer = hear(course)) != NULL && json_object_get(answer, "id") == NULL)
        json_decref(answer);
    result = json_incref(json_object_get(answer, "result"));
    json_decref(answer);
    return result;
}

/* ---- orders ---- */

static void order_make(struct course *course, unsigned number)
{
    struct order order = {.verb = course->of->verbs[number],
                          .scope = course->of->all ? ORDER_SCOPE_ALL : ORDER_SCOPE_AGENT,
                          .protocol = ORDER_PROTOCOL_TERMINATE,
                          .range = "any",
                          .issued_s = (int64_t)time(NULL)};

    if (order.verb == ORDER_STOP)
        order.protocol = course->of->protocol;
    order.expires_s = order.issued_s + 600;
    snprintf(order.target, sizeof order.target, "%s", course->of->all ? "*" : TARGET);
    randombytes_buf(order.nonce, sizeof order.nonce);
    if (order.verb == ORDER_PERMIT)
        order_digest(course->orders[0], strlen(course->orders[0]), order.lifts);
    order_print(&order, course->orders[number]);
}

/* Gives the order and waits until it has ended. False where the daemon was gone before. */
static bool give(struct course *course, unsigned number)
{
    const char *text = course->orders[number];
    json_t *list = json_array(), *answer, *line;
    bool ended = false;

    for (unsigned key = 1; key <= 2; key++) {
        struct forge forge = forge_key(key, false);
        char signature[FORGE_TEXT_BYTES];

        forge_sign(&forge, text, strlen(text), signature);
        json_array_append_new(list, json_string(signature));
    }
    course->given[number] = true;
    answer =
        course_ask(course, "order/submit",
                   json_pack("{s:s, s:o, s:b}", "order", text, "signatures", list, "follow", 1));
    if (answer != NULL && !json_is_true(json_object_get(answer, "accepted")))
        course_wrong(course, "the order was refused: %s",
                     json_string_value(json_object_get(answer, "message")));
    course->acknowledged[number] = answer != NULL && !course->bad;
    json_decref(answer);
    while (course->acknowledged[number] && !ended && (line = hear(course)) != NULL) {
        const char *method = json_string_value(json_object_get(line, "method"));

        ended = method != NULL && strcmp(method, "ended") == 0;
        json_decref(line);
    }
    return ended;
}

bool course_up(struct course *course)
{
    int64_t until = now_ms() + 20000;

    if (!reach(course))
        return false;
    while (now_ms() < until) {
        json_t *answer = course_ask(course, "range/status", json_object());
        const char *state = json_string_value(json_object_get(answer, "state"));
        bool runs = state != NULL && strcmp(state, "up") == 0, there = answer != NULL;

        json_decref(answer);
        if (!there || runs)
            return there;
        usleep(2000);
    }
    course_wrong(course, "the crew did not come up");
    return false;
}

/* ---- a trial ---- */

void course_give(struct course *course)
{
    for (unsigned i = 0; i < course->of->count; i++)
        if (!course->given[i] && !give(course, i))
            return;
}

void course_end(struct course *course, bool killed_allowed)
{
    int status = 0;
    int64_t until = now_ms() + 20000;

    course->killed = false;
    json_decref(course_ask(course, "range/close", json_object()));
    hang_up(course);
    while (!daemon_gone(course, &status) && now_ms() < until)
        usleep(2000);
    course->killed = course->daemon == 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (course->daemon != 0) {
        course_wrong(course, "the daemon did not end");
        kill(course->daemon, SIGKILL);
    } else if (status != 0 && !(killed_allowed && course->killed)) {
        course_wrong(course, "the daemon ended with status %x", (unsigned)status);
    }
    if (!nothing_left())
        course_wrong(course, "something of the range is left");
}

static int roster_write(struct course *course, struct error *error)
{
    char path[96], line[FORGE_TEXT_BYTES];
    FILE *file;

    snprintf(path, sizeof path, "%s/roster", course->folder);
    file = fopen(path, "we");
    for (unsigned key = 1; file != NULL && key <= 2; key++) {
        struct forge forge = forge_key(key, false);

        forge_public(&forge, line);
        fprintf(file, "%s %s\n", key == 1 ? "ada" : "bob", line);
    }
    if (file == NULL || fclose(file) != 0)
        return error_set(error, ERROR_IO, "no roster can be written");
    return authority_file_open(&course->authority, NULL, path, error);
}

void course_open(struct course *course, const struct order_case *of, const struct trial *trial,
                 const struct scenario *scenario)
{
    struct error error = {0};

    *course = (struct course){.of = of, .trial = *trial, .scenario = scenario, .socket = -1};
    snprintf(course->folder, sizeof course->folder, "/tmp/iolaus-crash-XXXXXX");
    if (mkdtemp(course->folder) == NULL || roster_write(course, &error) != 0)
        course_wrong(course, "no folder: %s", error.message);
    /* A range's name has lower-case letters, digits and hyphens; mkdtemp's letters may be others,
     * which only the cgroup's name has lowered. */
    snprintf(course->state, sizeof course->state, "%s/state", course->folder);
    snprintf(course->ledger, sizeof course->ledger, "%s/ledger", course->state);
    snprintf(course->key, sizeof course->key, "%s/ledger.key", course->state);
    snprintf(course->control, sizeof course->control, "%s/control", course->folder);
    snprintf(course->log, sizeof course->log, "%s/points", course->folder);
    mkdir(course->state, 0700);
    for (unsigned i = 0; i < course->of->count; i++)
        order_make(course, i);
}

void course_close(struct course *course)
{
    char command[128];

    authority_file_close(&course->authority);
    snprintf(command, sizeof command, "rm -rf '%s'", course->folder);
    if (system(command) != 0)
        fprintf(stderr, "# %s is left\n", course->folder);
}

void course_run(struct course *course)
{
    bool there[ORDERS_MAX] = {false}, killed;

    course_start(course, course->trial.first);
    if (course_up(course))
        course_give(course);
    course_end(course, course->trial.first > 0);
    killed = course->killed;
    if (course->trial.second > 0) {
        course_start(course, course->trial.second);
        (void)course_up(course);
        course_end(course, true);
        killed = killed && course->killed;
    }
    course_start(course, 0);
    if (course_up(course)) {
        course_check_orders(course, there);
        course_check_crew(course, there);
    } else {
        course_wrong(course, "the crew cannot be brought up again");
    }
    /* What was never accepted can still be. */
    for (unsigned i = 0; i < course->of->count && !course->bad; i++)
        if (course->given[i] && !there[i] && !give(course, i))
            course_wrong(course, "what was not accepted cannot be given again");
    course_end(course, false);
    if (!course->bad)
        course_check_ledger(course);
    course->killed = killed;
}
