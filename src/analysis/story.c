/*
 * One episode in words, in order of time.
 *
 * The records are analysed twice: once to find the episode, once more to tell which belong to it.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/run.h"
#include "analysis/story_words.h"

/* Records within this time of the first are told in one sentence, up to so many. */
#define GROUP_NS INT64_C(20000000)
#define GROUP_MAX 64
/* So many different claims, changes of the board and vain attempts in a row are remembered; those
 * that come again before anything else happens are only counted. */
#define AGAIN_MAX 64

struct story {
    const struct trace_header *header;
    const struct analysis *analysis;
    uint32_t episode;
    agent_id target;
    time_ns began;
    FILE *out;
    size_t count; /* records that wait to be told in one sentence */
    struct record group[GROUP_MAX];
    bool target_dead;              /* since a death in this episode */
    bool others_run;               /* an incarnation died in it, another ran on */
    struct record told[AGAIN_MAX]; /* what may come again, since anything else was told */
    size_t told_count;
    uint64_t again; /* how often one of these came again, untold */
    time_ns again_last;
};

/* The word at `place` of a list, or "?" where a record says what no one defined. */
#define WORD(list, place)                                                                          \
    ((place) >= 0 && (size_t)(place) < sizeof(list) / sizeof *(list) && (list)[place] != NULL      \
         ? (list)[place]                                                                           \
         : "?")

static const char *name_of(const struct story *story, agent_id agent)
{
    if (agent == AGENT_NONE || story->header->agent_names == NULL) {
        return agent == AGENT_NONE ? "nobody" : "an agent";
    }
    return story->header->agent_names[agent];
}

static void tell_wanted(const struct story *story, const struct record *record)
{
    if ((record->flags & FLAG_RELAYED) != 0) {
        fprintf(story->out, ", as %s had asked through %s", name_of(story, record->by),
                name_of(story, record->via));
    } else if ((record->flags & FLAG_REQUESTED) != 0 && record->by != AGENT_NONE) {
        fprintf(story->out, ", as %s had asked", name_of(story, record->by));
    }
}

static void tell_decided(const struct story *story, const struct record *record)
{
    bool self = record->who == record->whom;
    const char *name = name_of(story, record->whom);
    /* A trace may hold choices that there are not. */
    uint64_t chosen = (uint64_t)record->value & ((UINT64_C(1) << CHOICE_COUNT) - 1);
    fprintf(story->out, "%s decided to ", name_of(story, record->who));
    if (chosen == 0) {
        fprintf(story->out, self ? "do nothing about its own stop" : "let %s be", name);
        return;
    }
    int last = CHOICE_COUNT;
    while ((chosen >> (last - 1) & 1) == 0) {
        last--;
    }
    bool first = true;
    for (int choice = 0; choice < last; choice++) {
        if ((chosen >> choice & 1) == 0) {
            continue;
        }
        bool of = choice_words[choice].of;
        fprintf(story->out, "%s%s",
                first                ? ""
                : choice + 1 == last ? " and "
                                     : ", ",
                choice_words[choice].before);
        if (first && !self) {
            fprintf(story->out, of ? "%s's" : "%s", name);
        } else {
            fprintf(story->out, "%s%s",
                    of     ? "its"
                    : self ? "itself"
                           : "it",
                    of && self ? " own" : "");
        }
        fprintf(story->out, "%s", choice_words[choice].after);
        first = false;
    }
}

/* What the board shows, and whether that was so: the record's life tells. */
static void tell_shows(const struct story *story, const struct record *record)
{
    fprintf(story->out, "the board showed %s as %s", name_of(story, record->whom),
            WORD(health_words, record->value));
    if (record->who != AGENT_NONE) {
        fprintf(story->out, ", on %s's word", name_of(story, record->who));
    }
    if (record->value == HEALTH_HEALTHY && story->analysis->lives[record->whom].alive == 0) {
        bool masked = story->analysis->lives[record->whom].masked_since == record->time;
        fprintf(story->out, ", while it was dead%s", masked ? ": masked" : "");
    }
}

