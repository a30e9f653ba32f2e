#include "cli/control.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "live/daemon/daemon.h"

#define ANSWER_SECONDS 10
#define ANSWER_BYTES_MAX (64u << 20)

static int connect_to(const char *name, int *result, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    char folder[sizeof address.sun_path];
    int failed = control_folder(folder, sizeof folder, false, error);
    int descriptor;

    if (failed != 0)
        return failed;
    if (strchr(name, '/') != NULL ||
        (size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock", folder, name) >=
            sizeof address.sun_path)
        return error_set(error, ERROR_INPUT, "`%.80s` is not the name of a range", name);
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return error_set(error, ERROR_IO, "no socket: %s", strerror(errno));
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        failed = errno == ENOENT || errno == ECONNREFUSED
                     ? error_set(error, ERROR_INPUT, "no range called `%s` is up", name)
                     : error_set(error, ERROR_IO, "%s: %s", address.sun_path, strerror(errno));
        close(descriptor);
        return failed;
    }
    *result = descriptor;
    return 0;
}

struct control {
    int descriptor;
    char *text; /* what has come and was not taken yet */
    size_t used, room;
};

int control_open(struct control **control, const char *name, struct error *error)
{
    int descriptor = -1;
    int failed = connect_to(name, &descriptor, error);

    if (failed != 0)
        return failed;
    *control = calloc(1, sizeof **control);
    if (*control == NULL) {
        close(descriptor);
        return error_set(error, ERROR_MEMORY, "out of memory");
    }
    (*control)->descriptor = descriptor;
    return 0;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    close(control->descriptor);
    free(control->text);
    free(control);
}

static int more_room(struct control *control, struct error *error)
{
    size_t room = control->room == 0 ? 65536 : 2 * control->room;
    char *text = room <= ANSWER_BYTES_MAX ? realloc(control->text, room) : NULL;

    if (text == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the daemon's answer");
    control->text = text;
    control->room = room;
    return 0;
}

/* 1: the next line, as JSON (NULL where it is none); 0: none came in time. */
static int read_line(struct control *control, json_t **json, struct error *error)
{
    for (;;) {
        char *end = control->used > 0 ? memchr(control->text, '\n', control->used) : NULL;
        ssize_t got;

        if (end != NULL) {
            size_t length = (size_t)(end - control->text);

            *json = json_loadb(control->text, length, 0, NULL);
            control->used -= length + 1;
            memmove(control->text, end + 1, control->used);
            return 1;
        }
        if (control->used == control->room) {
            int failed = more_room(control, error);

            if (failed != 0)
                return failed;
        }
        got = recv(control->descriptor, control->text + control->used,
                   control->room - control->used, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (got <= 0)
            return error_set(error, ERROR_IO, "the daemon did not answer: %s",
                             got == 0 ? "it closed the connection" : strerror(errno));
        control->used += (size_t)got;
    }
}

static int take_answer(const json_t *json, json_t **result, struct error *error)
{
    json_t *content = json_object_get(json, "result");
    json_t *wrong = json_object_get(json, "error");

    if (content == NULL)
        return error_set(error, ERROR_IO, "the daemon answered: %s",
                         wrong != NULL && json_is_string(json_object_get(wrong, "message"))
                             ? json_string_value(json_object_get(wrong, "message"))
                             : "nothing that can be read");
    *result = json_incref(content);
    return 0;
}

static int send_line(const struct control *control, const json_t *request, struct error *error)
{
    char *text = json_dumps(request, JSON_COMPACT);
    size_t size, sent = 0;
    int failed = 0;

    if (text == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for a request");
    size = strlen(text);
    text[size++] = '\n'; /* in place of its end */
    while (failed == 0 && sent < size) {
        ssize_t some = send(control->descriptor, text + sent, size - sent, MSG_NOSIGNAL);

        if (some > 0)
            sent += (size_t)some;
        else if (some == 0 || errno != EINTR)
            failed = error_set(error, ERROR_IO, "the daemon cannot be asked: %s", strerror(errno));
    }
    free(text);
    return failed;
}

int control_ask(struct control *control, const char *method, json_t *params, json_t **result,
                struct error *error)
{
    json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method", method,
                                "params", params != NULL ? params : json_object());
    json_t *answer = NULL;
    int failed = send_line(control, request, error);

    json_decref(request);
    /* Notifications that come before the answer are of what was followed before. */
    while (failed == 0 && json_object_get(answer, "id") == NULL) {
        int taken;

        json_decref(answer);
        answer = NULL;
        taken = read_line(control, &answer, error);
        if (taken == 0)
            failed =
                error_set(error, ERROR_IO, "the daemon did not answer within %d s", ANSWER_SECONDS);
        else if (taken < 0)
            failed = taken;
        else if (answer == NULL)
            failed = error_set(error, ERROR_IO, "the daemon answered nothing that can be read");
    }
    if (failed == 0)
        failed = take_answer(answer, result, error);
    json_decref(answer);
    return failed;
}

int control_next(struct control *control, json_t **notification, struct error *error)
{
    *notification = NULL;
    return read_line(control, notification, error);
}

int control_call(const char *name, const char *method, json_t **result, struct error *error)
{
    struct control *control = NULL;
    int failed = control_open(&control, name, error);

    if (failed == 0)
        failed = control_ask(control, method, NULL, result, error);
    control_close(control);
    return failed;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

#define RANGES_MAX 1024

int control_ranges(json_t **names, struct error *error)
{
    char folder[108];
    char *found[RANGES_MAX] = {NULL};
    size_t count = 0;
    struct dirent *entry;
    DIR *open_folder;
    int failed = control_folder(folder, sizeof folder, false, error);

    if (failed != 0)
        return failed;
    *names = json_array();
    open_folder = opendir(folder);
    while (open_folder != NULL && count < RANGES_MAX && (entry = readdir(open_folder)) != NULL) {
        char *dot = strrchr(entry->d_name, '.');
        int descriptor = -1;

        if (dot == NULL || strcmp(dot, ".sock") != 0)
            continue;
        *dot = '\0';
        if (connect_to(entry->d_name, &descriptor, NULL) != 0)
            continue;
        close(descriptor);
        found[count] = strdup(entry->d_name);
        count += found[count] != NULL;
    }
    if (open_folder != NULL)
        closedir(open_folder);
    qsort(found, count, sizeof found[0], by_text);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(*names, json_string(found[i]));
        free(found[i]);
    }
    return 0;
}

int control_range(const char *name, char *chosen, size_t size, struct error *error)
{
    json_t *names;
    size_t count;
    int failed;

    if (name != NULL) {
        snprintf(chosen, size, "%s", name);
        return 0;
    }
    failed = control_ranges(&names, error);
    if (failed != 0)
        return failed;
    count = json_array_size(names);
    if (count == 1) {
        snprintf(chosen, size, "%s", json_string_value(json_array_get(names, 0)));
    } else if (count == 0) {
        failed = error_set(error, ERROR_INPUT, "no range is up; `iolaus up SCENARIO` opens one");
    } else {
        failed = error_set(error, ERROR_INPUT, "which range? These are up:");
        for (size_t i = 0; i < count && error != NULL; i++) {
            size_t used = strlen(error->message);

            snprintf(error->message + used, sizeof error->message - used, "%s %s", i > 0 ? "," : "",
                     json_string_value(json_array_get(names, i)));
        }
    }
    json_decref(names);
    return failed;
}
