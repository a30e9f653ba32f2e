/*
 * Holds the machine of src/core/control against the model of it: reads traces of cauterize.pml as
 * spin printed them (-DTRACE), gives the machine the same events, and compares after each of them
 * what it did and where it stands.
 *
 *     replay DISTINCT cauterize < traces     so many different sequences of events there must be
 *     replay DISTINCT quarantine < traces    at least
 *
 * A trace begins with `@run NUMBER`; then, for each event, `@event NAME VALUE`, its actions in
 * their order as `@act NAME [VALUE]`, and `@state PHASE found dying looks there unanswered
 * killed`. Other lines are spin's own. Prints one line of TAP; the first difference ends it with
 * status 1, and tells the trace.
 *
 * Limits: one target; the end of a stop up to the next is one phase of the model, IDLE.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/control/state.h"

#define SECOND INT64_C(1000000000)
#define TRACES_MAX 20000
#define ACTIONS_MAX 128
#define LINE_BYTES 256

static const agent_id target = 0;
static struct campaign_rules rules = {.protocol = PROTOCOL_CAUTERIZE,
                                      .score_pass = INT64_MAX,
                                      .first = 1000 * SECOND,
                                      .every = 1000 * SECOND,
                                      .step_max = SECOND,
                                      .episode_max = 10 * SECOND,
                                      .settle = SECOND,
                                      .targets = &target,
                                      .target_count = 1};

struct word {
    const char *name;
    int number;
};

static const struct word events[] = {{"FENCED", CAMPAIGN_FENCED},
                                     {"FROZEN", CAMPAIGN_FROZEN},
                                     {"FOUND", CAMPAIGN_FOUND},
                                     {"FOUND_ALL", CAMPAIGN_FOUND_ALL},
                                     {"GONE", CAMPAIGN_GONE},
                                     {"TOMBSTONED", CAMPAIGN_TOMBSTONED},
                                     {"LATE", CAMPAIGN_TIMER},
                                     {"BEGIN", CAMPAIGN_TIMER},
                                     {NULL, 0}};
static const struct word acts[] = {{"STOPPING", CONTROL_STOPPING},
                                   {"FENCE", CONTROL_FENCE},
                                   {"FREEZE", CONTROL_FREEZE},
                                   {"FIND", CONTROL_FIND},
                                   {"KILL_FOUND", CONTROL_KILL_FOUND},
                                   {"HOLD", CONTROL_HOLD},
                                   {"MARK", CONTROL_MARK},
                                   {"TOMBSTONE", CONTROL_TOMBSTONE},
                                   {"THAW", CONTROL_THAW},
                                   {"SEALED", CONTROL_SEALED},
                                   {"UNPROVEN", CONTROL_THWARTED},
                                   {"STOPPED", CONTROL_STOPPED},
                                   {NULL, 0}};
static const struct word phases[] = {{"FENCING", PHASE_FENCING}, {"FREEZING", PHASE_FREEZING},
                                     {"FINDING", PHASE_FINDING}, {"DYING", PHASE_DYING},
                                     {"SEALING", PHASE_SEALING}, {NULL, 0}};

struct replay {
    _Alignas(16) unsigned char memory[4096];
    struct campaign_action list[ACTIONS_MAX];
    struct campaign_actions actions;
    struct campaign *campaign;
    time_ns now;
    uint32_t compared; /* of the actions */
    uint64_t digest;   /* of the trace's events */
    long run;
    uint64_t digests[TRACES_MAX];
    uint32_t traces;
    uint64_t steps, sealed, unproven;
    bool seen[PHASE_ENDED + 1][CAMPAIGN_GONE + 1];
    char text[65536]; /* the trace so far, for the message */
    size_t text_size;
};

static void differs(const struct replay *replay, const char *what)
{
    printf("not ok - the machine does what the model does\n%s# trace %ld: %s\n", replay->text,
           replay->run, what);
    exit(1);
}

static void expect(const struct replay *replay, bool same, const char *what)
{
    if (!same)
        differs(replay, what);
}

static const struct word *word_find(const struct replay *replay, const struct word *words,
                                    const char *name)
{
    while (words->name != NULL && strcmp(words->name, name) != 0)
        words++;
    expect(replay, words->name != NULL, "an unknown word");
    return words;
}

/* Up to a multiplier, FNV-1a. */
static void digest_add(struct replay *replay, const char *text)
{
    for (; *text != '\0'; text++)
        replay->digest = (replay->digest ^ (unsigned char)*text) * UINT64_C(1099511628211);
}

static void trace_end(struct replay *replay)
{
    if (replay->campaign == NULL)
        return;
    expect(replay, replay->compared == replay->actions.count, "the machine does more");
    expect(replay, replay->traces < TRACES_MAX, "too many traces");
    replay->digests[replay->traces++] = replay->digest;
}

static void trace_begin(struct replay *replay, long run)
{
    trace_end(replay);
    replay->text_size = 0;
    replay->text[0] = '\0';
    replay->run = run;
    replay->digest = UINT64_C(14695981039346656037);
    expect(replay,
           campaign_size(&rules) <= sizeof replay->memory &&
               campaign_actions_max(&rules) <= ACTIONS_MAX,
           "no room for the machine");
    replay->actions = (struct campaign_actions){.capacity = ACTIONS_MAX, .list = replay->list};
    replay->campaign = campaign_start(replay->memory, &rules, 1);
    replay->now = 0;
    replay->compared = 0;
}

static void step(struct replay *replay, const struct campaign_event *event)
{
    const char *wrong;

    replay->seen[replay->campaign->phase][event->kind] = true;
    campaign_step(replay->campaign, event, &replay->actions);
    wrong = campaign_check(replay->campaign);
    if (wrong != NULL)
        differs(replay, wrong);
    replay->compared = 0;
    replay->steps++;
}