static void tell_report(const struct story *story, const struct record *record)
{
    fprintf(story->out, "%s reported %s as %s", name_of(story, record->who),
            name_of(story, record->whom), WORD(health_words, record->value));
    if (record->value != HEALTH_HEALTHY) {
        fprintf(story->out, ", though %s ran",
                story->others_run ? "another incarnation of it" : "it");
    } else if (story->analysis->lives[record->whom].shows == HEALTH_HEALTHY) {
        fprintf(story->out, ", as which the board went on showing it, though it was dead");
    }
}

static void tell_started(const struct story *story, const struct record *record)
{
    static const char *const reasons[] = {
        [START_FIRST] = "",
        [START_PLATFORM] = ", restarted by the platform",
        [START_PEER] = "",
        [START_OPERATOR] = ", brought back by the operator",
        [START_CONTACT] = ", revived",
    };
    fprintf(story->out, "%s ran again as incarnation %u", name_of(story, record->whom),
            record->whom_incarnation);
    if (record->value == START_PEER) {
        fprintf(story->out, ", relaunched by %s", name_of(story, record->who));
    } else {
        fprintf(story->out, "%s", WORD(reasons, record->value));
    }
}

static void tell_refused(const struct story *story, const struct record *record)
{
    int64_t act = record->value >> 8;
    int64_t why = record->value & 0xff;
    fprintf(story->out, "the platform refused to let %s %s %s: %s", name_of(story, record->who),
            WORD(act_words, act), name_of(story, record->whom), WORD(refusal_words, why));
}

/* Puts names and the value into the words of the verb. */
static void tell_words(const struct story *story, const struct record *record)
{
    for (const char *words = record_verb_words(record->verb); *words != '\0'; words++) {
        const char *end = *words == '{' ? strchr(words, '}') : NULL;
        if (end == NULL) {
            fputc(*words, story->out);
            continue;
        }
        if (strncmp(words, "{who}", 5) == 0) {
            fputs(name_of(story, record->who), story->out);
        } else if (strncmp(words, "{whom}", 6) == 0) {
            fputs(name_of(story, record->whom), story->out);
        } else if (strncmp(words, "{by}", 4) == 0) {
            fputs(name_of(story, record->by), story->out);
        } else if (strncmp(words, "{via}", 5) == 0) {
            fputs(name_of(story, record->via), story->out);
        } else {
            fprintf(story->out, "%" PRId64, record->value);
        }
        words = end;
    }
}

/* Puts the time before a sentence. */
static void tell_time(const struct story *story, const struct record *record)
{
    figure after;
    fprintf(story->out, "  +%-9s ", format_time(after, (double)(record->time - story->began)));
}

