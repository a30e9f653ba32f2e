#include "analysis/behind.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"
#include "core/agent/percept.h"

/* An unsanctioned process that lives. */
struct behind_process {
    UT_hash_handle hh;
    int64_t process;
    agent_id who;
    time_ns since;
    struct record_id forked; /* NONE: not seen, or not proven */
    uint32_t episode;        /* to which it was last joined */
    bool posed;
};

/* What is proven that a life of an agent knows of another, and what it reported then. */
struct behind_known {
    UT_hash_handle hh;
    struct knower knower;
    uint64_t death; /* `number` of the state that it knows of */
    struct record_id proof;
    bool firm; /* it runs the process in the dead peer's place: no word of others refutes that */
    struct record_id report; /* the last, where it was made knowing; or NONE */
    struct record_id report_died;
    struct record_id report_proof;
};

int behind_open(struct behind *behind, const struct trace_header *header)
{
    *behind = (struct behind){0};
    if (header->world == NULL || strcmp(header->world, "live") != 0) {
        return 0;
    }
    behind->deaths = calloc((size_t)header->agents + 1, sizeof *behind->deaths);
    if (behind->deaths == NULL) {
        return ERROR_MEMORY;
    }
    for (uint32_t agent = 0; agent < header->agents; agent++) {
        behind->deaths[agent].died = behind->deaths[agent].shown = RECORD_ID_NONE;
        behind->deaths[agent].at = TIME_UNSET;
    }
    return 0;
}

void behind_close(struct behind *behind)
{
    struct behind_process *process = behind->processes, *next;
    HASH_CLEAR(hh, behind->processes);
    for (; process != NULL; process = next) {
        next = process->hh.next;
        free(process);
    }
    struct behind_known *known = behind->known, *more;
    HASH_CLEAR(hh, behind->known);
    for (; known != NULL; known = more) {
        more = known->hh.next;
        free(known);
    }
    free(behind->deaths);
    free(behind->list);
    *behind = (struct behind){0};
}

/* The world's own word, with a cause that is no guess. */
static bool proves(const struct record *record)
{
    return (record->flags & (FLAG_TOLD | FLAG_INFERRED)) == 0;
}

static int finding_add(struct analysis *analysis, const struct behind_finding *finding)
{
    struct behind *behind = &analysis->behind;
    if (list_reserve((void **)&behind->list, &behind->capacity, behind->count,
                     sizeof *behind->list) != 0) {
        return ERROR_MEMORY;
    }
    behind->list[behind->count] = *finding;
    behind->count++;
    struct episode *episode = episode_at(analysis, finding->episode);
    if (episode != NULL) {
        episode->behind |= (uint8_t)(1U << finding->kind);
    }
    return 0;
}

static void proof_add(struct behind_finding *finding, struct record_id id)
{
    assert(finding->proof_count < PROOFS_MAX);
    finding->proofs[finding->proof_count] = id;
    finding->proof_count++;
}

static bool dead(const struct analysis *analysis, agent_id agent)
{
    return analysis->lives[agent].alive == 0;
}

/* Dead, by a record that proves it. */
static bool dead_proven(const struct analysis *analysis, agent_id agent)
{
    return dead(analysis, agent) && !record_id_is_none(analysis->behind.deaths[agent].died);
}

/* ---- who knows ---- */

static struct behind_known *known_find(struct behind *behind, struct knower knower)
{
    struct behind_known *known = NULL;
    HASH_FIND(hh, behind->known, &knower, sizeof knower, known);
    return known;
}

/* The record proves that `knower` knows of the death. The first proof stays, unless a firm one
 * comes.
 */
static int known_keep(struct analysis *analysis, const struct record *record, struct knower knower,
                      bool firm)
{
    struct behind *behind = &analysis->behind;
    const struct behind_death *death = &behind->deaths[knower.whom];
    struct behind_known *known = known_find(behind, knower);
    if (known == NULL) {
        known = calloc(1, sizeof *known);
        if (known == NULL) {
            return ERROR_MEMORY;
        }
        known->knower = knower;
        known->report = RECORD_ID_NONE;
        HASH_ADD(hh, behind->known, knower, sizeof known->knower, known);
        if (known->hh.tbl == NULL) {
            free(known);
            return ERROR_MEMORY;
        }
    } else if (known->death == death->number && (known->firm || !firm)) {
        return 0;
    }
    known->death = death->number;
    known->proof = record->id;
    known->firm = firm;
    return 0;
}

/* Whoever asks the platform to bring a dead peer back, or is told of its end, knows. Once the
 * platform has started it again one may honestly believe that it runs. */
static int take_knowing(struct analysis *analysis, const struct record *record,
                        struct knower knower)
{
    if (knower.who >= analysis->header->agents || knower.who == knower.whom || !proves(record) ||
        !dead_proven(analysis, knower.whom) || analysis->behind.deaths[knower.whom].starting) {
        return 0;
    }
    return known_keep(analysis, record, knower, false);
}

