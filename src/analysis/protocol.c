/*
 * The sum over episodes: those with the same steps are one protocol; and who has which role.
 */
#include "analysis/protocol.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/protocol_inside.h"
#include "analysis/run.h"
#include "trace/words.h"

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

/* Who had which roles, and which of them together. Who was only told has none. */
static int player_add(struct protocols *protocols, const struct protocol_crew *crew,
                      const struct member *member)
{
    uint32_t agent = 0;
    int code = agent_number(protocols, crew, member->agent, &agent);
    for (uint32_t role = 0; role < ROLE_COUNT && code == 0; role++) {
        if ((member->roles & UINT32_C(1) << role) == 0) {
            continue;
        }
        struct player *player = player_of(protocols, role, agent);
        if (player == NULL) {
            return ERROR_MEMORY;
        }
        player->episodes++;
        for (uint32_t other = 0; other < ROLE_COUNT; other++) {
            protocols->both[role][other] += member->roles >> other & 1;
        }
    }
    return code;
}

static int players_add(struct protocols *protocols, const struct reduction *reduction)
{
    int code = 0;
    for (size_t i = 0; i < reduction->member_count && code == 0; i++) {
        if (reduction->members[i].acted) {
            code = player_add(protocols, reduction->crew, &reduction->members[i]);
        }
    }
    return code;
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
            protocol->steps[i] = (struct step_sum){.key = keys[i], .agents_least = UINT32_MAX};
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

int step_add(struct step_sum *step, const struct step_act *acts, size_t count, time_ns origin)
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
        step->wanted[acts[i].wanted]++;
    }
    step->episodes++;
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

size_t step_length(const struct reduction *reduction, size_t from)
{
    const struct step_act *acts = reduction->acts;
    size_t at = from;
    while (at < reduction->act_count &&
           memcmp(&acts[at].key, &acts[from].key, sizeof acts[from].key) == 0) {
        at++;
    }
    return at - from;
}

time_ns step_origin(const struct protocol_episode *episode, const struct step_key *key)
{
    return key->turn != TURN_STOP && episode->died != TIME_UNKNOWN ? episode->died : episode->began;
}

/* The steps of the episode, each to its sum in the protocol. */
static int steps_add(struct protocol *protocol, const struct reduction *reduction)
{
    size_t at = 0;
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        size_t length = step_length(reduction, at);
        time_ns origin = step_origin(reduction->episode, &protocol->keys[i]);
        if (step_add(&protocol->steps[i], &reduction->acts[at], length, origin) != 0) {
            return ERROR_MEMORY;
        }
        at += length;
    }
    return 0;
}

/* ---- examples ---- */

/* How telling a step is, as what to ask `iolaus trace why` about: its causes tell most of the
 * episode. */
static int step_tells(uint8_t step)
{
    switch (step) {
    case STEP_RELAUNCHED:
    case STEP_POSED:
        return 4;
    case STEP_MASKED:
    case STEP_TAMPERED:
    case STEP_MISREPORTED:
    case STEP_STALLED:
    case STEP_COPIED:
        return 3;
    case STEP_NOTICED:
    case STEP_LEARNT:
    case STEP_STALE:
    case STEP_REPORTED_FAILED:
    case STEP_RESTORED:
    case STEP_RETURNED:
        return 1;
    case STEP_DIED:
    case STEP_STOP:
    case STEP_ANNOUNCED:
    case STEP_HUNG:
        return 0;
    default:
        return 2;
    }
}

/* The first of the most telling records. One that was joined by a guess has no causes to tell of.
 */
static struct record_id example_record(const struct reduction *reduction)
{
    struct record_id id = RECORD_ID_NONE;
    int most = -1;
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        int tells = (event->flags & EVENT_VOID) != 0       ? -1
                    : (event->flags & EVENT_INFERRED) != 0 ? 0
                                                           : step_tells(event->step);
        if (tells > most && !record_id_is_none(event->id)) {
            most = tells;
            id = event->id;
        }
    }
    return id;
}

static int example_make(struct protocols *protocols, struct example *example,
                        const struct reduction *reduction)
{
    const struct protocol_crew *crew = reduction->crew;
    const struct protocol_episode *episode = reduction->episode;
    struct record_id id = example_record(reduction);
    *example = (struct example){.file = crew->file,
                                .replicate = crew->replicate,
                                .number = episode->number,
                                .began = episode->began};
    if (crew->header != NULL && !record_id_is_none(id)) {
        char text[RECORD_ID_BYTES];
        record_id_format(crew->header, id, text);
        example->record = strdup(text);
        if (example->record == NULL) {
            return ERROR_MEMORY;
        }
    }
    return agent_number(protocols, crew, episode->target, &example->target);
}

