/* What the daemon asks of a range while it is open, and what it hears. */
#include "live/range/range.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/range/held.h"
#include "live/range/layers.h"
#include "live/range/process.h"

static int event_put(struct range *range, const struct range_event *event, struct error *error)
{
    if (range->event_next == range->event_count)
        range->event_next = range->event_count = 0;
    if (range->event_count == range->event_room) {
        uint32_t room = range->event_room == 0 ? 64 : range->event_room * 2;
        struct range_event *events = realloc(range->events, room * sizeof *events);

        if (events == NULL)
            return error_set(error, ERROR_MEMORY, "the range's events: out of memory");
        range->events = events;
        range->event_room = room;
    }
    range->events[range->event_count++] = *event;
    return 0;
}

static int born_put(struct range *range, const struct born *born, struct error *error)
{
    if (range->born_count == range->born_room) {
        uint32_t room = range->born_room == 0 ? 64 : range->born_room * 2;
        struct born *list = realloc(range->born, room * sizeof *list);

        if (list == NULL)
            return error_set(error, ERROR_MEMORY, "the range's processes: out of memory");
        range->born = list;
        range->born_room = room;
    }
    range->born[range->born_count++] = *born;
    return 0;
}

/* The pid that the kernel told of a child, which is then forgotten; 0 where it never spoke. */
static pid_t born_take(struct range *range, pid_t inside)
{
    for (uint32_t place = 0; place < range->born_count; place++)
        if (range->born[place].inside == inside) {
            pid_t pid = range->born[place].pid;

            range->born[place] = range->born[--range->born_count];
            return pid;
        }
    return 0;
}

/* A child that is held: goes into its cgroup, and then on. */
static void child_place(struct range *range, const struct first_answer *answer, pid_t pid)
{
    struct first_request request = {.kind = FIRST_GO, .inside = (uint32_t)answer->inside};
    struct packet packet = {.head = &request, .head_bytes = sizeof request};

    if (range->cgroups.made && answer->agent < range->cgroups.agent_count)
        cgroup_move(range->cgroups.agents[answer->agent], pid);
    packet_send(range->socket, &packet, 0);
}

static int answer_take(struct range *range, const struct first_answer *answer,
                       struct packet *packet, struct error *error)
{
    struct range_event event = {.agent = answer->agent,
                                .cookie = answer->cookie,
                                .inside = answer->inside,
                                .status = answer->status,
                                .pidfd = -1};

    switch (answer->kind) {
    case FIRST_BORN:
        if (answer->status != 0)
            child_place(range, answer, packet->sender);
        return born_put(range, &(struct born){packet->sender, answer->inside}, error);
    case FIRST_SPAWNED:
        event.pid = born_take(range, answer->inside);
        if (event.pid != 0 && packet->count == 1) {
            event.kind = RANGE_SPAWNED;
            event.pidfd = packet->descriptors[0];
            packet->count = 0;
            return event_put(range, &event, error);
        }
        /* Killed before it could say who it is. */
        event.kind = RANGE_SPAWN_FAILED;
        event.status = ECANCELED;
        return event_put(range, &event, error);
    case FIRST_SPAWN_FAILED:
        born_take(range, answer->inside);
        event.kind = RANGE_SPAWN_FAILED;
        return event_put(range, &event, error);
    case FIRST_EXITED:
        event.kind = RANGE_EXITED;
        return event_put(range, &event, error);
    default:
        return 0;
    }
}

/* Reads what the first process said: 1 where there was something, 0 where not. */
static int answers_read(struct range *range, struct error *error)
{
    struct first_answer answer;
    struct packet packet = {.head = &answer, .head_bytes = sizeof answer};
    ssize_t bytes = packet_receive(range->socket, &packet, MSG_DONTWAIT);
    int status;

    if (bytes == -EAGAIN || bytes == 0)
        return 0;
    if (bytes < 0)
        return bytes == -ECONNRESET ? 0
                                    : error_set(error, ERROR_IO, "hearing the first process: %s",
                                                strerror((int)-bytes));
    status = bytes == (ssize_t)sizeof answer ? answer_take(range, &answer, &packet, error) : 0;
    for (uint32_t i = 0; i < packet.count; i++)
        close(packet.descriptors[i]);
    return status != 0 ? status : 1;
}

/* ---- spawning ---- */

static int spawn_pack(const struct range *range, const struct range_spawn *spawn,
                      struct first_request *request, char *words, struct packet *packet,
                      struct error *error)
{
    uint32_t count = 0;

