/* What the witness saw, as records; and what follows from a death. */
#include <assert.h>

#include "live/daemon/inside.h"

/* What a process can have sent before it died, and a limit for what others may send in its name. */
#define LAST_WORDS 4096
/* How long a claim waits for the witness to learn of the process. */
#define CLAIM_NS INT64_C(2000000000)

static uint8_t death_reason(const struct life *life, struct cause *cause)
{
    *cause = life->departure;
    if (life->departed)
        return DEATH_DEPARTED;
    if (life->killed || life->crashed)
        *cause = life->killing;
    return life->killed ? DEATH_KILLED : DEATH_CRASHED;
}

static struct cause write_death(struct daemon *daemon, uint32_t row, time_ns at, uint8_t *reason)
{
    const struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    struct cause cause, died = CAUSE_NONE;
    struct record record;

    *reason = death_reason(life, &cause);
    record = record_make(VERB_DIED, at, &cause, AGENT_NONE, agent, *reason);
    record.by = record.via = AGENT_NONE;
    record.whom_incarnation = life->incarnation;
    died.id = record_write(daemon, &record, row);
    /* Nobody is in want of one that never took its place, or that outlived its replacement. */
    if (life->state == LIFE_OPEN && life->incarnation >= daemon->published[agent].youngest)
        daemon->published[agent] = (struct published){died.id, life->incarnation};
    return died;
}

static void died_in_opening(struct daemon *daemon, uint32_t row)
{
    daemon_fail(daemon, ERROR_MACHINE, "%s died before the crew began",
                daemon->names[row_agent(daemon, row)]);
}

/* What it had sent is read first, so that what it still said stands before its end; then the death
 * is recorded; then its links close, and all who must know hear of it. */
static void take_death(struct daemon *daemon, const struct seen *seen)
{
    uint32_t row = row_of(daemon, seen->agent, seen->slot);
    struct life *life = &daemon->lives[row];
    struct platform_event platform = {.kind = PLATFORM_DIED,
                                      .who = AGENT_NONE,
                                      .whom = seen->agent,
                                      .by = AGENT_NONE,
                                      .via = AGENT_NONE,
                                      .incarnation = seen->incarnation};
    struct campaign_event campaign = {
        .kind = CAMPAIGN_DIED, .whom = seen->agent, .incarnation = seen->incarnation};
    struct cause died;
    uint8_t reason;

    if ((life->state != LIFE_BORN && life->state != LIFE_OPEN) ||
        life->incarnation != seen->incarnation)
        return;
    if (daemon->state != DAEMON_RUNNING) {
        died_in_opening(daemon, row);
        return;
    }
    life->dying = true;
    channel_read(daemon, row, LAST_WORDS);
    died = write_death(daemon, row, seen->at, &reason);
    daemon->alive--;
    daemon->deaths++;
    platform.value = campaign.value = reason;
    if (life->state == LIFE_OPEN) /* maybe by its last words: then the platform hears that it ran */
        queue_platform(daemon, &platform, &died);
    else
        life_start_failed(daemon, row, &died);
    queue_campaign(daemon, &campaign, &died);
    links_died(daemon, row, &died);
    work_died(daemon, row);
    control_socket_event(daemon, false, row);
    life_free(daemon, row);
}

/* A cgroup is one agent's: of several lives of it at once the youngest is named. */
static incarnation_id life_youngest(const struct daemon *daemon, agent_id agent)
{
    incarnation_id youngest = 0;

    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        const struct life *life = &daemon->lives[slot * daemon->agents + agent];

        if ((life->state == LIFE_BORN || life->state == LIFE_OPEN) && life->incarnation > youngest)
            youngest = life->incarnation;
    }
    return youngest;
}

static void write_seen(struct daemon *daemon, uint8_t verb, const struct seen *seen, agent_id whom)
{
    struct record record =
        record_make(verb, seen->at, &CAUSE_NONE, seen->agent, whom, seen->inside);

    record.who_incarnation = life_youngest(daemon, seen->agent);
    record_write(daemon, &record, WRITER_WITNESS);
}

static void take_seen(struct daemon *daemon, const struct seen *seen)
{
    struct record record;

    switch ((enum seen_kind)seen->kind) {
    case SEEN_DIED:
        take_death(daemon, seen);
        break;
    case SEEN_FORKED:
        write_seen(daemon, VERB_FORKED, seen, AGENT_NONE);
        break;
    case SEEN_POSED:
        write_seen(daemon, VERB_POSED, seen, seen->as);
        find_ghost(daemon, seen);
        break;
    case SEEN_EXITED:
        write_seen(daemon, VERB_EXITED, seen, seen->as);
        find_stranger_ended(daemon, seen->pid);
        break;
    case SEEN_UNOBSERVED:
        record = record_make(VERB_UNOBSERVED, seen->at, &CAUSE_NONE, AGENT_NONE, AGENT_NONE,
                             seen->at - seen->from);
        record_write(daemon, &record, WRITER_WITNESS);
        docket_unobserved(daemon, seen->from, seen->at);
        operations_unobserved(daemon, seen->from);
        break;
    }
}

/* True where the witness could say. */
static bool claim_settle(struct daemon *daemon, const struct claim *claim)
{
    bool sanctioned = false;
    agent_id who = witness_place(daemon->witness, claim->inside, claim->at, &sanctioned);
    struct cause cause = CAUSE_NONE;
    struct record record;

    if (who == AGENT_NONE)
        return false;
    if (who == claim->whom) /* its own, if not the one that the platform knows of */
        return true;
    cause.id = claim->heard;
    record = record_make(VERB_FORGED, daemon->now, &cause, who, claim->whom, claim->inside);
    record.who_incarnation = life_youngest(daemon, who);
    record.via = claim->by;
    record_write(daemon, &record, WRITER_WITNESS);
    return true;
}

void claim_make(struct daemon *daemon, const struct claim *claim)
{
    if (claim_settle(daemon, claim))
        return;
    if (daemon->claims_count < CLAIMS_MAX)
        daemon->claims[daemon->claims_count++] = *claim;
}

static void claims_look(struct daemon *daemon)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < daemon->claims_count; i++) {
        struct claim claim = daemon->claims[i];

        if (!claim_settle(daemon, &claim) && daemon->now - claim.at < CLAIM_NS)
            daemon->claims[kept++] = claim;
    }
    daemon->claims_count = kept;
}

void truth_take(struct daemon *daemon)
{
    struct seen seen;
    int taken = 0;

    if (daemon->state == DAEMON_CLOSING)
        return; /* the run has ended: what dies now is closed with the range */
    /* Whom the range has started is sanctioned before the witness is asked who is not. */
    life_take_range(daemon);
    while (daemon->failed == 0 &&
           (taken = witness_take(daemon->witness, daemon->now, &seen, daemon->error)) > 0) {
        /* What the kernel says of a range that stands still is of that moment. */
        if (daemon->frozen > 0 && seen.at > daemon->now)
            seen.at = daemon->now;
        take_seen(daemon, &seen);
    }
    if (taken < 0)
        daemon_fail(daemon, daemon->error->code, "%s", daemon->error->message);
    else if (daemon->failed == 0)
        daemon->witnessed = daemon->now;
    claims_look(daemon);
}

void truth_ready(uv_poll_t *poll, int status, int events)
{
    struct daemon *daemon = poll->data;

    (void)status;
    (void)events;
    daemon_clock(daemon);
    truth_take(daemon);
    daemon_work(daemon);
}
