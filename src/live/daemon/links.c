/*
 * Links: pairs of sockets, made by the platform, which keeps a duplicate of both ends of each.
 *
 * As long as it keeps an end, that end does not close, whoever dies; letting go of a dead agent's
 * own ends is what tells its peers. Where nothing may tell them (network.hangup is false, the host
 * crashed, a partition stands between) the duplicate stays until the link is made anew.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/daemon/inside.h"

/* Links told of in one packet: its JSON and its descriptors must fit. */
#define OPENED_MAX 150

static uint32_t place_of(const struct daemon *daemon, agent_id agent, agent_id peer)
{
    struct agent ends = {.degree = degree_of(daemon, agent), .peers = peers_of(daemon, agent)};

    return agent_find_peer(&ends, peer);
}

struct link_pair *link_between(struct daemon *daemon, agent_id a, agent_id b)
{
    uint32_t place = place_of(daemon, a, b);

    return place == UINT32_MAX
               ? NULL
               : &daemon->pairs[daemon->pair_of[daemon->scenario->links.offsets[a] + place]];
}

int links_open(struct daemon *daemon, struct error *error)
{
    const struct graph *links = &daemon->scenario->links;
    uint32_t count = 0;

    daemon->pairs = arena_take_array(&daemon->arena, links->edges + 1, sizeof *daemon->pairs);
    daemon->pair_of =
        arena_take_array(&daemon->arena, 2 * links->edges + 1, sizeof *daemon->pair_of);
    if (daemon->pairs == NULL || daemon->pair_of == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the links");
    for (agent_id a = 0; a < daemon->agents; a++)
        for (uint32_t i = 0; i < degree_of(daemon, a); i++) {
            agent_id peer = peers_of(daemon, a)[i];

            if (peer <= a)
                continue;
            daemon->pair_of[links->offsets[a] + i] = count;
            daemon->pair_of[links->offsets[peer] + place_of(daemon, peer, a)] = count;
            daemon->pairs[count++] = (struct link_pair){.agent = {a, peer},
                                                        .end = {-1, -1},
                                                        .linked = CAUSE_NONE,
                                                        .carried = CAUSE_NONE,
                                                        .closed = CAUSE_NONE};
        }
    daemon->pair_count = count;
    return 0;
}

static void end_close(struct daemon *daemon, struct link_pair *pair, int end)
{
    if (pair->end[end] >= 0)
        close(pair->end[end]);
    pair->end[end] = -1;
    (void)daemon;
}

static void pair_close(struct daemon *daemon, struct link_pair *pair)
{
    for (int end = 0; end < 2; end++)
        end_close(daemon, pair, end);
    pair->open = false;
}

void links_close(struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->pair_count; i++)
        pair_close(daemon, &daemon->pairs[i]);
}

/* Makes the link anew; what was left of an earlier one is let go of. */
static int pair_make(struct daemon *daemon, struct link_pair *pair, struct error *error)
{
    int ends[2];
    int failed;

    pair_close(daemon, pair);
    failed = channel_pair(ends, error);
    for (int end = 0; failed == 0 && end < 2; end++) {
        struct stat facts = {0};

        pair->end[end] = ends[end];
        (void)fstat(ends[end], &facts);
        pair->device[end] = facts.st_dev;
        pair->inode[end] = facts.st_ino;
        failed = witness_own(daemon->witness, pair->agent[end], ends[end], error);
    }
    pair->made = pair->open = failed == 0;
    pair->proven = pair->hello_awaited = false;
    pair->hello = 0;
    pair->at = daemon->now;
    return failed;
}

static int opening_add(struct daemon *daemon, uint32_t row, const struct link_pair *pair, int end)
{
    if (daemon->openings_count == daemon->openings_max) {
        uint32_t room = daemon->openings_max == 0 ? 256 : 2 * daemon->openings_max;
        struct opening *list = realloc(daemon->openings, room * sizeof *list);

        if (list == NULL)
            return daemon_fail(daemon, ERROR_MEMORY, "out of memory for links to be handed out");
        daemon->openings = list;
        daemon->openings_max = room;
    }
    daemon->openings[daemon->openings_count++] =
        (struct opening){.row = row, .pair = (uint32_t)(pair - daemon->pairs), .end = (uint8_t)end};
    return 0;
}