    if (spawn->agent >= range->options.agents || spawn->descriptor_count > FIRST_DESCRIPTORS)
        return error_set(error, ERROR_INPUT, "a spawn of agent %u with %u descriptors",
                         spawn->agent, spawn->descriptor_count);
    for (; spawn->argv[request->words] != NULL; request->words++) {
        size_t length = strlen(spawn->argv[request->words]) + 1;

        if (request->words == FIRST_WORDS || request->bytes + length > FIRST_WORDS_BYTES)
            return error_set(error, ERROR_LIMIT,
                             "a spawn's arguments: at most %d words of %d bytes together",
                             FIRST_WORDS, FIRST_WORDS_BYTES);
        memcpy(words + request->bytes, spawn->argv[request->words], length);
        request->bytes += (uint32_t)length;
    }
    for (; count < spawn->descriptor_count; count++)
        packet->descriptors[count] = spawn->descriptors[count];
    if ((request->output = spawn->output >= 0))
        packet->descriptors[count++] = spawn->output;
    if ((request->program = spawn->program >= 0))
        packet->descriptors[count++] = spawn->program;
    if ((request->cgroup = range->cgroups.made))
        packet->descriptors[count++] = range->cgroups.agents[spawn->agent];
    request->hold = range->killed[spawn->agent];
    packet->count = count;
    packet->body_bytes = request->bytes;
    return 0;
}

int range_spawn(struct range *range, const struct range_spawn *spawn, struct error *error)
{
    char words[FIRST_WORDS_BYTES];
    struct first_request request = {.kind = FIRST_SPAWN,
                                    .agent = spawn->agent,
                                    .cookie = spawn->cookie,
                                    .descriptors = (uint8_t)spawn->descriptor_count};
    struct packet packet = {.head = &request, .head_bytes = sizeof request, .body = words};
    int status = spawn_pack(range, spawn, &request, words, &packet, error);
    int sent;

    if (status != 0)
        return status;
    /* The first process may be waiting for this one to hear it: what it says is kept for
     * range_take. Too many descriptors under way are fewer a moment later. */
    while ((sent = packet_send(range->socket, &packet, MSG_DONTWAIT)) == -EAGAIN ||
           sent == -ETOOMANYREFS) {
        struct pollfd look[2] = {
            {.fd = range->socket, .events = (short)(sent == -EAGAIN ? POLLIN | POLLOUT : POLLIN)},
            {.fd = range->first, .events = POLLIN}};

        poll(look, 2, sent == -EAGAIN ? 100 : 1);
        while ((status = answers_read(range, error)) == 1)
            ;
        if (status != 0)
            return status;
        if (look[1].revents != 0)
            return error_set(error, ERROR_MACHINE, "the first process is gone");
    }
    return sent == 0 ? 0
                     : error_set(error, ERROR_MACHINE, "asking the first process: %s",
                                 sent == -EPIPE ? "it is gone" : strerror(-sent));
}

bool range_lease(struct range *range, time_ns until)
{
    struct first_request request = {.kind = FIRST_LEASE, .cookie = (uint64_t)until};
    struct packet packet = {.head = &request, .head_bytes = sizeof request};

    return packet_send(range->socket, &packet, MSG_DONTWAIT) == 0;
}

/* ---- hearing ---- */

int range_descriptor(const struct range *range)
{
    return range->epoll;
}

/* A process that the range stands on is gone: said once, and then watched no more. */
static bool gone_take(struct range *range, int pidfd, bool *told)
{
    if (*told || !process_gone(pidfd))
        return false;
    *told = true;
    epoll_ctl(range->epoll, EPOLL_CTL_DEL, pidfd, NULL);
    return true;
}

int range_take(struct range *range, struct range_event *event, struct error *error)
{
    bool gone = process_gone(range->first);

    while (range->event_next == range->event_count) {
        int status = answers_read(range, error);

        if (status < 0)
            return status;
        if (status == 1)
            continue;
        *event = (struct range_event){.agent = AGENT_NONE, .pidfd = -1};
        /* Asked before the last answer was read, so that nothing it still said is lost. */
        if (gone && gone_take(range, range->first, &range->first_told)) {
            epoll_ctl(range->epoll, EPOLL_CTL_DEL, range->socket, NULL);
            event->kind = RANGE_FIRST_GONE;
            return 1;
        }
        if (layer_on(LAYER_WATCH) && gone_take(range, range->reaper, &range->reaper_told)) {
            event->kind = RANGE_REAPER_GONE;
            return 1;
        }
        return 0;
    }
    *event = range->events[range->event_next++];
    return 1;
}

/* ---- killing, and where things are ---- */

static int needs_cgroups(const struct range *range, struct error *error)
{
    return range->cgroups.made ? 0 : error_set(error, ERROR_MACHINE, "this range has no cgroups");
}

static int told(int status, const char *what, struct error *error)
{
    return status == 0 ? 0 : error_set(error, ERROR_IO, "%s: %s", what, strerror(-status));
}

int range_kill_node(struct range *range, node_id node, struct error *error)
{
    int status = needs_cgroups(range, error);

    if (status != 0)
        return status;
    status = cgroup_kill(node < range->cgroups.node_count ? range->cgroups.nodes[node] : -1);
    for (agent_id agent = 0; status == 0 && agent < range->cgroups.agent_count; agent++)
        range->killed[agent] |= range->cgroups.node_of[agent] == node;
    return told(status, "cgroup.kill", error);
}

int range_kill_all(struct range *range, time_ns limit_ns, struct error *error)
{
    int64_t until = process_clock() + limit_ns;
    int status = needs_cgroups(range, error);

    for (node_id node = 0; status == 0 && node < range->cgroups.node_count; node++)
        status = range_kill_node(range, node, error);
    for (uint32_t node = 0; status == 0 && node < range->cgroups.node_count; node++) {
        int64_t left = until - process_clock();

        (void)cgroup_await(range->cgroups.nodes[node], "populated 0", left > 0 ? left : 0);
    }
    return status;
}