const char *example_target(const struct protocols *protocols, const struct example *example)
{
    return protocols->agents.list[example->target]->text;
}

/* ---- episodes ---- */

static bool rests_on_guess(const struct reduction *reduction)
{
    for (size_t i = 0; i < reduction->act_count; i++) {
        if ((reduction->acts[i].flags & EVENT_INFERRED) != 0) {
            return true;
        }
    }
    return false;
}

static void acts_count(struct protocols *protocols, const struct reduction *reduction)
{
    for (size_t i = 0; i < reduction->act_count; i++) {
        const struct step_act *act = &reduction->acts[i];
        if (act->by != AGENT_NONE) {
            protocols->acts++;
            protocols->inferred += (act->flags & EVENT_INFERRED) != 0;
            protocols->told += (act->flags & EVENT_TOLD) != 0;
        }
    }
}

static int episode_add(struct protocols *protocols, const struct reduction *reduction)
{
    const struct protocol_episode *episode = reduction->episode;
    size_t count = reduction->act_count;
    struct step_key *keys = calloc(count + 1, sizeof *keys);
    uint32_t steps = 0;
    if (keys == NULL) {
        return ERROR_MEMORY;
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
    bool proven = !rests_on_guess(reduction);
    int code = protocol->episodes == 0 ? example_make(protocols, &protocol->example, reduction) : 0;
    protocol->episodes++;
    protocol->failures += episode->failure;
    protocol->objects += episode->object;
    protocol->open += episode->open;
    protocol->proven += proven;
    protocols->episodes++;
    protocols->failures += episode->failure;
    protocols->objects += episode->object;
    protocols->open += episode->open;
    protocols->proven += proven;
    acts_count(protocols, reduction);
    return code != 0 ? code : steps_add(protocol, reduction);
}

int protocols_add(struct protocols *protocols, const struct protocol_crew *crew,
                  const struct protocol_episode *episode, const struct protocol_event *events,
                  size_t count)
{
    if (protocols->only != NULL && strcmp(protocols->only, crew->names[episode->target]) != 0) {
        return 0;
    }
    struct reduction reduction = {.crew = crew,
                                  .episode = episode,
                                  .events = events,
                                  .count = count,
                                  .left_out = protocols->left_out};
    int code = reduction_make(&reduction);
    if (code == 0) {
        code = episode_add(protocols, &reduction);
    }
    if (code == 0) {
        code = players_add(protocols, &reduction);
    }
    if (code == 0) {
        code = totals_add(&protocols->totals, &reduction);
    }
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
    free(protocol->example.record);
    free(protocol->shown);
    free(protocol->steps);
    free(protocol->keys);
    free(protocol);
}

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
    totals_free(&protocols->totals);
    struct player *player = protocols->players, *next_player;
    HASH_CLEAR(hh, protocols->players);
    for (; player != NULL; player = next_player) {
        next_player = player->hh.next;
        free(player);
    }
    names_free(&protocols->agents);
    names_free(&protocols->kinds);
    for (int source = 0; source < SOURCE_COUNT; source++) {
        names_free(&protocols->sources[source]);
    }
    free(protocols->sorted);
    free(protocols->only);
    free(protocols);
}

int protocols_only(struct protocols *protocols, const char *target)
{
    free(protocols->only);
    protocols->only = strdup(target);
    return protocols->only != NULL ? 0 : ERROR_MEMORY;
}

int protocols_leave_out(struct protocols *protocols, const char *steps, struct error *error)
{
    while (*steps != '\0') {
        size_t length = strcspn(steps, ",");
        uint8_t step = 0;
        while (step < STEP_COUNT && (strlen(step_name(step)) != length ||
                                     strncmp(step_name(step), steps, length) != 0)) {
            step++;
        }
        if (step == STEP_COUNT) {
            return error_set(error, ERROR_INPUT,
                             "there is no step `%.*s`; docs/protocols.md lists them", (int)length,
                             steps);
        }
        protocols->left_out |= UINT64_C(1) << step;
        steps += length + (steps[length] == ',' ? 1 : 0);
    }
    return 0;
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
