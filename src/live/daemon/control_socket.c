/*
 * The control socket: one JSON-RPC 2.0 message a line. Nobody who connects can keep the daemon
 * waiting: what a client does not read is dropped with it.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "live/daemon/inside.h"

#define LINE_MAX_BYTES 65536
#define CLIENTS_MAX 64
/* What may wait to be read by a client: an answer about a large crew, and some. */
#define WAITING_MAX (size_t)(16u << 20)

struct client {
    uv_pipe_t pipe;
    struct control_socket *socket; /* NULL: it is closing */
    struct client *next;
    bool follows;
    uint64_t epoch; /* of the order whose steps it wants, or 0 */
    uint64_t heard; /* when it last said something: the number of what was heard */
    int watched;    /* its descriptor in the socket's own epoll, or -1 */
    size_t used;
    char line[LINE_MAX_BYTES];
};

struct control_socket {
    struct daemon *daemon;
    uv_pipe_t pipe;
    bool open;
    int waits; /* an epoll of the socket and all clients: whether somebody waits to be heard */
    struct client *clients;
    uint32_t count;
    uint64_t heard;
};

int control_folder(char *path, size_t size, bool make, struct error *error)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat stat;
    int length;

    if (geteuid() == 0)
        length = snprintf(path, size, "/run/iolaus");
    else if (runtime != NULL && runtime[0] == '/')
        length = snprintf(path, size, "%s/iolaus", runtime);
    else
        length = snprintf(path, size, "/tmp/iolaus-%u", (unsigned)geteuid());
    if (length < 0 || (size_t)length >= size)
        return error_set(error, ERROR_LIMIT, "the path of the control sockets is too long");
    if (!make)
        return 0;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERROR_IO, "%s: %s", path, strerror(errno));
    /* Where anybody may make folders, somebody else's is not used. */
    if (lstat(path, &stat) != 0 || !S_ISDIR(stat.st_mode) || stat.st_uid != geteuid() ||
        (stat.st_mode & 077) != 0)
        return error_set(error, ERROR_IO,
                         "%s must be a folder of yours that nobody else can enter (mode 0700)",
                         path);
    return 0;
}

/* ---- clients ---- */

static void data_free(uv_handle_t *handle)
{
    free(handle->data);
}

static void client_drop(struct client *client)
{
    struct control_socket *socket = client->socket;

    if (socket == NULL)
        return;
    for (struct client **at = &socket->clients; *at != NULL; at = &(*at)->next)
        if (*at == client) {
            *at = client->next;
            break;
        }
    socket->count--;
    if (client->watched >= 0)
        epoll_ctl(socket->waits, EPOLL_CTL_DEL, client->watched, NULL);
    client->socket = NULL;
    uv_close((uv_handle_t *)&client->pipe, data_free);
}

static bool client_follows(const struct client *client)
{
    return client->follows || client->epoch > 0;
}

/* Makes room for another: whoever has been silent for longest goes, and who follows something only
 * where all do. So nobody can keep an operator out by coming first. */
static void client_make_room(struct control_socket *socket)
{
    struct client *leaves = NULL;

    for (struct client *client = socket->clients; client != NULL; client = client->next) {
        if (leaves == NULL ||
            (client_follows(client) == client_follows(leaves) ? client->heard < leaves->heard
                                                              : client_follows(leaves)))
            leaves = client;
    }
    assert(leaves != NULL); /* where there is nobody there is room */
    client_drop(leaves);
}

struct written {
    uv_write_t request;
    char bytes[];
};

static void written_free(uv_write_t *request, int status)
{
    (void)status;
    free(request->data);
}

/* Takes the JSON over. */
static void client_send(struct client *client, json_t *json)
{
    size_t size = json != NULL ? json_dumpb(json, NULL, 0, JSON_COMPACT) : 0;
    struct written *written = size > 0 ? malloc(sizeof *written + size + 1) : NULL;
    uv_buf_t buffer;

    if (written == NULL ||
        uv_stream_get_write_queue_size((uv_stream_t *)&client->pipe) + size > WAITING_MAX) {
        free(written);
        json_decref(json);
        client_drop(client);
        return;
    }
    json_dumpb(json, written->bytes, size, JSON_COMPACT);
    json_decref(json);
    written->bytes[size] = '\n';
    written->request.data = written;
    buffer = uv_buf_init(written->bytes, (unsigned)size + 1);
    if (uv_write(&written->request, (uv_stream_t *)&client->pipe, &buffer, 1, written_free) != 0) {
        free(written);
        client_drop(client);
    }
}

/* ---- answers ---- */

