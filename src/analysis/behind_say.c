/*
 * What was found behind the platform's back: added up, for people and as JSON.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/behind.h"
#include "analysis/format.h"
#include "analysis/run.h"
#include "trace/words.h"

static const struct {
    const char *name, *one, *several;
} kinds[BEHIND_COUNT] = {
#define X(kind, name, one, several) {#name, one, several},
    BEHIND_KINDS(X)
#undef X
};

/* ---- sums ---- */

static void kept_free(struct behind_kept *kept)
{
    free(kept->who);
    free(kept->whom);
    free(kept->via);
    for (int i = 0; i < PROOFS_MAX; i++) {
        free(kept->proofs[i]);
    }
}

/* Copies a text that may be none; `failed` is set where memory is short. */
static char *text_copy(const char *text, bool *failed)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    *failed = *failed || (text != NULL && copy == NULL);
    return copy;
}

static int kept_add(struct behind_sums *sums, const struct behind_kept *from)
{
    if (sums->kept_count == BEHIND_KEPT_MAX) {
        return 0;
    }
    struct behind_kept *kept = &sums->kept[sums->kept_count];
    bool failed = false;
    *kept = *from;
    kept->who = text_copy(from->who, &failed);
    kept->whom = text_copy(from->whom, &failed);
    kept->via = text_copy(from->via, &failed);
    for (int i = 0; i < PROOFS_MAX; i++) {
        kept->proofs[i] = text_copy(from->proofs[i], &failed);
    }
    if (failed) {
        kept_free(kept);
        return ERROR_MEMORY;
    }
    sums->kept_count++;
    return 0;
}

static char *name_of(const struct trace_header *header, agent_id agent)
{
    return agent < header->agents && header->agent_names != NULL
               ? (char *)(uintptr_t)header->agent_names[agent]
               : NULL;
}

static int finding_keep(struct behind_sums *sums, const struct trace_header *header,
                        const struct behind_finding *finding)
{
    char proofs[PROOFS_MAX][RECORD_ID_BYTES];
    struct behind_kept kept = {.finding = *finding,
                               .replicate = header->replicate,
                               .who = name_of(header, finding->who),
                               .whom = name_of(header, finding->whom),
                               .via = name_of(header, finding->via)};
    for (int i = 0; i < finding->proof_count; i++) {
        record_id_format(header, finding->proofs[i], proofs[i]);
        kept.proofs[i] = proofs[i];
    }
    return kept_add(sums, &kept);
}

static time_ns time_sum(time_ns a, time_ns b)
{
    return b > TIME_NEVER - a ? TIME_NEVER : a + b;
}

int behind_sum(struct behind_sums *sums, const struct analysis *analysis)
{
    const struct behind *behind = &analysis->behind;
    if (behind->deaths == NULL) {
        return 0;
    }
    sums->runs++;
    sums->gaps += behind->gaps;
    sums->unobserved = time_sum(sums->unobserved, behind->unobserved);
    for (size_t i = 0; i < analysis->episode_count; i++) {
        uint8_t found = analysis->episodes[i].behind;
        sums->episodes_any += found != 0 ? 1 : 0;
        for (int kind = 0; kind < BEHIND_COUNT; kind++) {
            sums->episodes[kind] += found >> kind & 1;
        }
    }
    for (size_t i = 0; i < behind->count; i++) {
        sums->found[behind->list[i].kind]++;
        if (sums->kept_count < BEHIND_KEPT_MAX &&
            finding_keep(sums, analysis->header, &behind->list[i]) != 0) {
            return ERROR_MEMORY;
        }
    }
    return 0;
}

int behind_add(struct behind_sums *to, const struct behind_sums *from)
{
    to->runs += from->runs;
    to->gaps += from->gaps;
    to->unobserved = time_sum(to->unobserved, from->unobserved);
    to->episodes_any += from->episodes_any;
    for (int kind = 0; kind < BEHIND_COUNT; kind++) {
        to->found[kind] += from->found[kind];
        to->episodes[kind] += from->episodes[kind];
    }
    for (uint32_t i = 0; i < from->kept_count; i++) {
        if (kept_add(to, &from->kept[i]) != 0) {
            return ERROR_MEMORY;
        }
    }
    return 0;
}

void behind_release(struct behind_sums *sums)
{
    for (uint32_t i = 0; i < sums->kept_count; i++) {
        kept_free(&sums->kept[i]);
    }
    sums->kept_count = 0;
}

/* ---- as text ---- */

static const char *name_or(const char *name)
{
    return name != NULL ? name : "nobody";
}

