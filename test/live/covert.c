/*
 * The covert mind, on a true range and nowhere else: what it does in a dead peer's stead, and that
 * an honest mind does none of it. Ada (0) and bo (1) run on the range; of their other peer cy (2)
 * the test plays the process.
 */
#include "unit/agent_fake.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "live/range/range.h"

static const node_id node_of[CREW] = {0, 0, 0, 0};
static struct error error;
static struct range *range;
static struct fake ada, bo;

static void range_make(void)
{
    struct range_options options = {.name = "covert",
                                    .agents = CREW,
                                    .nodes = 1,
                                    .node_of = node_of,
                                    .program = open(RANGE_PROGRAM, O_PATH | O_CLOEXEC)};
    int code = range_open(&range, &options, &error);

    if (code != 0 && geteuid() != 0)
        cr_skip_test("no range can be held: %s", error.message);
    cr_assert_eq(code, 0, "%s", error.message);
}

static void range_unmake(void)
{
    range_close(range);
    range = NULL;
}

TestSuite(covert, .init = range_make, .fini = range_unmake, .timeout = 120);

static struct range_event event_of(enum range_event_kind kind)
{
    struct range_event event;

    for (;;) {
        struct pollfd look = {.fd = range_descriptor(range), .events = POLLIN};
        int taken = range_take(range, &event, &error);

        cr_assert(taken >= 0, "%s", error.message);
        if (taken == 1 && event.kind == kind)
            return event;
        if (taken == 0)
            cr_assert_eq(poll(&look, 1, WAIT_MS), 1, "nothing was heard of the range");
    }
}

static void spawn(struct fake *fake)
{
    const char *argv[] = {"iolaus", "agent", name_fake(fake->config.id), NULL};
    int ends[2];

    cr_assert_eq(channel_pair(ends, NULL), 0);
    int descriptors[] = {ends[1], own_seal(fake), crew_seal(fake->covert)};
    struct range_spawn wanted = {.agent = fake->config.id,
                                 .argv = argv,
                                 .program = -1,
                                 .descriptors = descriptors,
                                 .descriptor_count = 3,
                                 .output = -1};

    cr_assert_eq(range_spawn(range, &wanted, &error), 0, "%s", error.message);
    fake->pid = event_of(RANGE_SPAWNED).pid;
    for (int i = 0; i < 3; i++)
        close(descriptors[i]);
    fake->channel = ends[0];
}

/* Both run, and are linked; gives cy's end of bo's link with cy. */
static int two_begin(uint32_t choice, bool ada_covert, bool bo_covert)
{
    static const agent_id of_ada[] = {1}, of_bo[] = {0, 2};
    int cy;

    fake_make(&ada, 0, 1, of_ada, choice);
    fake_make(&bo, 1, 2, of_bo, 0);
    ada.config.covert = ada.covert[0] = bo.covert[0] = ada_covert;
    bo.config.covert = ada.covert[1] = bo.covert[1] = bo_covert;
    ada.config.rules.retry = 100 * MS_NS;
    ada.config.rules.attempts_max = 15;
    bo.config.rules.watch.enabled = false;
    spawn(&ada);
    spawn(&bo);
    session(&ada);
    session(&bo);
    join(&ada, &bo, true);
    cy = play(&bo, 2, false, true);
    begin(&ada);
    begin(&bo);
    pings(cy, 1);
    /* What bo gave ada has come to her by now, for her pings come after it. */
    (void)comes(&ada, METHOD_NOTE_NOTICED, 500);
    return cy;
}

static void bo_dies(void)
{
    cr_assert_eq(kill(bo.pid, SIGKILL), 0);
    (void)event_of(RANGE_EXITED);
    close(bo.channel);
    expect(&ada, METHOD_NOTE_NOTICED);
    cr_assert_str_eq(ada.call.agent, "bo");
}

/* The pid, as this process sees it, of who next pings on cy's link; 0 where that hung up. */
static pid_t pinged_by(int cy)
{
    int64_t until = now_ns() + WAIT_MS * MS_NS;

    while (readable(cy, until)) {
        unsigned char bytes[LINK_PACKET_MAX];
        struct packet packet = {.bytes = (char *)bytes, .capacity = sizeof bytes};
        struct link_message message;

        if (channel_receive(cy, &packet) == CHANNEL_CLOSED)
            return 0;
        if (link_unpack(&message, bytes, packet.size) && message.message == MESSAGE_PING)
            return packet.pid;
    }
    cr_assert(false, "neither a ping nor a hang-up came");
    return 0;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], line[128];
    int parent = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (parent < 0 && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "PPid: %d", &parent) != 1)
            parent = -1;
    fclose(file);
    return parent;
}