static const char *state_word(const struct life *life)
{
    if (life->state == LIFE_NONE)
        return "dead";
    if (life->held)
        return "held";
    if (life->hung)
        return "hung";
    return life->state == LIFE_OPEN ? "running" : "starting";
}

static json_t *status_make(const struct daemon *daemon)
{
    static const char *const states[] = {[DAEMON_OPENING] = "opening",
                                         [DAEMON_READY] = "opening",
                                         [DAEMON_RUNNING] = "up",
                                         [DAEMON_CLOSING] = "closing"};
    const struct scenario *scenario = daemon->scenario;

    return json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:b, s:s, s:i, s:I}", "range",
        daemon->options->name != NULL ? daemon->options->name : scenario->name, "scenario",
        scenario->name, "arm", scenario->arm, "state", states[daemon->state], "time_ns",
        (json_int_t)(daemon->now > 0 ? daemon->now : 0), "agents", (int)daemon->agents, "alive",
        (int)daemon->alive, "campaign", daemon->operations[OPERATION_CAMPAIGN].campaign != NULL,
        "words", range_words(daemon->range), "pid", (int)getpid(), "records",
        (json_int_t)daemon->records);
}

/* The youngest process of an agent that lives, or its first row. */
static uint32_t row_shown(const struct daemon *daemon, agent_id agent)
{
    uint32_t shown = agent;

    for (uint32_t row = agent; row < daemon->rows; row += daemon->agents)
        if (daemon->lives[row].state != LIFE_NONE &&
            (daemon->lives[shown].state == LIFE_NONE ||
             daemon->lives[row].incarnation > daemon->lives[shown].incarnation))
            shown = row;
    if (daemon->lives[shown].state != LIFE_NONE)
        return shown;
    for (uint32_t row = agent; row < daemon->rows; row += daemon->agents)
        if (daemon->lives[row].incarnation > daemon->lives[shown].incarnation)
            shown = row;
    return shown;
}

static json_t *agent_make(const struct daemon *daemon, agent_id agent)
{
    static const char *const shows[] = {
        [HEALTH_UNKNOWN] = "unknown", [HEALTH_HEALTHY] = "healthy", [HEALTH_FAILED] = "failed"};
    const struct scenario *scenario = daemon->scenario;
    uint32_t shown = row_shown(daemon, agent);
    const struct life *life = &daemon->lives[shown];
    json_t *others = json_array();
    const char *barred = NULL;

    docket_bars(daemon, agent, &barred);
    for (uint32_t row = agent; row < daemon->rows; row += daemon->agents)
        if (row != shown && daemon->lives[row].state != LIFE_NONE)
            json_array_append_new(others, json_pack("{s:i, s:i}", "incarnation",
                                                    (int)daemon->lives[row].incarnation, "pid",
                                                    (int)daemon->lives[row].pid));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:o, s:I, s:i, s:s, s:s?, s:o}", "agent", daemon->names[agent],
        "kind", scenario->groups[scenario->group_of[agent]].kind, "node",
        scenario->node_names != NULL ? scenario->node_names[scenario->node_of[agent]] : "", "state",
        state_word(life), "incarnation", (int)life->incarnation, "pid",
        life->state != LIFE_NONE && life->pid > 0 ? json_integer(life->pid) : json_null(),
        "since_ns", (json_int_t)(life->since > 0 ? life->since : 0), "starts",
        (int)daemon->starts[agent], "shows", shows[platform_shows(daemon->platform, agent)],
        "barred", barred, "others", others);
}

struct listing {
    const struct daemon *daemon;
    json_t *list;
};

static void list_unsanctioned(void *context, const struct seen *process, bool sanctioned)
{
    const struct listing *listing = context;
    const struct daemon *daemon = listing->daemon;

    if (sanctioned)
        return;
    json_array_append_new(listing->list, json_pack("{s:o, s:o, s:i}", "agent",
                                                   process->agent < daemon->agents
                                                       ? json_string(daemon->names[process->agent])
                                                       : json_null(),
                                                   "as",
                                                   process->as < daemon->agents
                                                       ? json_string(daemon->names[process->as])
                                                       : json_null(),
                                                   "pid", (int)process->pid));
}

static json_t *processes_make(const struct daemon *daemon)
{
    struct listing listing = {daemon, json_array()};
    json_t *agents = json_array();

    for (agent_id a = 0; a < daemon->agents; a++)
        json_array_append_new(agents, agent_make(daemon, a));
    witness_list(daemon->witness, list_unsanctioned, &listing);
    return json_pack("{s:s, s:I, s:o, s:o}", "range",
                     daemon->options->name != NULL ? daemon->options->name : daemon->scenario->name,
                     "time_ns", (json_int_t)(daemon->now > 0 ? daemon->now : 0), "agents", agents,
                     "unsanctioned", listing.list);
}

