/*
 * The sum over episodes: those with the same steps are one protocol; and who does what.
 */
#include "analysis/protocol.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/protocol_inside.h"
#include "analysis/run.h"

/* ---- adding up ---- */

/* A name's number; it is added where it is new. */
static int name_number(struct names *names, const char *text, uint32_t *number)
{
    struct name *name = NULL;
    size_t length = strlen(text);
    HASH_FIND(hh, names->by_text, text, length, name);
    if (name != NULL) {
        *number = name->number;
        return 0;
    }
    if (list_reserve((void **)&names->list, &names->capacity, names->count,
                     sizeof(struct name *)) != 0) {
        return ERROR_MEMORY;
    }
    name = calloc(1, sizeof *name + length + 1);
    if (name == NULL) {
        return ERROR_MEMORY;
    }
    memcpy(name->text, text, length + 1);
    name->number = (uint32_t)names->count;
    HASH_ADD_KEYPTR(hh, names->by_text, name->text, length, name);
    if (name->hh.tbl == NULL) {
        free(name);
        return ERROR_MEMORY;
    }
    names->list[names->count++] = name;
    *number = name->number;
    return 0;
}

/* The number of an agent of this crew among all names. */
static int agent_number(struct protocols *protocols, const struct protocol_crew *crew,
                        agent_id agent, uint32_t *number)
{
    const char *name = crew->names != NULL ? crew->names[agent] : "an agent";
    const char *kind = crew->kinds != NULL && crew->kinds[agent] != NULL ? crew->kinds[agent] : "";
    uint32_t kind_number = 0;
    int code = name_number(&protocols->kinds, kind, &kind_number);
    if (code == 0) {
        code = name_number(&protocols->agents, name, number);
    }
    if (code == 0) {
        protocols->agents.list[*number]->kind = kind_number;
    }
    return code;
}

static struct player *player_of(struct protocols *protocols, uint32_t role, uint32_t agent)
{
    struct player *player = NULL;
    struct player made = {.key = {role, agent}};
    HASH_FIND(hh, protocols->players, &made.key, sizeof made.key, player);
    if (player == NULL) {
        player = malloc(sizeof *player);
        if (player == NULL) {
            return NULL;
        }
        *player = made;
        HASH_ADD(hh, protocols->players, key, sizeof player->key, player);
        if (player->hh.tbl == NULL) {
            free(player);
            return NULL;
        }
    }
    return player;
}

static struct doing *doing_of(struct protocols *protocols, uint32_t step, uint32_t role,
                              uint32_t kind)
{
    struct doing *doing = NULL;
    struct doing made = {.key = {step, role, kind}};
    HASH_FIND(hh, protocols->doings, &made.key, sizeof made.key, doing);
    if (doing == NULL) {
        doing = malloc(sizeof *doing);
        if (doing == NULL) {
            return NULL;
        }
        *doing = made;
        HASH_ADD(hh, protocols->doings, key, sizeof doing->key, doing);
        if (doing->hh.tbl == NULL) {
            free(doing);
            return NULL;
        }
    }
    return doing;
}

/* Who played which role. Peers that did nothing but hear of it are none. */
static int players_add(struct protocols *protocols, const struct reduction *reduction)
{
    int code = 0;
    for (size_t i = 0; i < reduction->member_count && code == 0; i++) {
        const struct member *member = &reduction->members[i];
        uint32_t agent = 0;
        code = agent_number(protocols, reduction->crew, member->agent, &agent);
        struct player *player = code == 0 ? player_of(protocols, member->role, agent) : NULL;
        if (player == NULL) {
            return ERROR_MEMORY;
        }
        player->episodes++;
        player->noticed_first += member->first ? 1 : 0;
    }
    return code;
}

/* Who did what, and who wanted it: from the events, so that each act counts under its own role. */
static int doings_add(struct protocols *protocols, const struct reduction *reduction)
{
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        const struct member *member = member_find(reduction, event->by);
        uint32_t agent = 0;
        if (member == NULL || event_left_out(event, false)) {
            continue;
        }
        int code = agent_number(protocols, reduction->crew, member->agent, &agent);
        struct doing *doing = code != 0 ? NULL
                                        : doing_of(protocols, event->step, member->role,
                                                   protocols->agents.list[agent]->kind);
        if (doing == NULL) {
            return ERROR_MEMORY;
        }
        doing->wanted[event->wanted]++;
        doing->inferred += (event->flags & EVENT_INFERRED) != 0;
        doing->told += (event->flags & EVENT_TOLD) != 0;
        protocols->acts++;
        protocols->inferred += (event->flags & EVENT_INFERRED) != 0;
        protocols->told += (event->flags & EVENT_TOLD) != 0;
    }
    return 0;
}