static int compare_openings(const void *a, const void *b)
{
    const struct opening *left = a, *right = b;

    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return left->pair < right->pair ? -1 : left->pair > right->pair;
}

/* One entry for the agent at `end`: who is at the other, and by which process. The end that does
 * not give the nonce back is told it. */
static json_t *entry_make(const struct daemon *daemon, const struct link_pair *pair, int end)
{
    const struct life *peer = &daemon->lives[pair->row[1 - end]];
    json_t *entry = json_pack("{s:s, s:i}", "agent", daemon->names[pair->agent[1 - end]], "pid",
                              (int)peer->inside);
    char text[32];

    if (pair->nonce == 0) {
        json_object_set_new(entry, "first", json_true());
    } else if (pair->returns != end) {
        snprintf(text, sizeof text, "%lld", (long long)pair->nonce);
        json_object_set_new(entry, "nonce", json_string(text));
    }
    return entry;
}

/* Of one life, at most OPENED_MAX of those that begin at `from`; gives how many. */
static uint32_t hand_out_some(struct daemon *daemon, uint32_t from)
{
    uint32_t row = daemon->openings[from].row, count = 0;
    int descriptors[OPENED_MAX];
    struct link_pair *pairs[OPENED_MAX];
    uint8_t ends[OPENED_MAX];
    json_t *list = json_array();
    uint32_t taken = 0, number;

    while (from + taken < daemon->openings_count && daemon->openings[from + taken].row == row &&
           count < OPENED_MAX) {
        const struct opening *opening = &daemon->openings[from + taken++];
        struct link_pair *pair = &daemon->pairs[opening->pair];

        if (!pair->open || pair->row[opening->end] != row || pair->end[opening->end] < 0)
            continue; /* gone again in the meantime */
        json_array_append_new(list, entry_make(daemon, pair, opening->end));
        descriptors[count] = pair->end[opening->end];
        pairs[count] = pair;
        ends[count++] = opening->end;
    }
    if (count == 0) {
        json_decref(list);
        return taken;
    }
    send_with_descriptors(daemon, row, json_pack("{s:o}", "links", list), descriptors, count,
                          &number);
    for (uint32_t i = 0; i < count; i++)
        pairs[i]->opened_by[ends[i]] = number;
    return taken;
}

void links_hand_out(struct daemon *daemon)
{
    if (daemon->openings_count > 1)
        qsort(daemon->openings, daemon->openings_count, sizeof *daemon->openings, compare_openings);
    for (uint32_t from = 0; from < daemon->openings_count;)
        from += hand_out_some(daemon, from);
    daemon->openings_count = 0;
}

/* Whether both are there: who is kept from running by an order is not. */
static bool pair_wanted(const struct daemon *daemon, const struct link_pair *pair)
{
    return daemon->lives[pair->agent[0]].state != LIFE_NONE &&
           daemon->lives[pair->agent[1]].state != LIFE_NONE;
}

/* The crew begins with all its links up: no nonce, and nothing to be proven. */
int links_make_all(struct daemon *daemon, struct error *error)
{
    for (uint32_t i = 0; i < daemon->pair_count; i++) {
        struct link_pair *pair = &daemon->pairs[i];
        int failed;

        if (!pair_wanted(daemon, pair))
            continue;
        failed = pair_make(daemon, pair, error);
        if (failed != 0)
            return failed;
        for (int end = 0; end < 2; end++) {
            pair->row[end] = pair->agent[end];
            failed = opening_add(daemon, pair->row[end], pair, end);
            if (failed != 0)
                return failed;
        }
    }
    links_hand_out(daemon);
    return 0;
}

/* Nobody but those two ends can know it, and it fits JSON's readers everywhere. */
static int64_t nonce_draw(void)
{
    uint64_t bits = 0;

    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        bits = (uint64_t)uv_hrtime();
    bits &= (UINT64_C(1) << 53) - 1;
    return bits != 0 ? (int64_t)bits : 1;
}