int range_kill_agent(struct range *range, agent_id agent, struct error *error)
{
    int status = needs_cgroups(range, error);

    if (status != 0)
        return status;
    if (agent >= range->cgroups.agent_count)
        return error_set(error, ERROR_INPUT, "no agent %u", agent);
    status = cgroup_kill(range->cgroups.agents[agent]);
    range->killed[agent] |= status == 0;
    return told(status, "cgroup.kill", error);
}

bool range_is_empty(const struct range *range)
{
    bool empty = range->cgroups.made;

    for (uint32_t node = 0; empty && node < range->cgroups.node_count; node++)
        empty = cgroup_await(range->cgroups.nodes[node], "populated 0", 0) == 0;
    return empty;
}

/* ---- standing still ---- */

int range_freeze(struct range *range, time_ns limit_ns, struct error *error)
{
    int64_t until = process_clock() + limit_ns;
    int status = needs_cgroups(range, error);

    if (status != 0)
        return status;
    for (uint32_t node = 0; node < range->cgroups.node_count && status == 0; node++)
        status = cgroup_freeze(range->cgroups.nodes[node], true);
    for (uint32_t node = 0; node < range->cgroups.node_count && status == 0; node++) {
        int64_t left = until - process_clock();

        status = cgroup_await(range->cgroups.nodes[node], "frozen 1", left > 0 ? left : 0);
    }
    return told(status, "cgroup.freeze", error);
}

int range_thaw(struct range *range, struct error *error)
{
    int status = needs_cgroups(range, error);

    if (status != 0)
        return status;
    /* All of them, whatever one says. */
    for (uint32_t node = 0; node < range->cgroups.node_count; node++) {
        int one = cgroup_freeze(range->cgroups.nodes[node], false);

        status = status != 0 ? status : one;
    }
    return told(status, "cgroup.freeze", error);
}

int range_hold_agent(struct range *range, agent_id agent, bool still, time_ns limit_ns,
                     struct error *error)
{
    int status = needs_cgroups(range, error);

    if (status != 0)
        return status;
    if (agent >= range->cgroups.agent_count)
        return error_set(error, ERROR_INPUT, "no agent %u", agent);
    status = cgroup_freeze(range->cgroups.agents[agent], still);
    if (status == 0 && still && limit_ns > 0)
        status = cgroup_await(range->cgroups.agents[agent], "frozen 1", limit_ns);
    return told(status, "cgroup.freeze", error);
}

int range_adopt(struct range *range, agent_id agent, pid_t pid, struct error *error)
{
    int status = needs_cgroups(range, error);

    if (status != 0)
        return status;
    if (agent >= range->cgroups.agent_count)
        return error_set(error, ERROR_INPUT, "no agent %u", agent);
    return told(cgroup_move(range->cgroups.agents[agent], pid), "cgroup.procs", error);
}

int range_cgroup(const struct range *range, agent_id agent)
{
    if (!range->cgroups.made)
        return -1;
    if (agent == AGENT_NONE)
        return range->cgroups.range;
    return agent < range->cgroups.agent_count ? range->cgroups.agents[agent] : -1;
}

int64_t range_cpu(const struct range *range, agent_id agent)
{
    int directory = range_cgroup(range, agent);

    return directory < 0 ? -ENOENT : cgroup_cpu(directory);
}

const char *range_cgroup_path(const struct range *range, agent_id agent, char *path, size_t size)
{
    const struct cgroups *cgroups = &range->cgroups;
    const char *own = strcmp(cgroups->own, "/") == 0 ? "" : cgroups->own;

    path[0] = '\0';
    if (cgroups->made && agent == AGENT_NONE)
        snprintf(path, size, "%s/%s", own, cgroups->name);
    else if (cgroups->made && agent < cgroups->agent_count)
        snprintf(path, size, "%s/%s/node-%u/agent-%u", own, cgroups->name, cgroups->node_of[agent],
                 agent);
    return path;
}

agent_id range_agent_of_path(const struct range *range, const char *path)
{
    const struct cgroups *cgroups = &range->cgroups;
    const char *own = strcmp(cgroups->own, "/") == 0 ? "" : cgroups->own;
    size_t own_length = strlen(own);
    size_t name_length = strlen(cgroups->name);
    unsigned node;
    agent_id agent;

    if (!cgroups->made || strncmp(path, own, own_length) != 0 || path[own_length] != '/')
        return AGENT_NONE;
    path += own_length + 1;
    if (strncmp(path, cgroups->name, name_length) != 0 ||
        sscanf(path + name_length, "/node-%u/agent-%u", &node, &agent) != 2 ||
        agent >= cgroups->agent_count)
        return AGENT_NONE;
    return agent;
}

pid_t range_first(const struct range *range)
{
    return range->first_pid;
}

pid_t range_reaper(const struct range *range)
{
    return range->reaper_pid;
}

const char *range_words(const struct range *range)
{
    return range->words;
}