/* The protocol with these steps; it is made where it is new. NULL where memory is short. */
static struct protocol *protocol_of(struct protocols *protocols, const struct step_key *keys,
                                    uint32_t count)
{
    struct protocol *protocol = NULL;
    HASH_FIND(hh, protocols->by_keys, keys, count * sizeof *keys, protocol);
    if (protocol != NULL) {
        return protocol;
    }
    protocol = calloc(1, sizeof *protocol);
    if (protocol == NULL) {
        return NULL;
    }
    protocol->keys = calloc((size_t)count + 1, sizeof *protocol->keys);
    protocol->steps = calloc((size_t)count + 1, sizeof *protocol->steps);
    if (protocol->keys != NULL && protocol->steps != NULL) {
        memcpy(protocol->keys, keys, count * sizeof *keys);
        protocol->step_count = count;
        for (uint32_t i = 0; i < count; i++) {
            protocol->steps[i].key = keys[i];
            protocol->steps[i].agents_least = UINT32_MAX;
        }
        HASH_ADD_KEYPTR(hh, protocols->by_keys, protocol->keys, count * sizeof *keys, protocol);
        if (protocol->hh.tbl != NULL) {
            return protocol;
        }
    }
    free(protocol->keys);
    free(protocol->steps);
    free(protocol);
    return NULL;
}

static int by_step(const void *a, const void *b)
{
    const struct step_act *first = a, *second = b;
    int order = memcmp(&first->key, &second->key, sizeof first->key);
    if (order != 0) {
        return order;
    }
    if (first->by != second->by) {
        return first->by < second->by ? -1 : 1;
    }
    return first->time < second->time ? -1 : first->time > second->time;
}

/* Adds the acts of one step in one episode: those at `acts`, which have the same key. */
static int step_add(struct step_sum *step, const struct step_act *acts, size_t count,
                    time_ns origin)
{
    time_ns first = TIME_UNKNOWN;
    uint32_t agents = 0;
    for (size_t i = 0; i < count; i++) {
        if (acts[i].time != TIME_UNKNOWN && (first == TIME_UNKNOWN || acts[i].time < first)) {
            first = acts[i].time;
        }
        agents += i == 0 || acts[i].by != acts[i - 1].by ? 1 : 0;
        step->inferred += (acts[i].flags & EVENT_INFERRED) != 0;
        step->told += (acts[i].flags & EVENT_TOLD) != 0;
    }
    step->acts += count;
    step->agents += agents;
    step->agents_least = agents < step->agents_least ? agents : step->agents_least;
    step->agents_most = agents > step->agents_most ? agents : step->agents_most;
    if (first == TIME_UNKNOWN) {
        return 0;
    }
    if (list_reserve((void **)&step->times, &step->time_capacity, step->time_count,
                     sizeof *step->times) != 0) {
        return ERROR_MEMORY;
    }
    step->times[step->time_count++] = first - origin;
    return 0;
}

static int episode_add(struct protocols *protocols, struct reduction *reduction)
{
    const struct protocol_episode *episode = reduction->episode;
    size_t count = reduction->act_count;
    struct step_key *keys = calloc(count + 1, sizeof *keys);
    uint32_t steps = 0;
    if (keys == NULL) {
        return ERROR_MEMORY;
    }
    if (count > 0) {
        qsort(reduction->acts, count, sizeof *reduction->acts, by_step);
    }
    for (size_t i = 0; i < count; i++) {
        if (steps == 0 || memcmp(&keys[steps - 1], &reduction->acts[i].key, sizeof *keys) != 0) {
            keys[steps++] = reduction->acts[i].key;
        }
    }
    struct protocol *protocol = protocol_of(protocols, keys, steps);
    free(keys);
    if (protocol == NULL) {
        return ERROR_MEMORY;
    }
    protocol->episodes++;
    protocol->failures += episode->failure;
    protocol->objects += episode->object;
    size_t at = 0;
    for (uint32_t i = 0; i < steps; i++) {
        const struct step_key *key = &protocol->keys[i];
        size_t from = at;
        while (at < count && memcmp(&reduction->acts[at].key, key, sizeof *key) == 0) {
            at++;
        }
        bool since_death = key->stretch != STRETCH_BEFORE && episode->died != TIME_UNKNOWN;
        time_ns origin = since_death ? episode->died : episode->began;
        if (step_add(&protocol->steps[i], &reduction->acts[from], at - from, origin) != 0) {
            return ERROR_MEMORY;
        }
    }
    return 0;
}