/* From when until when a process ran. */
static void say_lived(const struct behind_finding *finding, FILE *out)
{
    char from[TIME_TEXT_BYTES], to[TIME_TEXT_BYTES];
    time_format(finding->from, from);
    if (finding->to == TIME_UNSET) {
        fprintf(out, "from %s to the end of the run", from);
        return;
    }
    time_format(finding->to, to);
    fprintf(out, "from %s to %s", from, to);
}

static void say_after_death(const struct behind_finding *finding, FILE *out)
{
    figure after;
    fprintf(out, "%s after it had died",
            format_time(after, (double)(finding->from - finding->died)));
}

static void say_forged(const struct behind_kept *kept, FILE *out)
{
    const struct behind_finding *finding = &kept->finding;
    char first[TIME_TEXT_BYTES], last[TIME_TEXT_BYTES];
    time_format(finding->from, first);
    time_format(finding->to, last);
    fprintf(out, "process %" PRId64 " of %s sent to %s on %s's link at %s", finding->process,
            name_or(kept->who), name_or(kept->via), name_or(kept->whom), first);
    if (finding->count > 1) {
        fprintf(out, ", %" PRIu64 " times until %s", finding->count, last);
    }
    if (finding->died != TIME_UNSET) {
        fprintf(out, ", ");
        say_after_death(finding, out);
    }
}

static void say_finding(const struct behind_kept *kept, bool replicates, FILE *out)
{
    const struct behind_finding *finding = &kept->finding;
    char at[TIME_TEXT_BYTES];
    fprintf(out, "  %s: ", kinds[finding->kind].one);
    switch ((enum behind_kind)finding->kind) {
    case BEHIND_RELAUNCH:
        fprintf(out, "%s ran %s itself as process %" PRId64 " ", name_or(kept->who),
                name_or(kept->whom), finding->process);
        say_lived(finding, out);
        fprintf(out, ", ");
        say_after_death(finding, out);
        break;
    case BEHIND_COPY:
        fprintf(out, "%s ran %s as process %" PRId64 " beside the one that the platform started ",
                name_or(kept->who), name_or(kept->whom), finding->process);
        say_lived(finding, out);
        break;
    case BEHIND_PROCESS:
        fprintf(out, "%s had a process %" PRId64 " that ran as nobody ", name_or(kept->who),
                finding->process);
        say_lived(finding, out);
        break;
    case BEHIND_FORGED:
        say_forged(kept, out);
        break;
    case BEHIND_MASKED:
    case BEHIND_COUNT:
        time_format(finding->from, at);
        fprintf(out, "the board showed %s healthy on %s's report at %s, ", name_or(kept->whom),
                name_or(kept->who), at);
        say_after_death(finding, out);
        fprintf(out, ", as %s knew", name_or(kept->who));
    }
    fprintf(out, "  [");
    for (int i = 0; i < finding->proof_count; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : ", ", kept->proofs[i]);
    }
    fprintf(out, "]");
    if (replicates) {
        fprintf(out, "  (run %" PRIu32 ")", kept->replicate);
    }
    fprintf(out, "\n");
}

/* "for 1.20 s, in 3 gaps" */
static void say_gaps(const struct behind_sums *sums, FILE *out)
{
    figure length;
    fprintf(out, "for %s, in %" PRIu64 " gap%s", format_time(length, (double)sums->unobserved),
            sums->gaps, sums->gaps == 1 ? "" : "s");
}

static void say_arm(const struct findings *findings, FILE *out)
{
    const struct behind_sums *sums = &findings->behind;
    uint64_t found = findings_behind(findings, BEHIND_COUNT);
    uint64_t episodes = findings_episodes(findings);
    if (found == 0) {
        fprintf(out, "  nothing behind the platform's back was found in %" PRIu64 " episode%s",
                episodes, episodes == 1 ? "" : "s");
        if (sums->gaps > 0) {
            fprintf(out, "; but the witness missed events ");
            say_gaps(sums, out);
        }
        fprintf(out, "\n");
        return;
    }
    for (uint32_t i = 0; i < sums->kept_count; i++) {
        say_finding(&sums->kept[i], findings->runs > 1, out);
    }
    if (found > sums->kept_count) {
        fprintf(out, "  and %" PRIu64 " more\n", found - sums->kept_count);
    }
    for (int kind = 0; kind < BEHIND_COUNT; kind++) {
        if (sums->found[kind] > 0) {
            fprintf(out, "  %" PRIu64 " %s, in %" PRIu64 " of %" PRIu64 " episodes\n",
                    sums->found[kind],
                    sums->found[kind] == 1 ? kinds[kind].one : kinds[kind].several,
                    sums->episodes[kind], episodes);
        }
    }
    if (sums->gaps > 0) {
        fprintf(out, "  the witness missed events ");
        say_gaps(sums, out);
        fprintf(out, "; there may be more\n");
    }
}