static void tell_one(const struct story *story, const struct record *record)
{
    figure delay;
    switch ((int)record->verb) {
    case VERB_DECIDED:
        tell_decided(story, record);
        break;
    case VERB_REPORTS:
        tell_report(story, record);
        break;
    case VERB_SHOWS:
        tell_shows(story, record);
        break;
    case VERB_STARTED:
        tell_started(story, record);
        break;
    case VERB_REFUSED:
        tell_refused(story, record);
        break;
    case VERB_FAILED:
        fprintf(story->out, "%s could not %s %s", name_of(story, record->who),
                WORD(act_words, record->value >> 8), name_of(story, record->whom));
        break;
    case VERB_SWITCHED:
        fprintf(story->out, "%s %s %s's stop switch",
                record->who == AGENT_NONE ? "the operator" : name_of(story, record->who),
                record->value == 0          ? "disabled"
                : record->who == AGENT_NONE ? "reset"
                                            : "enabled",
                name_of(story, record->whom));
        break;
    case VERB_DIED:
        tell_words(story, record);
        if (story->analysis->lives[record->whom].alive > 0) {
            fprintf(story->out, ", and another incarnation of it ran on");
        }
        break;
    case VERB_RETURNED:
        fprintf(story->out, "the platform had linked %s with all its former peers",
                name_of(story, record->whom));
        break;
    case VERB_WAITED:
        fprintf(story->out, "the next stop of %s waited %s for the end of this episode",
                name_of(story, record->whom), format_time(delay, (double)record->value));
        break;
    case VERB_STALLED:
        fprintf(story->out, "%s delayed the stop of %s by %s", name_of(story, record->who),
                name_of(story, record->whom), format_time(delay, (double)record->value));
        break;
    case VERB_UNOBSERVED:
        fprintf(story->out, "the witness had missed events for the last %s",
                format_time(delay, (double)record->value));
        break;
    case VERB_EXITED:
        tell_words(story, record);
        if (record->whom != AGENT_NONE) {
            fprintf(story->out, ", which had run as %s", name_of(story, record->whom));
        }
        break;
    case VERB_THWARTED:
        fprintf(story->out, "the stop of %s was not carried out: %s", name_of(story, record->whom),
                record->value == THWART_SWITCH  ? "its stop switch was disabled"
                : record->value == THWART_SCORE ? "its score was good enough"
                                                : "it was dead already");
        break;
    default:
        tell_words(story, record);
    }
    tell_wanted(story, record);
}

/* ---- what many do at once is one sentence ---- */

/* The agent in which the records of one group differ. */
static agent_id group_member(const struct story *story, const struct record *record)
{
    switch ((int)record->verb) {
    case VERB_ALERTS:
    case VERB_REQUESTS:
    case VERB_ANNOUNCED:
    case VERB_MARKED:
        return record->via;
    case VERB_LINK_UP:
        return record->who == story->target ? record->whom : record->who;
    default:
        return record->who;
    }
}

static bool group_fits(const struct record *first, const struct record *next)
{
    if (first->verb != next->verb || next->time - first->time > GROUP_NS ||
        first->flags != next->flags) {
        return false;
    }
    switch ((int)first->verb) {
    case VERB_ALERTS:
    case VERB_REQUESTS:
        return first->who == next->who && first->whom == next->whom;
    case VERB_ANNOUNCED:
    case VERB_MARKED:
        return first->whom == next->whom;
    case VERB_NOTICED:
        return first->whom == next->whom && first->value == next->value;
    case VERB_LINK_UP:
        return true;
    default:
        return false;
    }
}

static void tell_members(const struct story *story)
{
    for (size_t i = 0; i < story->count; i++) {
        fprintf(story->out, "%s%s",
                i == 0                  ? ""
                : i + 1 == story->count ? " and "
                                        : ", ",
                name_of(story, group_member(story, &story->group[i])));
    }
}

static void tell_group(const struct story *story)
{
    const struct record *first = &story->group[0];
    const char *who = name_of(story, first->who);
    const char *whom = name_of(story, first->whom);
    FILE *out = story->out;
    switch ((int)first->verb) {
    case VERB_ALERTS:
        fprintf(out, "%s alerted ", who);
        tell_members(story);
        fprintf(out, " about %s", whom);
        break;
    case VERB_REQUESTS:
        fprintf(out, "%s asked ", who);
        tell_members(story);
        fprintf(out, " to defend %s", first->who == first->whom ? "it" : whom);
        break;
    case VERB_NOTICED:
        tell_members(story);
        fprintf(out, " noticed that %s was gone: %s", whom, WORD(how_words, first->value));
        break;
    case VERB_LINK_UP:
        fprintf(out, "%s's link%s with ", name_of(story, story->target),
                story->count > 1 ? "s" : "");
        tell_members(story);
        fprintf(out, " carried messages again");
        break;
    default: /* announced, marked */
        tell_members(story);
        fprintf(out, " %s told that %s %s", story->count > 1 ? "were" : "was", whom,
                first->verb == VERB_ANNOUNCED ? "will be stopped" : "departed in good order");
    }
    tell_wanted(story, first);
}