/* The operator tells `via`, of which the newest life is the one that listens. */
static int take_told(struct analysis *analysis, const struct record *record)
{
    agent_id via = record->via;
    incarnation_id newest =
        via < analysis->header->agents ? analysis->lives[via].newest : (incarnation_id)0;
    return take_knowing(analysis, record, (struct knower){via, record->whom, newest});
}

/* ---- masked failures ---- */

/* The board shows a dead peer healthy on the report of one who knew. The same one's further reports
 * during the same death are the same finding. */
static int mask_add(struct analysis *analysis, const struct record *record, struct record_id shown,
                    struct record_id proof)
{
    struct behind *behind = &analysis->behind;
    const struct behind_death *death = &behind->deaths[record->whom];
    struct behind_finding finding = {.kind = BEHIND_MASKED,
                                     .who = record->who,
                                     .whom = record->whom,
                                     .via = AGENT_NONE,
                                     .episode = analysis->lives[record->whom].death,
                                     .from = record->time,
                                     .to = record->time,
                                     .died = death->at,
                                     .count = 1};
    for (size_t i = behind->count; i-- > 0;) {
        struct behind_finding *before = &behind->list[i];
        if (before->kind == BEHIND_MASKED && before->who == record->who &&
            before->whom == record->whom && record_id_equal(before->proofs[1], death->died)) {
            before->to = record->time;
            before->count++;
            return 0;
        }
    }
    proof_add(&finding, shown);
    proof_add(&finding, death->died);
    proof_add(&finding, proof);
    return finding_add(analysis, &finding);
}

/* A report that says what the board shows already changes nothing on it, and keeps it wrong. */
static int take_reports(struct analysis *analysis, const struct record *record)
{
    struct behind *behind = &analysis->behind;
    const struct behind_death *death = &behind->deaths[record->whom];
    struct behind_known *known = known_find(behind, knower_of(record));
    if (known == NULL || record->value != HEALTH_HEALTHY || !proves(record) ||
        !dead_proven(analysis, record->whom) || known->death != death->number) {
        return 0;
    }
    known->report = record->id;
    known->report_died = death->died;
    known->report_proof = known->proof;
    return record_id_is_none(death->shown) ? 0
                                           : mask_add(analysis, record, death->shown, known->proof);
}

/* The platform did not take the report. */
static void take_report_back(struct behind *behind, const struct record *record)
{
    struct behind_known *known = known_find(behind, knower_of(record));
    if (known == NULL || record_id_is_none(known->report) ||
        !record_id_equal(known->report, record->cause)) {
        return;
    }
    known->report = RECORD_ID_NONE;
    for (size_t i = behind->count; i-- > 0;) {
        struct behind_finding *finding = &behind->list[i];
        if (finding->kind == BEHIND_MASKED && finding->who == record->who &&
            finding->whom == record->whom &&
            record_id_equal(finding->proofs[1], known->report_died)) {
            finding->count--;
            if (finding->count == 0) {
                *finding = behind->list[behind->count - 1];
                behind->count--;
            }
            return;
        }
    }
}

static int take_shows(struct analysis *analysis, const struct record *record)
{
    struct behind *behind = &analysis->behind;
    struct behind_death *death = &behind->deaths[record->whom];
    struct behind_known *known = known_find(behind, knower_of(record));
    bool healthy = record->value == HEALTH_HEALTHY && proves(record);
    death->shown = healthy ? record->id : RECORD_ID_NONE;
    if (known == NULL || !healthy || record_id_is_none(record->cause) ||
        !record_id_equal(known->report, record->cause) || !dead_proven(analysis, record->whom) ||
        !record_id_equal(known->report_died, death->died)) {
        return 0;
    }
    known->report = RECORD_ID_NONE;
    return mask_add(analysis, record, record->id, known->report_proof);
}

/* What was known is believed no longer, and nothing proves that it is. */
static void known_lapse(struct analysis *analysis, const struct record *record)
{
    struct behind_known *known = known_find(&analysis->behind, knower_of(record));
    if (known != NULL && !known->firm) {
        known->death = 0;
    }
}

/* Who acted on others' word, and is told that it is not needed or not possible, has seen nothing
 * itself: it may honestly believe its own watch again. */
static void take_refused(struct analysis *analysis, const struct record *record)
{
    if (record->value >> 8 == ACT_REPORT) {
        take_report_back(&analysis->behind, record);
    } else {
        known_lapse(analysis, record);
    }
}

/* ---- unsanctioned processes ---- */

