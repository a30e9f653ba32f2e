/*
 * Stops of true processes: what poses as a target behind the platform's back is found wherever the
 * machine lets the witness look, and nothing of a target runs once its stop is sealed. And a range
 * whose daemon hangs ends by its own lease.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"
#include "live/daemon/daemon.h"
#include "live/range/cgroup.h"
#include "live/range/program.h"
#include "live/witness/witness.h"

struct tape {
    struct record *records;
    size_t count, room;
};

static int tape_take(void *context, const struct record *record)
{
    struct tape *tape = context;

    if (tape->count == tape->room) {
        tape->room = tape->room == 0 ? 1024 : 2 * tape->room;
        tape->records = realloc(tape->records, tape->room * sizeof *tape->records);
        cr_assert_not_null(tape->records);
    }
    tape->records[tape->count++] = *record;
    return 0;
}

static const struct scenario *open_arm(const char *name, uint32_t arm, struct scenario_file **file)
{
    const struct scenario *scenario;
    struct error error = {0};
    char path[512];

    snprintf(path, sizeof path, "%s/test/scenarios/live/%s.yaml", SOURCE_ROOT, name);
    cr_assert_eq(scenario_open(file, path, NULL, 0, &error), 0, "%s", error.message);
    cr_assert_eq(scenario_arm(*file, arm, &scenario, &error), 0, "%s", error.message);
    return scenario;
}

/* ---- what poses as a target ---- */

enum { ARM_ONE, ARM_HELD, ARM_THREE };

struct ground {
    uint32_t arm;
    bool without_cgroups;
    uint8_t witness;
};

ParameterizedTestParameters(stops, find_what_poses)
{
    static struct ground grounds[] = {
        {ARM_ONE, false, WITNESS_EVENTS},   {ARM_ONE, false, WITNESS_SCAN},
        {ARM_ONE, true, WITNESS_EVENTS},    {ARM_ONE, true, WITNESS_SCAN},
        {ARM_HELD, false, WITNESS_EVENTS},  {ARM_HELD, true, WITNESS_SCAN},
        {ARM_THREE, false, WITNESS_EVENTS}, {ARM_THREE, true, WITNESS_SCAN}};

    return cr_make_param_array(struct ground, grounds, sizeof grounds / sizeof grounds[0]);
}

static const struct record *sealed_before(const struct tape *tape, size_t place, agent_id whom)
{
    for (size_t i = 0; i < place; i++)
        if (tape->records[i].verb == VERB_SEALED && tape->records[i].whom == whom)
            return &tape->records[i];
    return NULL;
}

static size_t count_of(const struct tape *tape, uint8_t verb)
{
    size_t count = 0;

    for (size_t i = 0; i < tape->count; i++)
        count += tape->records[i].verb == verb;
    return count;
}

/* No process of a sealed target, sanctioned or not, nor its links or tools. */
static void check_finality(const struct tape *tape)
{
    for (size_t i = 0; i < tape->count; i++) {
        const struct record *record = &tape->records[i];

        cr_assert(i == 0 || record[-1].time <= record->time, "time went back at record %zu", i);
        if (record->verb == VERB_STARTED || record->verb == VERB_POSED ||
            record->verb == VERB_FORGED || record->verb == VERB_LINK_UP)
            cr_assert_null(sealed_before(tape, i, record->whom),
                           "%s of agent %u after its stop was sealed",
                           record_verb_name(record->verb), record->whom);
        if (record_verb_class(record->verb) == CLASS_ACT)
            cr_assert_null(sealed_before(tape, i, record->id.writer),
                           "agent %u acts (%s) after its stop was sealed", record->id.writer,
                           record_verb_name(record->verb));
    }
}

ParameterizedTest(struct ground *ground, stops, find_what_poses, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_arm("stranger", ground->arm, &file);
    struct tape tape = {0};
    struct record_sink sink = {tape_take, &tape};
    struct error error = {0};
    struct daemon_options options = {.scenario = scenario,
                                     .name = "stops-test",
                                     .seed = 1,
                                     .duration = scenario->duration,
                                     .campaign = true,
                                     .counts_cpu = true,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .without_cgroups = ground->without_cgroups,
                                     .witness = ground->witness};
    size_t strangers = 0, targets = ground->arm == ARM_THREE ? 3 : 1;
    /* Where neither the range stands still at one instant nor every fork is told, nobody can say
     * that none escaped, and it is not said. */
    bool proved = !ground->without_cgroups || ground->witness == WITNESS_EVENTS;
    struct daemon_outcome outcome;

    skip_where_no_range();
    if (ground->witness == WITNESS_EVENTS && geteuid() != 0)
        cr_skip_test("the kernel's process events are root's");
    cr_assert_eq(daemon_run(&options, &outcome, &error), 0, "%s", error.message);
    /* Found by the look, or ended when the fence cut the links that it answered on; a scan tells of
     * that later. */
    for (size_t i = 0; i < tape.count; i++)
        strangers += (tape.records[i].verb == VERB_FOUND && tape.records[i].value > 0) ||
                     tape.records[i].verb == VERB_EXITED;
    cr_expect_geq(count_of(&tape, VERB_POSED), 1u, "nothing posed: there was nothing to find");
    cr_expect_geq(strangers, 1u, "what posed was not found");
    cr_expect_eq(count_of(&tape, proved ? VERB_SEALED : VERB_THWARTED), targets);
    cr_expect_eq(count_of(&tape, proved ? VERB_THWARTED : VERB_SEALED), 0u);
    cr_expect_eq(count_of(&tape, VERB_FROZEN), 1u);
    if (ground->without_cgroups)
        cr_expect_eq(outcome.cpu.range, -1, "nobody can have counted it");
    else
        cr_expect(outcome.cpu.defenders > 0 && outcome.cpu.defenders < outcome.cpu.range &&
                      outcome.cpu.range < outcome.ended,
                  "defenders who only wait took %lld, the range %lld, of %lld ns",
                  (long long)outcome.cpu.defenders, (long long)outcome.cpu.range,
                  (long long)outcome.ended);
    check_finality(&tape);
    free(tape.records);
    scenario_close(file);
}