int protocols_add(struct protocols *protocols, const struct protocol_crew *crew,
                  const struct protocol_episode *episode, const struct protocol_event *events,
                  size_t count)
{
    struct reduction reduction = {
        .crew = crew, .episode = episode, .events = events, .count = count};
    int code = reduction_make(&reduction);
    if (code == 0) {
        code = episode_add(protocols, &reduction);
    }
    if (code == 0) {
        code = players_add(protocols, &reduction);
    }
    if (code == 0) {
        code = doings_add(protocols, &reduction);
    }
    protocols->episodes++;
    protocols->failures += episode->failure;
    protocols->objects += episode->object;
    protocols->open += episode->open;
    reduction_free(&reduction);
    return code;
}

/* ---- the sum ---- */

struct protocols *protocols_open(void)
{
    return calloc(1, sizeof(struct protocols));
}

static void names_free(struct names *names)
{
    HASH_CLEAR(hh, names->by_text);
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i]);
    }
    free(names->list);
}

static void protocol_free(struct protocol *protocol)
{
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        free(protocol->steps[i].times);
    }
    free(protocol->shown);
    free(protocol->steps);
    free(protocol->keys);
    free(protocol);
}

/* Frees all elements of a table whose elements hold nothing else. */
#define TABLE_FREE(type, table)                                                                    \
    do {                                                                                           \
        struct type *element_ = (table), *next_;                                                   \
        HASH_CLEAR(hh, (table));                                                                   \
        for (; element_ != NULL; element_ = next_) {                                               \
            next_ = element_->hh.next;                                                             \
            free(element_);                                                                        \
        }                                                                                          \
    } while (0)

void protocols_close(struct protocols *protocols)
{
    if (protocols == NULL) {
        return;
    }
    struct protocol *protocol = protocols->by_keys, *next;
    HASH_CLEAR(hh, protocols->by_keys);
    for (; protocol != NULL; protocol = next) {
        next = protocol->hh.next;
        protocol_free(protocol);
    }
    TABLE_FREE(player, protocols->players);
    TABLE_FREE(doing, protocols->doings);
    names_free(&protocols->agents);
    names_free(&protocols->kinds);
    for (int source = 0; source < SOURCE_COUNT; source++) {
        names_free(&protocols->sources[source]);
    }
    free(protocols->sorted);
    free(protocols);
}

int protocols_source(struct protocols *protocols, enum protocol_source source, const char *text)
{
    uint32_t number;
    return name_number(&protocols->sources[source], text, &number);
}

void protocols_runs(struct protocols *protocols, uint64_t runs, bool acts_alone)
{
    protocols->runs += runs;
    protocols->runs_of_acts += acts_alone ? runs : 0;
}

uint64_t protocols_episodes(const struct protocols *protocols)
{
    return protocols->episodes;
}

uint64_t protocols_count(const struct protocols *protocols)
{
    return HASH_COUNT(protocols->by_keys);
}

/* ---- order ---- */

static int by_time(const void *a, const void *b)
{
    time_ns first = *(const time_ns *)a, second = *(const time_ns *)b;
    return first < second ? -1 : first > second;
}

/* By stretch, then time; steps of which no time is known stand behind those that have one. */
static int by_median(const void *a, const void *b)
{
    const struct step_sum *first = *(const struct step_sum *const *)a;
    const struct step_sum *second = *(const struct step_sum *const *)b;
    if (first->key.stretch != second->key.stretch) {
        return first->key.stretch < second->key.stretch ? -1 : 1;
    }
    if ((first->time_count == 0) != (second->time_count == 0)) {
        return first->time_count == 0 ? 1 : -1;
    }
    if (first->time_count > 0 && first->median.value != second->median.value) {
        return first->median.value < second->median.value ? -1 : 1;
    }
    return memcmp(&first->key, &second->key, sizeof first->key);
}