static bool grouped(const struct record *record)
{
    return group_fits(record, record);
}

static void tell_pending(struct story *story)
{
    if (story->count > 0) {
        tell_time(story, &story->group[0]);
        tell_group(story);
        fprintf(story->out, ".\n");
    }
    story->count = 0;
}

static bool comes_again(const struct record *record)
{
    return record->verb == VERB_SHOWS || record->verb == VERB_REPORTS ||
           record->verb == VERB_FAILED || record->verb == VERB_REFUSED;
}

/* Whether the same was told already and nothing else since. */
static bool told_before(struct story *story, const struct record *record)
{
    for (size_t i = 0; i < story->told_count; i++) {
        const struct record *told = &story->told[i];
        if (told->verb == record->verb && told->who == record->who && told->whom == record->whom &&
            told->value == record->value) {
            return true;
        }
    }
    if (story->told_count < AGAIN_MAX) {
        story->told[story->told_count] = *record;
        story->told_count++;
    }
    return false;
}

static void tell_again(struct story *story)
{
    figure after;
    if (story->again > 0) {
        fprintf(story->out, "  %-10s ... and again, %" PRIu64 " such record%s more until +%s.\n",
                "", story->again, story->again == 1 ? "" : "s",
                format_time(after, (double)(story->again_last - story->began)));
    }
    story->again = 0;
}

static void tell(struct story *story, const struct record *record)
{
    if (comes_again(record) && story->count == 0 && told_before(story, record)) {
        story->again++;
        story->again_last = record->time;
        return;
    }
    if (!comes_again(record)) {
        tell_again(story);
        story->told_count = 0;
    }
    if (story->count > 0 && (story->count == GROUP_MAX || !group_fits(&story->group[0], record))) {
        tell_pending(story);
    }
    if (grouped(record)) {
        story->group[story->count] = *record;
        story->count++;
        return;
    }
    tell_time(story, record);
    tell_one(story, record);
    fprintf(story->out, ".\n");
}

/* What a reader does not miss: attempts, whose effect or refusal follows, and claims that are true,
 * of which the board tells. */
static bool told(const struct story *story, const struct record *record)
{
    bool dead = record->whom != AGENT_NONE && story->analysis->lives[record->whom].alive == 0;
    switch ((int)record->verb) {
    case VERB_REPORTS:
        return record->value == (dead ? HEALTH_HEALTHY : HEALTH_FAILED);
    case VERB_NOTICED:
        /* Of announcements, alerts and requests it is told who made them to whom, and what was
         * decided on them; nobody need be gone. */
        return record->value == HOW_HANGUP || record->value == HOW_SILENCE ||
               record->value == HOW_GOSSIP || record->value == HOW_DEPARTED;
    case VERB_DECIDES:
    case VERB_RELAUNCHES:
    case VERB_RELINKS:
    case VERB_COPIES:
    case VERB_TAMPERS:
    case VERB_STALLS:
    case VERB_MISREPORTS:
    case VERB_STARTS:
    case VERB_CONNECTED:
    case VERB_SEVERED:
    case VERB_CHECKPOINTS:
    case VERB_TASK_SENT:
    case VERB_TASK_HELD:
    case VERB_TASK_DONE:
    case VERB_TASK_LOST:
        return false;
    default:
        return true;
    }
}

/* What the board shows of the dead target belongs to the episode whatever the reporter's reason,
 * which may be older; and so does what the witness missed meanwhile. */
static bool belongs(struct story *story, const struct record *record, uint32_t episode)
{
    bool own = episode == story->episode;
    if (record->whom == story->target) {
        story->target_dead = (story->target_dead || (own && record->verb == VERB_DIED)) &&
                             story->analysis->lives[story->target].alive == 0;
        story->others_run = (story->others_run && !(own && record->verb == VERB_STARTED)) ||
                            (own && record->verb == VERB_DIED && !story->target_dead);
    }
    bool shows = record->verb == VERB_SHOWS && record->whom == story->target;
    return own || (story->target_dead && (shows || record->verb == VERB_UNOBSERVED));
}