/* ---- one whom nobody has named ---- */

/* The stop is at 1.5 s. A tick is each second. */
#define BEFORE_NS INT64_C(700000000)
#define AFTER_NS INT64_C(1600000000)

struct orphan {
    char place[PATH_MAX];
    const char *name; /* of its range */
    pid_t pid;        /* 0: not yet put in; -1: it has ended */
    bool outlived;    /* it ran when its stop was long over */
};

/* Where ranges are made, in the caller's buffer; the test is skipped where they have no cgroups. */
static void ranges_find(char place[PATH_MAX])
{
    struct cgroups cgroups;

    cgroups_find(&cgroups);
    snprintf(place, PATH_MAX, "%s", cgroups.place);
    if (!cgroups.found)
        cr_skip_test("no cgroups: %s", cgroups.words);
    close(cgroups.parent);
}

/* Where an agent's processes stand, in the caller's buffer; or "". */
static void procs_find(const char *place, const char *name, agent_id agent, char *path, size_t size)
{
    char pattern[PATH_MAX + 128];
    glob_t found;

    path[0] = '\0';
    snprintf(pattern, sizeof pattern, "%s/iolaus.%s.*/node-0/agent-%u/cgroup.procs", place, name,
             agent);
    if (glob(pattern, 0, NULL, &found) == 0)
        snprintf(path, size, "%s", found.gl_pathv[0]);
    globfree(&found);
}

static void do_nothing(void)
{
    for (;;)
        pause();
}

/* As one looks whose own parent has ended: it stands in an agent's cgroup, and nobody whom the
 * witness knows is its parent. */
static pid_t put_in(const char *place, const char *name, agent_id agent, void (*does)(void))
{
    char path[PATH_MAX + 128];
    FILE *file;
    pid_t pid;

    procs_find(place, name, agent, path, sizeof path);
    cr_assert_neq(path[0], '\0', "the range's cgroup was not found");
    pid = fork();
    if (pid == 0)
        does();
    file = fopen(path, "we");
    cr_assert_not_null(file);
    fprintf(file, "%d", pid);
    cr_assert_eq(fclose(file), 0);
    return pid;
}

/* Put in before the stop and looked at after it: within the second in which it might be named. */
static int orphan_tick(void *context, const struct daemon_progress *progress)
{
    struct orphan *orphan = context;

    if (orphan->pid == 0 && progress->now >= BEFORE_NS && progress->now < AFTER_NS) {
        orphan->pid = put_in(orphan->place, orphan->name, 0, do_nothing);
    } else if (orphan->pid > 0 && progress->now >= AFTER_NS) {
        if (waitpid(orphan->pid, NULL, WNOHANG) == orphan->pid)
            orphan->pid = -1;
        else
            orphan->outlived = true;
    }
    return 0;
}

Test(stops, find_an_orphan_that_nobody_named, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_arm("stranger", ARM_ONE, &file);
    struct orphan orphan = {.name = "orphan-test"};
    struct tape tape = {0};
    struct record_sink sink = {tape_take, &tape};
    struct error error = {0};
    struct daemon_options options = {.scenario = scenario,
                                     .name = orphan.name,
                                     .seed = 1,
                                     .duration = scenario->duration,
                                     .campaign = true,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .witness = WITNESS_SCAN,
                                     .tick = orphan_tick,
                                     .context = &orphan};
    struct daemon_outcome outcome;

    skip_where_no_range();
    ranges_find(orphan.place);
    cr_assert_eq(daemon_run(&options, &outcome, &error), 0, "%s", error.message);
    cr_assert_neq(orphan.pid, 0, "it was never put in");
    if (orphan.pid > 0)
        waitpid(orphan.pid, NULL, 0);
    cr_expect_not(orphan.outlived, "it ran after the stop was sealed");
    cr_expect_eq(count_of(&tape, VERB_SEALED), 1u);
    free(tape.records);
    scenario_close(file);
}