void link_connect(struct daemon *daemon, const struct platform_action *action,
                  const struct cause *cause)
{
    struct link_pair *pair = link_between(daemon, action->who, action->whom);
    int who = pair->agent[1] == action->who;

    if (pair_make(daemon, pair, daemon->error) != 0) {
        daemon_tell(daemon, "a link of %s and %s could not be made: %s", daemon->names[action->who],
                    daemon->names[action->whom], daemon->error->message);
        *daemon->error = (struct error){0};
        return;
    }
    pair->row[who] = row_of(daemon, action->who, action->who_slot);
    pair->row[1 - who] = row_of(daemon, action->whom, action->whom_slot);
    pair->returns = (uint8_t)who;
    pair->nonce = nonce_draw();
    pair->linked = *cause;
    for (int end = 0; end < 2; end++)
        opening_add(daemon, pair->row[end], pair, end);
}

/* It carries nothing any more, whoever has an end of it, and nobody poses by having one. */
static void pair_cut(struct daemon *daemon, const struct link_pair *pair)
{
    for (int end = 0; end < 2; end++) {
        if (pair->end[end] >= 0)
            shutdown(pair->end[end], SHUT_RDWR);
        witness_forget(daemon->witness, pair->device[end], pair->inode[end]);
    }
}

void link_sever(struct daemon *daemon, const struct platform_action *action,
                const struct cause *cause)
{
    struct link_pair *pair = link_between(daemon, action->who, action->whom);

    if (!pair->open)
        return;
    pair->closed = *cause;
    pair_cut(daemon, pair);
    pair_close(daemon, pair);
}

void links_cut(struct daemon *daemon, agent_id agent)
{
    uint64_t first = daemon->scenario->links.offsets[agent];

    for (uint32_t i = 0; i < degree_of(daemon, agent); i++) {
        struct link_pair *pair = &daemon->pairs[daemon->pair_of[first + i]];

        if (pair->made && !pair->open)
            pair_cut(daemon, pair);
    }
}

void links_died(struct daemon *daemon, uint32_t row, const struct cause *died)
{
    agent_id agent = row_agent(daemon, row);
    uint64_t first = daemon->scenario->links.offsets[agent];
    bool tells =
        daemon->scenario->network.hangup && !daemon->node_down[daemon->scenario->node_of[agent]];

    for (uint32_t i = 0; i < degree_of(daemon, agent); i++) {
        struct link_pair *pair = &daemon->pairs[daemon->pair_of[first + i]];
        int end = pair->agent[1] == agent;

        if (!pair->made || !pair->open || pair->row[end] != row)
            continue;
        pair->closed = *died;
        pair->open = false;
        if (tells && record_id_is_none(fault_between(daemon, agent, pair->agent[1 - end])))
            end_close(daemon, pair, end);
    }
}

static struct cause *concern_at(struct daemon *daemon, uint32_t row, agent_id peer)
{
    return &daemon->lives[row].concern[place_of(daemon, row_agent(daemon, row), peer)];
}

void link_noted(struct daemon *daemon, uint32_t row, const struct call *call)
{
    agent_id agent = row_agent(daemon, row), peer = crew_named(daemon, call->agent);
    struct link_pair *pair = peer == AGENT_NONE ? NULL : link_between(daemon, agent, peer);
    struct record record;
    int end;

    if (pair == NULL)
        return;
    end = pair->agent[1] == agent;
    if (!pair->open || pair->proven || pair->nonce == 0 || pair->nonce != call->value ||
        pair->returns != end || pair->row[end] != row)
        return;
    record = record_make(VERB_LINK_UP, daemon->now, &pair->linked, agent, peer, 0);
    record.who_incarnation = daemon->lives[row].incarnation;
    pair->carried = pair->linked;
    pair->carried.id = record_write(daemon, &record, row);
    pair->proven = true;
    pair->hello_awaited = call->because.kind != BECAUSE_MESSAGE;
    pair->hello = call->because.kind == BECAUSE_MESSAGE ? call->because.number : 0;
    /* What the two were about for each other is over: the other end has taken its link, or it could
     * not have sent the nonce. */
    concern_forget(concern_at(daemon, row, peer));
    concern_forget(concern_at(daemon, pair->row[1 - end], agent));
}