/* A process that never ran as anybody is found when it is gone, or at the end of the run. */
static int process_told(struct analysis *analysis, const struct behind_process *process,
                        time_ns end)
{
    if (process->posed || record_id_is_none(process->forked)) {
        return 0;
    }
    struct behind_finding finding = {.kind = BEHIND_PROCESS,
                                     .who = process->who,
                                     .whom = AGENT_NONE,
                                     .via = AGENT_NONE,
                                     .episode = process->episode,
                                     .process = process->process,
                                     .from = process->since,
                                     .to = end,
                                     .died = TIME_UNSET,
                                     .count = 1};
    proof_add(&finding, process->forked);
    return finding_add(analysis, &finding);
}

static int process_over(struct analysis *analysis, struct behind_process *process, time_ns end)
{
    struct behind *behind = &analysis->behind;
    int code = process_told(analysis, process, end);
    for (size_t i = behind->count; process->posed && i-- > 0;) {
        struct behind_finding *finding = &behind->list[i];
        if (finding->process == process->process && finding->to == TIME_UNSET &&
            (finding->kind == BEHIND_RELAUNCH || finding->kind == BEHIND_COPY)) {
            finding->to = end;
        }
    }
    HASH_DEL(behind->processes, process);
    free(process);
    return code;
}

static struct behind_process *process_find(struct behind *behind, int64_t number)
{
    struct behind_process *process = NULL;
    HASH_FIND(hh, behind->processes, &number, sizeof number, process);
    return process;
}

/* Of numbers that are used again the later process is meant. */
static int process_begin(struct analysis *analysis, const struct record *record,
                         const struct cause *cause, struct behind_process **process)
{
    struct behind *behind = &analysis->behind;
    *process = process_find(behind, record->value);
    if (*process != NULL && record->verb == VERB_FORKED) {
        int code = process_over(analysis, *process, record->time);
        if (code != 0) {
            return code;
        }
        *process = NULL;
    }
    if (*process != NULL) {
        return 0;
    }
    struct behind_process *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return ERROR_MEMORY;
    }
    *made = (struct behind_process){.process = record->value,
                                    .who = record->who,
                                    .since = record->time,
                                    .forked = RECORD_ID_NONE,
                                    .episode = cause->episode};
    HASH_ADD(hh, behind->processes, process, sizeof made->process, made);
    if (made->hh.tbl == NULL) {
        free(made);
        return ERROR_MEMORY;
    }
    *process = made;
    return 0;
}

static int take_forked(struct analysis *analysis, const struct record *record,
                       const struct cause *cause)
{
    struct behind_process *process;
    int code = process_begin(analysis, record, cause, &process);
    if (code == 0 && proves(record)) {
        process->forked = record->id;
    }
    return code;
}

/* It may be seen to run as the same peer again. */
static bool posed_before(const struct behind *behind, const struct behind_finding *again)
{
    for (size_t i = behind->count; i-- > 0;) {
        const struct behind_finding *finding = &behind->list[i];
        if (finding->kind == again->kind && finding->process == again->process &&
            finding->whom == again->whom && finding->to == TIME_UNSET) {
            return true;
        }
    }
    return false;
}

static int take_posed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct behind_process *process;
    const struct behind_death *death = &analysis->behind.deaths[record->whom];
    join_inferred(analysis, record->whom, cause);
    int code = process_begin(analysis, record, cause, &process);
    if (code != 0 || !proves(record)) {
        return code;
    }
    bool is_dead = dead(analysis, record->whom);
    process->episode = cause->episode;
    if (is_dead && !dead_proven(analysis, record->whom)) {
        return 0; /* neither beside the peer nor in its place can be proven: the process is all */
    }
    process->posed = true;
    struct behind_finding finding = {.kind = is_dead ? BEHIND_RELAUNCH : BEHIND_COPY,
                                     .who = record->who,
                                     .whom = record->whom,
                                     .via = AGENT_NONE,
                                     .episode = cause->episode,
                                     .process = record->value,
                                     .from = record->time,
                                     .to = TIME_UNSET,
                                     .died = is_dead ? death->at : TIME_UNSET,
                                     .count = 1};
    proof_add(&finding, record->id);
    if (is_dead) {
        finding.episode = analysis->lives[record->whom].death;
        proof_add(&finding, death->died);
        code =
            record->who != record->whom ? known_keep(analysis, record, knower_of(record), true) : 0;
    }
    return code != 0 || posed_before(&analysis->behind, &finding) ? code
                                                                  : finding_add(analysis, &finding);
}

static int take_exited(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct behind_process *process = process_find(&analysis->behind, record->value);
    if (process == NULL) {
        return 0;
    }
    if (cause->episode == EPISODE_NONE) {
        cause->episode = process->episode;
    }
    return process_over(analysis, process, record->time);
}

/* ---- forged heartbeats ---- */