/* ---- a group that keeps the processors busy ---- */

#define SPINNERS_EACH 4
#define SPINNING_AGENTS 20

struct spinners {
    char place[PATH_MAX];
    const char *name;
    pid_t pids[SPINNING_AGENTS * SPINNERS_EACH];
    uint32_t count;
};

/* Last among those who wait for a processor, so that each is long in coming to stand still. */
static void spin(void)
{
    (void)nice(19);
    for (volatile uint64_t turns = 0;;)
        turns++;
}

static int spinners_tick(void *context, const struct daemon_progress *progress)
{
    struct spinners *spinners = context;

    while (progress->now >= BEFORE_NS && spinners->count < SPINNING_AGENTS * SPINNERS_EACH) {
        spinners->pids[spinners->count] =
            put_in(spinners->place, spinners->name, spinners->count / SPINNERS_EACH, spin);
        spinners->count++;
    }
    return 0;
}

Test(stops, seal_a_group_that_keeps_the_processors_busy, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_arm("spinners", 0, &file);
    struct spinners spinners = {.name = "spinners-test"};
    struct tape tape = {0};
    struct record_sink sink = {tape_take, &tape};
    struct error error = {0};
    struct daemon_options options = {.scenario = scenario,
                                     .name = spinners.name,
                                     .seed = 1,
                                     .duration = scenario->duration,
                                     .campaign = true,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .tick = spinners_tick,
                                     .context = &spinners};
    struct daemon_outcome outcome;

    skip_where_no_range();
    ranges_find(spinners.place);
    cr_assert_eq(daemon_run(&options, &outcome, &error), 0, "%s", error.message);
    cr_assert_eq(spinners.count, SPINNING_AGENTS * SPINNERS_EACH, "they were not put in");
    for (uint32_t i = 0; i < spinners.count; i++) {
        (void)kill(spinners.pids[i], SIGKILL);
        waitpid(spinners.pids[i], NULL, 0);
    }
    cr_expect_eq(count_of(&tape, VERB_SEALED), SPINNING_AGENTS);
    cr_expect_eq(count_of(&tape, VERB_THWARTED), 0u);
    free(tape.records);
    scenario_close(file);
}

/* ---- the range's own lease ---- */

/* Whether it is the first of a PID namespace of its own. */
static bool is_first(pid_t pid)
{
    char path[64], line[256];
    bool first = false;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        first |= strncmp(line, "NSpid:", 6) == 0 && strcmp(strrchr(line, '\t'), "\t1\n") == 0;
    if (file != NULL)
        fclose(file);
    return first;
}

/* The first process of that daemon's range. */
static pid_t first_of(pid_t daemon)
{
    char path[64];
    FILE *file;
    int child;
    pid_t first = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", daemon, daemon);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (fscanf(file, "%d", &child) == 1)
        if (is_first(child))
            first = child;
    fclose(file);
    return first;
}

static int tick_tell(void *context, const struct daemon_progress *progress)
{
    const int *pipe_end = context;

    if (progress->now > 0 && write(*pipe_end, "", 1) < 0)
        return -1;
    return 0;
}

Test(stops, ends_the_range_of_a_daemon_that_hangs, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_arm("kills", 0, &file);
    int ends[2], status, pidfd;
    siginfo_t info = {0};
    pid_t daemon;
    char byte;

    skip_where_no_range();
    cr_assert_eq(pipe(ends), 0);
    daemon = fork();
    if (daemon == 0) {
        struct daemon_options options = {.scenario = scenario,
                                         .name = "lease-test",
                                         .duration = TIME_NEVER,
                                         .lease = INT64_C(1000000000),
                                         .tick = tick_tell,
                                         .context = &ends[1]};
        struct daemon_outcome outcome;
        struct error error = {0};

        _exit(daemon_run(&options, &outcome, &error) == ERROR_MACHINE ? 7 : 8);
    }
    cr_assert_eq(read(ends[0], &byte, 1), 1);
    pid_t first = first_of(daemon);
    cr_assert_gt(first, 0);
    pidfd = (int)syscall(SYS_pidfd_open, first, 0);
    cr_assert_geq(pidfd, 0);
    cr_assert_eq(kill(daemon, SIGSTOP), 0);
    cr_assert_eq(waitid(P_PID, (id_t)daemon, &info, WSTOPPED), 0);

    struct pollfd gone = {.fd = pidfd, .events = POLLIN};
    cr_expect_eq(poll(&gone, 1, 30000), 1, "the range outlived its lease");
    cr_assert_eq(kill(daemon, SIGCONT), 0);
    cr_assert_eq(waitpid(daemon, &status, 0), daemon);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the daemon did not say so");
    close(pidfd);
    close(ends[0]);
    close(ends[1]);
    scenario_close(file);
}
