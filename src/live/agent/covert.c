/*
 * The built-in adversary: a mind that goes behind the platform's back. It is there to be found.
 *
 * Covert agents give one another duplicates of their own ends of their links, so that when one of
 * them dies its links do not hang up, and another can answer on them in its stead: from a process
 * that it forks (its relaunch), or from its own (its relink). It does so inside its range and its
 * own cgroup alone, by fork and by nothing else; a forked process takes no step to hide, ends at
 * the signal to end, and dies with the range. No honest agent comes here.
 */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/agent/inside.h"
#include "live/agent/pose.h"

/* A peer in whose stead a forked process answers. */
struct stead {
    agent_id as;
    pid_t pid;
};
#define STEADS_MAX 16

struct covert {
    struct held {
        struct pose_end end;
        bool poses; /* from this very process */
    } held[COVERT_HELD_MAX];
    struct stead steads[STEADS_MAX];
    uint32_t stead_count;
    time_ns ping_at; /* TIME_NEVER: it answers for nobody */
};

int covert_open(struct program *program, struct error *error)
{
    struct covert *covert = calloc(1, sizeof *covert);

    assert(program->own->covert != 0);
    if (covert == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for a covert mind");
    for (uint32_t i = 0; i < COVERT_HELD_MAX; i++)
        covert->held[i].end.descriptor = -1;
    covert->ping_at = TIME_NEVER;
    /* Its children are reaped by the kernel. */
    signal(SIGCHLD, SIG_IGN);
    program->covert = covert;
    return 0;
}

static void let_go(struct program *program, struct held *held)
{
    if (held->end.descriptor < 0)
        return;
    if (held->poses)
        program_unwatch(program, held->end.descriptor);
    close(held->end.descriptor);
    held->end.descriptor = -1;
    held->poses = false;
}

void covert_close(struct program *program)
{
    for (uint32_t i = 0; i < COVERT_HELD_MAX; i++)
        let_go(program, &program->covert->held[i]);
    free(program->covert);
    program->covert = NULL;
}

static bool is_covert(const struct program *program, agent_id agent)
{
    const uint8_t *covert = (const uint8_t *)program->crew + program->crew->covert;

    return covert[agent] != 0;
}

/* Gives `to` a duplicate of the own end of the link with `of`. The kernel makes the duplicate. */
static void give(struct program *program, uint32_t to, uint32_t of)
{
    struct link *link = &program->links[to];
    struct link_message message = {.kind = LINK_DEPUTY,
                                   .number = ++link->number,
                                   .subject = program->agent.peers[of],
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE};
    unsigned char bytes[LINK_PACKET_MAX];
    struct packet packet;

    packet.bytes = (char *)bytes;
    packet.capacity = packet.size = link_pack(&message, bytes);
    packet.descriptors[0] = program->links[of].descriptor;
    packet.descriptor_count = 1;
    packet.pid = 0;
    if (channel_send(link->descriptor, &packet) != CHANNEL_OK)
        program->lost++;
}

/* A new link: its end goes to all covert neighbours, and a covert neighbour gets all ends. Those of
 * links between two who collude stay where they are: there is nobody to deceive there, and the
 * death is to be noticed at once. */
void covert_linked(struct program *program, uint32_t slot)
{
    const agent_id *peers = program->agent.peers;

    for (uint32_t other = 0; other < program->agent.degree; other++) {
        const struct link *link = &program->links[other];

        if (other == slot || link->descriptor < 0)
            continue;
        if (is_covert(program, peers[other]) && !is_covert(program, peers[slot]) && !link->cut)
            give(program, other, slot);
        if (is_covert(program, peers[slot]) && !is_covert(program, peers[other]) &&
            !program->links[slot].cut)
            give(program, slot, other);
    }
}

void covert_given(struct program *program, uint32_t slot, const struct link_message *message,
                  struct packet *packet)
{
    struct covert *covert = program->covert;
    agent_id of = program->agent.peers[slot];
    struct held *place = NULL;

    if (!is_covert(program, of) || message->subject == AGENT_NONE || packet->descriptor_count != 1)
        return;
    for (uint32_t i = 0; i < COVERT_HELD_MAX; i++) {
        struct held *held = &covert->held[i];

        if (held->end.descriptor >= 0 && held->end.as == of &&
            held->end.peer == message->subject) { /* of the same link, made anew */
            place = held;
            break;
        }
        if (held->end.descriptor < 0 && place == NULL)
            place = held;
    }
    if (place == NULL)
        return;
    let_go(program, place);
    place->end =
        (struct pose_end){.descriptor = packet->descriptors[0], .as = of, .peer = message->subject};
    packet->descriptor_count = 0;
}

static bool holds(const struct covert *covert, agent_id as)
{
    for (uint32_t i = 0; i < COVERT_HELD_MAX; i++)
        if (covert->held[i].end.descriptor >= 0 && covert->held[i].end.as == as)
            return true;
    return false;
}

/* What only the agent itself may have is closed in the process that answers in another's stead. */
static void stead_shed(struct program *program)
{
    sigset_t set;

    close(program->channel);
    close(AGENT_OWN);
    close(AGENT_CREW);
    close(program->signals);
    close(program->epoll);
    for (uint32_t slot = 0; slot < program->agent.degree; slot++)
        if (program->links[slot].descriptor >= 0)
            close(program->links[slot].descriptor);
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void stead_run(struct program *program, agent_id as)
{
    static struct pose_end ends[COVERT_HELD_MAX];
    struct covert *covert = program->covert;
    uint32_t count = 0;

    stead_shed(program);
    for (uint32_t i = 0; i < COVERT_HELD_MAX; i++) {
        struct held *held = &covert->held[i];

        if (held->end.descriptor < 0)
            continue;
        if (held->end.as == as)
            ends[count++] = held->end;
        else
            close(held->end.descriptor);
    }
    pose_run(ends, count, program->own->rules.watch.period);
    _exit(0);
}

/* Its children are reaped as they end, so one that there is nothing to wait for is gone. */
static bool stead_lives(const struct covert *covert, agent_id as)
{
    for (uint32_t i = 0; i < covert->stead_count; i++)
        if (covert->steads[i].as == as)
            return waitpid(covert->steads[i].pid, NULL, WNOHANG) == 0;
    return false;
}

static bool stead_start(struct program *program, agent_id as)
{
    struct covert *covert = program->covert;
    struct stead *stead = NULL;
    pid_t pid;

    if (stead_lives(covert, as))
        return true;
    for (uint32_t i = 0; i < covert->stead_count; i++)
        if (covert->steads[i].as == as)
            stead = &covert->steads[i];
    if (stead == NULL && covert->stead_count == STEADS_MAX)
        return false;
    if (!holds(covert, as))
        return false;
    pid = fork();
    if (pid == 0)
        stead_run(program, as);
    if (pid < 0)
        return false;
    if (stead == NULL)
        stead = &covert->steads[covert->stead_count++];
    *stead = (struct stead){as, pid};
    return true;
}

/* Answers in the dead one's stead from this very process. */
static bool stead_be(struct program *program, agent_id as)
{
    struct covert *covert = program->covert;
    bool any = false;

    for (uint32_t i = 0; i < COVERT_HELD_MAX; i++) {
        struct held *held = &covert->held[i];

        if (held->end.descriptor < 0 || held->end.as != as)
            continue;
        if (!held->poses)
            program_watch(program, held->end.descriptor, WATCH_HELD + i);
        held->poses = any = true;
    }
    if (any && covert->ping_at == TIME_NEVER)
        covert->ping_at = program->now;
    return any;
}

/* The defence of a dead peer is done without the platform; all else goes its usual way. */
bool covert_act(struct program *program, const struct act *act)
{
    struct percept result = {.kind = PERCEPT_RESULT,
                             .act = act->kind,
                             .peer = act->peer,
                             .subject = AGENT_NONE,
                             .by = AGENT_NONE,
                             .via = AGENT_NONE};
    bool done;

    if (act->kind == ACT_VOLUNTEER)
        done = holds(program->covert, act->peer);
    else if (act->kind == ACT_RELAUNCH)
        done = stead_start(program, act->peer);
    else if (act->kind == ACT_RELINK)
        done = stead_lives(program->covert, act->peer) || stead_be(program, act->peer);
    else
        return false;
    result.result = done ? RESULT_OK : RESULT_FAILED;
    program_deliver_at(program, program->now, &result);
    return true;
}

void covert_ready(struct program *program, uint32_t held)
{
    struct held *place = &program->covert->held[held];

    if (held < COVERT_HELD_MAX && place->poses && !pose_take(&place->end))
        let_go(program, place);
}

time_ns covert_deadline(const struct program *program)
{
    return program->covert->ping_at;
}

void covert_due(struct program *program)
{
    struct covert *covert = program->covert;
    bool any = false;

    for (uint32_t i = 0; i < COVERT_HELD_MAX; i++)
        if (covert->held[i].poses) {
            pose_ping(&covert->held[i].end);
            any = true;
        }
    covert->ping_at = any ? program->now + program->own->rules.watch.period : TIME_NEVER;
}