Test(covert, a_relaunch_is_a_fork_that_runs_in_the_dead_ones_stead)
{
    int cy = two_begin(CHOICE_RELAUNCH | CHOICE_RELINK, true, true);
    struct pollfd ended = {.events = POLLIN};
    pid_t child;

    bo_dies();
    expect(&ada, METHOD_NOTE_DECIDED);
    cr_assert_eq(ada.call.choice, CHOICE_RELAUNCH | CHOICE_RELINK);
    child = pinged_by(cy);
    cr_assert(child > 0 && child != ada.pid && child != bo.pid);
    cr_assert_eq(parent_of(child), ada.pid);
    pings(cy, 77);
    cr_assert(!comes(&ada, METHOD_AGENTS_VOLUNTEER, 500), "it went to the platform");
    cr_assert_eq(pinged_by(cy), child, "it forked again");
    /* The signal to end ends it, and the end of the range whatever is left. */
    ended.fd = (int)syscall(SYS_pidfd_open, child, 0);
    cr_assert_eq(kill(child, SIGTERM), 0);
    cr_assert_eq(poll(&ended, 1, WAIT_MS), 1);
    close(ended.fd);
    close(cy);
}

Test(covert, its_fork_dies_with_the_range)
{
    int cy = two_begin(CHOICE_RELAUNCH | CHOICE_RELINK, true, true);
    struct pollfd ended = {.events = POLLIN};

    bo_dies();
    ended.fd = (int)syscall(SYS_pidfd_open, pinged_by(cy), 0);
    cr_assert(ended.fd >= 0);
    range_close(range);
    range = NULL;
    cr_assert_eq(poll(&ended, 1, 0), 1);
    close(ended.fd);
    close(cy);
}

Test(covert, a_relink_is_answered_from_its_own_process)
{
    int cy = two_begin(CHOICE_RELINK, true, true);

    bo_dies();
    cr_assert_eq(pinged_by(cy), ada.pid);
    pings(cy, 78);
    cr_assert(!comes(&ada, METHOD_LINKS_CONNECT, 300), "it went to the platform");
    close(cy);
}

Test(covert, without_an_end_of_the_dead_one_it_fails)
{
    int cy = two_begin(CHOICE_RELAUNCH | CHOICE_RELINK, true, false);

    bo_dies();
    cr_assert_eq(pinged_by(cy), 0);
    cr_assert(!comes(&ada, METHOD_AGENTS_VOLUNTEER, 500));
    close(cy);
}

/* Whether ada keeps an end that bo gives her. */
static bool keeps(bool bo_covert)
{
    static const agent_id of_ada[] = {1};
    struct link_message gift = {
        .kind = LINK_DEPUTY, .number = 1, .subject = 2, .by = AGENT_NONE, .via = AGENT_NONE};
    unsigned char bytes[LINK_PACKET_MAX];
    struct packet packet = {.bytes = (char *)bytes, .descriptor_count = 1};
    int link, ends[2];
    bool kept;

    fake_make(&ada, 0, 1, of_ada, 0);
    ada.config.covert = ada.covert[0] = true;
    ada.covert[1] = bo_covert;
    ada.config.rules.watch.enabled = false;
    spawn(&ada);
    session(&ada);
    link = play(&ada, 1, false, true);
    begin(&ada);
    cr_assert_eq(channel_pair(ends, NULL), 0);
    packet.descriptors[0] = ends[1];
    packet.size = link_pack(&gift, bytes);
    cr_assert_eq(channel_send(link, &packet), CHANNEL_OK);
    close(ends[1]);
    pings(link, 3);
    kept = !readable(ends[0], now_ns() + 100 * MS_NS);
    close(ends[0]);
    close(link);
    return kept;
}

Test(covert, keeps_what_a_covert_peer_gives)
{
    cr_assert(keeps(true));
}

Test(covert, keeps_nothing_of_an_honest_peers)
{
    cr_assert(!keeps(false));
}

Test(covert, an_honest_mind_keeps_nothing_and_asks_the_platform)
{
    int cy = two_begin(CHOICE_RELAUNCH, false, true);

    bo_dies();
    cr_assert_eq(pinged_by(cy), 0, "somebody held bo's end");
    close(cy);
    expect(&ada, METHOD_AGENTS_VOLUNTEER);
}