/* Most frequent first; those that are as frequent by their steps, so that every machine has the
 * same order. */
static int by_frequency(const void *a, const void *b)
{
    const struct protocol *const *first = a, *const *second = b;
    if ((*first)->episodes != (*second)->episodes) {
        return (*first)->episodes > (*second)->episodes ? -1 : 1;
    }
    uint32_t count =
        (*first)->step_count < (*second)->step_count ? (*first)->step_count : (*second)->step_count;
    int order = memcmp((*first)->keys, (*second)->keys, count * sizeof *(*first)->keys);
    return order != 0 ? order
           : (*first)->step_count < (*second)->step_count
               ? -1
               : (*first)->step_count > (*second)->step_count;
}

static int steps_sort(struct protocol *protocol)
{
    free(protocol->shown);
    protocol->shown = malloc(((size_t)protocol->step_count + 1) * sizeof(struct step_sum *));
    if (protocol->shown == NULL) {
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        struct step_sum *step = &protocol->steps[i];
        if (step->time_count > 0) {
            qsort(step->times, step->time_count, sizeof *step->times, by_time);
        }
        step->median = quantile_of(step->times, step->time_count, 0.5, CONFIDENCE);
        step->late = quantile_of(step->times, step->time_count, 0.9, CONFIDENCE);
        protocol->shown[i] = step;
    }
    if (protocol->step_count > 0) {
        qsort(protocol->shown, protocol->step_count, sizeof(struct step_sum *), by_median);
    }
    return 0;
}

int protocols_sort(struct protocols *protocols)
{
    size_t count = HASH_COUNT(protocols->by_keys), at = 0;
    free(protocols->sorted);
    protocols->sorted = malloc((count + 1) * sizeof(struct protocol *));
    if (protocols->sorted == NULL) {
        return ERROR_MEMORY;
    }
    for (struct protocol *protocol = protocols->by_keys; protocol != NULL;
         protocol = protocol->hh.next) {
        protocols->sorted[at++] = protocol;
        if (steps_sort(protocol) != 0) {
            return ERROR_MEMORY;
        }
    }
    if (count > 0) {
        qsort(protocols->sorted, count, sizeof(struct protocol *), by_frequency);
    }
    return 0;
}

/* ---- rows ---- */

/* By role, then most often, then the agents' numbers. */
static int by_role(const void *a, const void *b)
{
    const struct player *first = *(struct player *const *)a, *second = *(struct player *const *)b;
    if (first->key.role != second->key.role) {
        return first->key.role < second->key.role ? -1 : 1;
    }
    if (first->episodes != second->episodes) {
        return first->episodes > second->episodes ? -1 : 1;
    }
    return first->key.agent < second->key.agent ? -1 : 1;
}

struct player **players_sorted(const struct protocols *protocols, size_t *count)
{
    *count = 0;
    struct player **list = malloc((HASH_COUNT(protocols->players) + 1) * sizeof(struct player *));
    for (struct player *player = protocols->players; list != NULL && player != NULL;
         player = player->hh.next) {
        list[(*count)++] = player;
    }
    if (*count > 0) {
        qsort(list, *count, sizeof(struct player *), by_role);
    }
    return list;
}

static int by_doing(const void *a, const void *b)
{
    const struct doing *first = *(struct doing *const *)a, *second = *(struct doing *const *)b;
    return memcmp(&first->key, &second->key, sizeof first->key) == 0 ? 0
           : first->key.step != second->key.step ? (first->key.step < second->key.step ? -1 : 1)
           : first->key.role != second->key.role ? (first->key.role < second->key.role ? -1 : 1)
           : first->key.kind < second->key.kind  ? -1
                                                 : 1;
}

struct doing **doings_sorted(const struct protocols *protocols, size_t *count)
{
    *count = 0;
    struct doing **list = malloc((HASH_COUNT(protocols->doings) + 1) * sizeof(struct doing *));
    for (struct doing *doing = protocols->doings; list != NULL && doing != NULL;
         doing = doing->hh.next) {
        list[(*count)++] = doing;
    }
    if (*count > 0) {
        qsort(list, *count, sizeof(struct doing *), by_doing);
    }
    return list;
}