/* Time passes to the deadline; to the next stop there may be several. */
static void step_time(struct replay *replay, bool begin)
{
    do {
        replay->now = campaign_deadline(replay->campaign);
        expect(replay, replay->now != TIME_NEVER, "the machine waits for ever");
        step(replay, &(struct campaign_event){
                         .kind = CAMPAIGN_TIMER, .whom = AGENT_NONE, .now = replay->now});
    } while (begin && replay->actions.count == 0);
}

static void do_event(struct replay *replay, const char *name, long value)
{
    struct campaign_event event = {.whom = target, .value = value};

    expect(replay, replay->compared == replay->actions.count, "the machine does more");
    event.kind = (uint8_t)word_find(replay, events, name)->number;
    if (event.kind == CAMPAIGN_FOUND)
        event.incarnation = (incarnation_id)value;
    if (event.kind == CAMPAIGN_TIMER) {
        step_time(replay, strcmp(name, "BEGIN") == 0);
    } else {
        event.now = ++replay->now;
        step(replay, &event);
    }
}

static void do_act(struct replay *replay, const char *name, int given, long value)
{
    const struct word *word = word_find(replay, acts, name);
    const struct campaign_action *action = &replay->list[replay->compared];

    expect(replay, replay->compared++ < replay->actions.count, "the machine does less");
    expect(replay, action->kind == word->number && action->whom == target,
           "the machine does something else");
    if (action->kind == CONTROL_THWARTED)
        expect(replay, action->value == THWART_UNPROVEN, "the machine ends otherwise");
    else if (given == 2)
        expect(replay, action->value == value, "the machine does it to another");
    replay->sealed += action->kind == CONTROL_SEALED;
    replay->unproven += action->kind == CONTROL_THWARTED;
}

static void do_state(struct replay *replay, const char *name, const long number[6])
{
    const struct campaign *is = replay->campaign;
    bool idle = is->phase < PHASE_FENCING || is->phase > PHASE_SEALING;

    expect(replay,
           strcmp(name, "IDLE") == 0 ? idle : is->phase == word_find(replay, phases, name)->number,
           "the machine stands in another phase");
    expect(replay, is->found == number[0], "another number found");
    expect(replay, is->dying == number[1], "another number dying");
    expect(replay, is->looks == number[2], "another number of looks");
    expect(replay, target_has(is->targets, TARGET_FOUND) == number[3], "found or not");
    expect(replay, target_has(is->targets, TARGET_UNANSWERED) == number[4], "answered or not");
    expect(replay, is->targets->killed == number[5], "another number killed");
}

static void do_line(struct replay *replay, const char *line)
{
    char name[32] = "";
    long value = 0;
    long number[6];
    int given;

    if (sscanf(line, "@run %ld", &value) == 1) {
        trace_begin(replay, value);
        return;
    }
    if (line[0] != '@')
        return;
    expect(replay, replay->campaign != NULL, "no trace has begun");
    if (replay->text_size + strlen(line) + 3 < sizeof replay->text)
        replay->text_size += (size_t)sprintf(replay->text + replay->text_size, "# %s", line);
    if (sscanf(line, "@event %31s %ld", name, &value) == 2) {
        digest_add(replay, line);
        do_event(replay, name, value);
    } else if ((given = sscanf(line, "@act %31s %ld", name, &value)) >= 1) {
        do_act(replay, name, given, value);
    } else if (sscanf(line, "@state %31s %ld %ld %ld %ld %ld %ld", name, &number[0], &number[1],
                      &number[2], &number[3], &number[4], &number[5]) == 7) {
        do_state(replay, name, number);
    } else {
        differs(replay, "a line that is no trace's");
    }
}

static int digest_order(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

static uint32_t distinct(struct replay *replay)
{
    uint32_t count = replay->traces > 0;

    qsort(replay->digests, replay->traces, sizeof replay->digests[0], digest_order);
    for (uint32_t i = 1; i < replay->traces; i++)
        count += replay->digests[i] != replay->digests[i - 1];
    return count;
}

/* Each phase of cauterize, times each event of it and the deadline. */
static uint32_t pairs(const struct replay *replay)
{
    uint32_t count = 0;

    for (int phase = PHASE_FENCING; phase <= PHASE_SEALING; phase++) {
        for (int event = CAMPAIGN_TIMER; event <= CAMPAIGN_GONE; event++)
            count += replay->seen[phase][event];
    }
    return count;
}

int main(int count, char **arguments)
{
    static struct replay replay;
    char line[LINE_BYTES];
    uint32_t wanted = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0;
    uint32_t different;

    if (count > 2 && strcmp(arguments[2], "quarantine") == 0)
        rules.protocol = PROTOCOL_QUARANTINE;
    while (fgets(line, sizeof line, stdin) != NULL)
        do_line(&replay, line);
    trace_end(&replay);
    different = distinct(&replay);
    printf("# %" PRIu32 " traces, %" PRIu32 " distinct; %" PRIu64 " events, %" PRIu32
           " pairs of phase and event; %" PRIu64 " stops sealed, %" PRIu64 " unproven\n",
           replay.traces, different, replay.steps, pairs(&replay), replay.sealed, replay.unproven);
    if (different < wanted || replay.sealed == 0 || replay.unproven == 0) {
        printf("not ok - at least %" PRIu32 " distinct traces, of stops that end in both ways\n",
               wanted);
        return 1;
    }
    printf("ok - the machine does what the model does, in %" PRIu32 " distinct traces of %s\n",
           different, rules.protocol == PROTOCOL_CAUTERIZE ? "cauterize" : "quarantine");
    return 0;
}