void behind_print(const struct findings_arm *arms, uint32_t count,
                  const struct print_options *options, FILE *out)
{
    const char *strong = options->colour ? "\033[1m" : "",
               *plain = options->colour ? "\033[0m" : "";
    bool any = false;
    for (uint32_t arm = 0; arm < count; arm++) {
        const struct findings *findings = arms[arm].findings;
        if (findings->behind.runs == 0) {
            continue;
        }
        if (!any) {
            fprintf(out, "%sbehind the platform's back%s\n", strong, plain);
        }
        any = true;
        if (count > 1) {
            fprintf(out, "%s:\n", findings->arm);
        }
        say_arm(findings, out);
    }
    if (any) {
        fprintf(out, "\n");
    }
}

/* ---- JSON ---- */

static json_t *json_finding(const struct behind_kept *kept)
{
    const struct behind_finding *finding = &kept->finding;
    json_t *proofs = json_array();
    for (int i = 0; i < finding->proof_count; i++) {
        json_array_append_new(proofs, json_string_nocheck(kept->proofs[i]));
    }
    return json_pack("{s:s, s:I, s:o, s:s?, s:s?, s:s?, s:o, s:I, s:o, s:o, s:I, s:o}", "kind",
                     kinds[finding->kind].name, "replicate", (json_int_t)kept->replicate, "episode",
                     finding->episode == EPISODE_NONE
                         ? json_null()
                         : json_integer((json_int_t)finding->episode + 1),
                     "who", kept->who, "whom", kept->whom, "via", kept->via, "process",
                     finding->kind == BEHIND_MASKED ? json_null() : json_integer(finding->process),
                     "from_ns", (json_int_t)finding->from, "to_ns",
                     finding->to == TIME_UNSET ? json_null() : json_integer(finding->to), "died_ns",
                     finding->died == TIME_UNSET ? json_null() : json_integer(finding->died),
                     "times", (json_int_t)finding->count, "proof", proofs);
}

json_t *behind_json(const struct findings *findings)
{
    const struct behind_sums *sums = &findings->behind;
    if (sums->runs == 0) {
        return json_null();
    }
    json_t *found = json_object(), *list = json_array();
    for (int kind = 0; kind < BEHIND_COUNT; kind++) {
        json_object_set_new(found, kinds[kind].name,
                            json_pack("{s:I, s:I}", "count", (json_int_t)sums->found[kind],
                                      "episodes", (json_int_t)sums->episodes[kind]));
    }
    for (uint32_t i = 0; i < sums->kept_count; i++) {
        json_array_append_new(list, json_finding(&sums->kept[i]));
    }
    return json_pack("{s:I, s:I, s:f, s:o, s:o}", "runs", (json_int_t)sums->runs, "gaps",
                     (json_int_t)sums->gaps, "unobserved_s", (double)sums->unobserved / 1e9,
                     "found", found, "findings", list);
}

/* ---- in words ---- */

void behind_in_words(const struct findings_arm *arms, uint32_t count, FILE *text)
{
    uint64_t found[BEHIND_COUNT] = {0};
    uint64_t all = 0, in = 0, episodes = 0;
    int left = 0;
    for (uint32_t arm = 0; arm < count; arm++) {
        const struct findings *findings = arms[arm].findings;
        if (findings->behind.runs == 0) {
            continue;
        }
        in += findings->behind.episodes_any;
        episodes += findings_episodes(findings);
        for (int kind = 0; kind < BEHIND_COUNT; kind++) {
            found[kind] += findings->behind.found[kind];
            all += findings->behind.found[kind];
        }
    }
    if (all == 0) {
        return;
    }
    for (int kind = 0; kind < BEHIND_COUNT; kind++) {
        left += found[kind] > 0 ? 1 : 0;
    }
    fprintf(text, "Behind the platform's back the witness found ");
    for (int kind = 0; kind < BEHIND_COUNT; kind++) {
        if (found[kind] > 0) {
            left--;
            fprintf(text, "%" PRIu64 " %s%s", found[kind],
                    found[kind] == 1 ? kinds[kind].one : kinds[kind].several,
                    left == 0   ? ""
                    : left == 1 ? " and "
                                : ", ");
        }
    }
    fprintf(text, ", in %" PRIu64 " of %" PRIu64 " episodes. ", in, episodes);
}