/* The same one to the same receiver, during the same death, is one finding. */
static struct behind_finding *forged_find(struct behind *behind, const struct record *record,
                                          struct record_id died)
{
    for (size_t i = behind->count; i-- > 0;) {
        struct behind_finding *finding = &behind->list[i];
        if (finding->kind == BEHIND_FORGED && finding->who == record->who &&
            finding->whom == record->whom && finding->via == record->via &&
            record_id_equal(finding->proof_count > 1 ? finding->proofs[1] : RECORD_ID_NONE, died)) {
            return finding;
        }
    }
    return NULL;
}

static int take_forged(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct behind *behind = &analysis->behind;
    /* Somebody must have received it: the receiver's word is the cause, and the witness's the
     * proof. */
    bool heard = cause->verb == VERB_HEARD && cause->actor == record->via;
    join_inferred(analysis, record->whom, cause);
    if (!heard || !proves(record) || record->who == record->whom ||
        record->via >= analysis->header->agents) {
        return 0;
    }
    bool is_dead = dead_proven(analysis, record->whom);
    struct record_id died = is_dead ? behind->deaths[record->whom].died : RECORD_ID_NONE;
    int code = is_dead ? known_keep(analysis, record, knower_of(record), true) : 0;
    struct behind_finding *before = forged_find(behind, record, died);
    if (code != 0 || before != NULL) {
        if (before != NULL) {
            before->to = record->time;
            before->count++;
        }
        return code;
    }
    struct behind_finding finding = {.kind = BEHIND_FORGED,
                                     .who = record->who,
                                     .whom = record->whom,
                                     .via = record->via,
                                     .episode = cause->episode,
                                     .process = record->value,
                                     .from = record->time,
                                     .to = record->time,
                                     .died = TIME_UNSET,
                                     .count = 1};
    proof_add(&finding, record->id);
    if (is_dead) {
        finding.episode = analysis->lives[record->whom].death;
        finding.died = behind->deaths[record->whom].at;
        proof_add(&finding, died);
    }
    return finding_add(analysis, &finding);
}

/* ---- records ---- */

static void take_life(struct analysis *analysis, const struct record *record)
{
    struct behind_death *death = &analysis->behind.deaths[record->whom];
    death->number++;
    switch ((int)record->verb) {
    case VERB_DIED:
        death->starting = false;
        if (dead(analysis, record->whom)) {
            death->died = proves(record) ? record->id : RECORD_ID_NONE;
            death->at = record->time;
        }
        break;
    case VERB_STARTED:
        death->starting = false;
        death->died = RECORD_ID_NONE;
        death->at = TIME_UNSET;
        break;
    default: /* starts, gave_up */
        death->starting = record->verb == VERB_STARTS;
    }
}

/* A gap lies within the run, whatever the record says. */
static void take_unobserved(struct behind *behind, const struct record *record)
{
    time_ns length = record->value < 0              ? 0
                     : record->value > record->time ? record->time
                                                    : record->value;
    behind->gaps++;
    behind->unobserved =
        length > TIME_NEVER - behind->unobserved ? TIME_NEVER : behind->unobserved + length;
}

int behind_take(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct behind *behind = &analysis->behind;
    if (behind->deaths == NULL) {
        return 0;
    }
    if (record->verb == VERB_UNOBSERVED) {
        take_unobserved(behind, record);
        return 0;
    }
    if (record->verb == VERB_FORKED) {
        return take_forked(analysis, record, cause);
    }
    if (record->verb == VERB_EXITED) {
        return take_exited(analysis, record, cause);
    }
    if (record->whom == AGENT_NONE) {
        return 0;
    }
    switch ((int)record->verb) {
    case VERB_DIED:
    case VERB_STARTED:
    case VERB_STARTS:
    case VERB_GAVE_UP:
        take_life(analysis, record);
        return 0;
    case VERB_VOLUNTEERS:
    case VERB_RELAUNCHES:
    case VERB_RELINKS:
        return take_knowing(analysis, record, knower_of(record));
    case VERB_MARKED:
    case VERB_ANNOUNCED:
        return take_told(analysis, record);
    case VERB_REFUSED:
    case VERB_FAILED:
        take_refused(analysis, record);
        return 0;
    case VERB_RETRACTED:
        known_lapse(analysis, record);
        return 0;
    case VERB_REPORTS:
        return take_reports(analysis, record);
    case VERB_SHOWS:
        return take_shows(analysis, record);
    case VERB_HEARD:
        join_inferred(analysis, record->whom, cause);
        return 0;
    case VERB_POSED:
        return take_posed(analysis, record, cause);
    case VERB_FORGED:
        return take_forged(analysis, record, cause);
    default:
        return 0;
    }
}

int behind_end(struct analysis *analysis)
{
    int code = 0;
    for (const struct behind_process *process = analysis->behind.processes;
         process != NULL && code == 0; process = process->hh.next) {
        code = process_told(analysis, process, TIME_UNSET);
    }
    return code;
}