static void refuse(struct client *client, json_t *id, int code, const char *words)
{
    client_send(client, json_pack("{s:s, s:o, s:{s:i, s:s}}", "jsonrpc", "2.0", "id",
                                  id != NULL ? json_incref(id) : json_null(), "error", "code", code,
                                  "message", words));
}

static void answer(struct client *client, json_t *id, json_t *result)
{
    client_send(client, json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

/* An order is answered before it is begun: by then it is on the disk, and whoever gave it need not
 * wait for what follows. */
static void order_take(struct client *client, const char *method, const json_t *params, json_t *id)
{
    struct daemon *daemon = client->socket->daemon;
    struct docket_order *begins = NULL;
    uint64_t follows = 0;
    const char *words = "";
    int code = 0;
    json_t *result;

    daemon_clock(daemon);
    result = control_orders_call(daemon, method, params, &follows, &begins, &code, &words);
    if (follows > 0)
        client->epoch = follows;
    if (result != NULL)
        answer(client, id, result);
    else
        refuse(client, id, code, words);
    if (begins != NULL)
        docket_carry_out(daemon, begins);
}

static json_t *renewed_make(struct daemon *daemon)
{
    time_ns lasts = lease_renewed(daemon);

    return json_pack("{s:s, s:o}", "range", daemon->options->name, "lasts_ns",
                     lasts == TIME_NEVER ? json_null() : json_integer(lasts));
}

static void line_take(struct client *client, const char *line, size_t size)
{
    struct daemon *daemon = client->socket->daemon;
    json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL), *result = NULL;
    json_t *id = json_object_get(json, "id");
    const char *version = json_string_value(json_object_get(json, "jsonrpc"));
    const char *method = json_string_value(json_object_get(json, "method"));
    bool closing = false;

    if (json == NULL)
        refuse(client, NULL, RPC_PARSE, "this is no JSON");
    else if (method == NULL || id == NULL || version == NULL || strcmp(version, "2.0") != 0)
        refuse(client, id, RPC_INVALID, "this is no request of JSON-RPC 2.0 with an id");
    else if (strcmp(method, "range/status") == 0)
        result = status_make(daemon);
    else if (strcmp(method, "agents/ps") == 0)
        result = processes_make(daemon);
    else if (strcmp(method, "events/follow") == 0)
        result = json_pack("{s:b}", "following", client->follows = true);
    else if (strcmp(method, "range/renew") == 0)
        result = renewed_make(daemon);
    else if (strcmp(method, "range/close") == 0)
        result = json_pack("{s:b}", "closing", closing = true);
    else if (control_orders_has(method))
        order_take(client, method, json_object_get(json, "params"), id);
    else
        refuse(client, id, RPC_METHOD, "there is no such method");
    if (result != NULL)
        answer(client, id, result);
    json_decref(json);
    if (closing)
        daemon_end(daemon, DAEMON_STOPPED);
}

/* ---- who waits ---- */

/* Gives the descriptor that is watched, or -1: then its lines are read in their turn all the same.
 */
static int waits_add(const struct control_socket *socket, const uv_handle_t *handle)
{
    struct epoll_event watch = {.events = EPOLLIN};
    int descriptor = -1;

    if (uv_fileno(handle, &descriptor) != 0 ||
        epoll_ctl(socket->waits, EPOLL_CTL_ADD, descriptor, &watch) != 0)
        return -1;
    return descriptor;
}

bool control_socket_waits(const struct daemon *daemon)
{
    struct epoll_event event;

    return daemon->socket != NULL && epoll_wait(daemon->socket->waits, &event, 1, 0) > 0;
}

bool control_socket_followed(const struct daemon *daemon, uint64_t epoch)
{
    for (const struct client *client = daemon->socket != NULL ? daemon->socket->clients : NULL;
         client != NULL; client = client->next)
        if (client->epoch == epoch)
            return true;
    return false;
}

void control_socket_tell(struct daemon *daemon, uint64_t epoch, json_t *notification)
{
    struct client *next;

    for (struct client *client = daemon->socket != NULL ? daemon->socket->clients : NULL;
         client != NULL; client = next) {
        next = client->next;
        if (client->epoch == epoch)
            client_send(client, json_incref(notification));
    }
    json_decref(notification);
}

/* ---- reading ---- */

static void room_give(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)wanted;
    *buffer = uv_buf_init(client->line + client->used, (unsigned)(LINE_MAX_BYTES - client->used));
}