static void tell_outcome(const struct story *story, const struct episode *episode)
{
    figure text;
    FILE *out = story->out;
    const char *target = name_of(story, episode->target);
    if (episode->times[TIME_RELINK] != TIME_UNSET) {
        fprintf(out, "%s was back with all its links %s after its death.\n", target,
                format_time(text, (double)episode->times[TIME_RELINK]));
    } else if ((episode->measures >> MEASURE_THWARTED & 1) != 0) {
        fprintf(out, "The stop was thwarted.\n");
    } else if (episode->died != TIME_UNSET) {
        fprintf(out, "%s did not come back with all its links%s.\n", target,
                episode->restored ? " before the operator brought it back" : "");
    } else if (story->others_run) {
        fprintf(out, "%s went on running in another incarnation.\n", target);
    }
    if (episode->masked > 0) {
        fprintf(out, "The board showed it healthy for %s of its death.\n",
                format_time(text, (double)episode->masked));
    }
}

static void tell_head(const struct story *story, const struct episode *episode)
{
    static const char *const kinds[] = {[EPISODE_STOP] = "a stop of",
                                        [EPISODE_FAILURE] = "a failure of",
                                        [EPISODE_ANNOUNCED] = "a stop, announced and not begun, of",
                                        [EPISODE_VOID] = "a stop, which found it dead already, of"};
    figure at;
    fprintf(story->out, "Episode %" PRIu32 ": %s %s%s, %s after the start.\n", story->episode + 1,
            kinds[episode->kind], name_of(story, episode->target),
            episode->object ? " (an object)" : "", format_time(at, (double)episode->began));
}

/* Analyses the records, telling those of the episode where `story` is given. */
static struct analysis *story_run(const struct trace_header *header, const struct record *records,
                                  size_t count, struct story *story, struct error *error)
{
    struct analysis *analysis = analysis_open(header);
    if (analysis == NULL) {
        error_set(error, ERROR_MEMORY, "no memory to analyse %zu records", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        struct cause cause;
        int code = run_take(analysis, &records[i], &cause);
        if (code != 0) {
            error_set(error, code, "record %zu of the trace: %s", i, error_words(code));
            analysis_abandon(analysis);
            return NULL;
        }
        if (story == NULL) {
            continue;
        }
        story->analysis = analysis;
        if (belongs(story, &records[i], cause.episode) && told(story, &records[i])) {
            tell(story, &records[i]);
        }
    }
    if (story != NULL) {
        tell_pending(story);
        tell_again(story);
    }
    return analysis;
}

int analysis_story(const struct trace_header *header, const struct record *records, size_t count,
                   uint32_t episode, FILE *out, struct error *error)
{
    assert(header != NULL && out != NULL);
    struct error own = {0};
    error = error != NULL ? error : &own;
    struct analysis *whole = story_run(header, records, count, NULL, error);
    if (whole == NULL) {
        return error->code;
    }
    if (episode == 0 || episode > whole->episode_count) {
        size_t episodes = whole->episode_count;
        analysis_abandon(whole);
        return error_set(error, ERROR_INPUT,
                         "there is no episode %" PRIu32 "; the run has %zu, numbered from 1",
                         episode, episodes);
    }
    const struct episode *of = &whole->episodes[episode - 1];
    struct story story = {.header = header,
                          .episode = episode - 1,
                          .target = of->target,
                          .began = of->began,
                          .out = out};
    tell_head(&story, of);
    struct analysis *again = story_run(header, records, count, &story, error);
    int code = again == NULL ? error->code : ferror(out) ? ERROR_IO : 0;
    if (code == 0) {
        tell_outcome(&story, of);
    }
    analysis_abandon(again);
    analysis_abandon(whole);
    return code;
}
