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

/* The next line, without its end; freed by the caller. */
static int read_line(int descriptor, char **line, struct error *error)
{
    size_t used = 0, room = 65536;
    char *text = malloc(room);

    while (text != NULL) {
        ssize_t got = recv(descriptor, text + used, room - used, 0);
        char *end;

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            free(text);
            return error_set(error, ERROR_IO, "the daemon did not answer: %s",
                             got == 0 ? "it closed the connection" : strerror(errno));
        }
        end = memchr(text + used, '\n', (size_t)got);
        used += (size_t)got;
        if (end != NULL) {
            *end = '\0';
            *line = text;
            return 0;
        }
        if (used == room) {
            char *more = room < ANSWER_BYTES_MAX ? realloc(text, 2 * room) : NULL;

            if (more == NULL)
                break;
            text = more;
            room *= 2;
        }
    }
    free(text);
    return error_set(error, ERROR_MEMORY, "out of memory for the daemon's answer");
}

static int take_answer(const char *line, json_t **result, struct error *error)
{
    json_t *json = json_loads(line, 0, NULL);
    json_t *content = json_object_get(json, "result");
    json_t *wrong = json_object_get(json, "error");
    int failed = 0;

    if (content != NULL)
        *result = json_incref(content);
    else
        failed = error_set(error, ERROR_IO, "the daemon answered: %s",
                           wrong != NULL && json_is_string(json_object_get(wrong, "message"))
                               ? json_string_value(json_object_get(wrong, "message"))
                               : "nothing that can be read");
    json_decref(json);
    return failed;
}

int control_call(const char *name, const char *method, json_t **result, struct error *error)
{
    char request[256];
    char *line = NULL;
    int descriptor = -1;
    int failed = connect_to(name, &descriptor, error);
    int size;

    if (failed != 0)
        return failed;
    size = snprintf(request, sizeof request,
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{}}\n", method);
    if (send(descriptor, request, (size_t)size, MSG_NOSIGNAL) != size)
        failed = error_set(error, ERROR_IO, "the daemon cannot be asked: %s", strerror(errno));
    if (failed == 0)
        failed = read_line(descriptor, &line, error);
    if (failed == 0)
        failed = take_answer(line, result, error);
    free(line);
    close(descriptor);
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