static void lines_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct client *client = stream->data;
    size_t from = 0;

    (void)buffer;
    if (got < 0) {
        client_drop(client);
        return;
    }
    client->used += (size_t)got;
    for (size_t at = client->used - (size_t)got; at < client->used && client->socket != NULL; at++)
        if (client->line[at] == '\n') {
            client->heard = ++client->socket->heard;
            line_take(client, client->line + from, at - from);
            from = at + 1;
        }
    memmove(client->line, client->line + from, client->used - from);
    client->used -= from;
    if (client->used == LINE_MAX_BYTES)
        client_drop(client);
}

static void connected(uv_stream_t *server, int status)
{
    struct control_socket *socket = server->data;
    struct client *client = status == 0 ? calloc(1, sizeof *client) : NULL;

    if (client == NULL)
        return;
    uv_pipe_init(&socket->daemon->loop, &client->pipe, 0);
    client->pipe.data = client;
    if (uv_accept(server, (uv_stream_t *)&client->pipe) != 0) {
        uv_close((uv_handle_t *)&client->pipe, data_free);
        return;
    }
    if (socket->count == CLIENTS_MAX)
        client_make_room(socket);
    client->heard = ++socket->heard;
    client->watched = waits_add(socket, (uv_handle_t *)&client->pipe);
    client->socket = socket;
    client->next = socket->clients;
    socket->clients = client;
    socket->count++;
    uv_read_start((uv_stream_t *)&client->pipe, room_give, lines_read);
}

/* ---- opening and closing ---- */

/* A socket that a daemon left behind is removed; one that answers is somebody's. */
static int path_free(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor, answered;

    if (strlen(path) >= sizeof address.sun_path)
        return error_set(error, ERROR_INPUT, "the path of the control socket is too long: %s",
                         path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return error_set(error, ERROR_IO, "no socket: %s", strerror(errno));
    answered = connect(descriptor, (struct sockaddr *)&address, sizeof address);
    close(descriptor);
    if (answered == 0)
        return error_set(error, ERROR_INPUT, "a range of this name is up already (%s)", path);
    if (errno == ECONNREFUSED)
        unlink(path);
    return 0;
}

int control_socket_open(struct daemon *daemon, struct error *error)
{
    const char *path = daemon->options->control;
    struct control_socket *socket;
    mode_t before;
    int failed;

    if (path == NULL)
        return 0;
    failed = path_free(path, error);
    if (failed != 0)
        return failed;
    socket = calloc(1, sizeof *socket);
    if (socket == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the control socket");
    socket->daemon = daemon;
    daemon->socket = socket;
    socket->waits = epoll_create1(EPOLL_CLOEXEC);
    uv_pipe_init(&daemon->loop, &socket->pipe, 0);
    socket->pipe.data = socket;
    before = umask(0177);
    failed = uv_pipe_bind(&socket->pipe, path);
    umask(before);
    socket->open = failed == 0;
    if (failed == 0)
        failed = uv_listen((uv_stream_t *)&socket->pipe, 16, connected);
    if (failed == 0 && (socket->waits < 0 || waits_add(socket, (uv_handle_t *)&socket->pipe) < 0))
        failed = UV_EMFILE;
    return failed == 0 ? 0 : error_set(error, ERROR_IO, "%s: %s", path, uv_strerror(failed));
}

void control_socket_close(struct daemon *daemon)
{
    struct control_socket *socket = daemon->socket;

    if (socket == NULL)
        return;
    while (socket->clients != NULL)
        client_drop(socket->clients);
    if (socket->open)
        unlink(daemon->options->control);
    if (socket->waits >= 0)
        close(socket->waits);
    daemon->socket = NULL;
    uv_close((uv_handle_t *)&socket->pipe, data_free);
}

void control_socket_event(struct daemon *daemon, bool started, uint32_t row)
{
    const struct life *life = &daemon->lives[row];
    struct client *next;

    if (daemon->socket == NULL)
        return;
    for (struct client *client = daemon->socket->clients; client != NULL; client = next) {
        next = client->next;
        if (client->follows)
            client_send(client,
                        json_pack("{s:s, s:s, s:{s:s, s:s, s:i, s:i, s:I}}", "jsonrpc", "2.0",
                                  "method", "event", "params", "kind", started ? "started" : "died",
                                  "agent", daemon->names[row_agent(daemon, row)], "incarnation",
                                  (int)life->incarnation, "pid", (int)life->pid, "time_ns",
                                  (json_int_t)(daemon->now > 0 ? daemon->now : 0)));
    }
}
