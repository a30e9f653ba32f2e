/* A certificate in people's words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/duration.h"
#include "cli/certificate_tool.h"
#include "cli/order_tool.h"

/* More targets than these are counted, and only those named with which something is wrong. */
#define TARGETS_SHOWN 12

void certificate_wall(int64_t wall_ms, char text[WALL_TEXT_BYTES])
{
    char whole[CALENDAR_TEXT_BYTES];
    int64_t seconds = wall_ms / 1000;

    if (seconds > CALENDAR_SECONDS_MAX) {
        snprintf(text, WALL_TEXT_BYTES, "an impossible time");
        return;
    }
    calendar_format(seconds, whole);
    snprintf(text, WALL_TEXT_BYTES, "%.19s.%03dZ", whole, (int)(wall_ms % 1000));
}

static void heading_print(const struct certificate_question *question,
                          const struct verdict *verdict)
{
    static const char *const WORDS[][2] = {
        {"each incarnation ended, and none ran again while it was covered",
         "each incarnation was held, and none ran while it was covered"},
        {"something is known to be missing", "something is known to be missing"},
        {"the end of the targets is not shown", "that the targets are held is not shown"}};

    printf("%s: %s: %s\n", question->path, verdict_word(verdict->value),
           WORDS[verdict->value][verdict->order.verb == ORDER_PAUSE]);
}

static void order_lines(const struct certificate *certificate,
                        const struct certificate_authority *authority)
{
    const struct verdict *verdict = &certificate->verdict;
    char sentence[ORDER_SENTENCE_BYTES], digest[ORDER_DIGEST_TEXT_BYTES], at[WALL_TEXT_BYTES];
    const char *before = "";

    order_sentence(&verdict->order, sentence);
    order_digest_text(verdict->digest, digest);
    certificate_wall(verdict->from_ms, at);
    printf("  order     %s\n            %s\n", sentence, digest);
    printf("            accepted %s on the range %s, epoch %" PRIu64 "\n", at,
           verdict->opened->range, verdict->accepted->epoch);
    printf("  signed    ");
    if (verdict->accepted->made_by == ENTRY_CAMPAIGN)
        printf("by the key that the range made for its drill, and by no operator");
    for (uint32_t i = 0; i < authority->decision.signer_count; i++) {
        if (authority->names[i][0] == '\0' || verdict->accepted->made_by == ENTRY_CAMPAIGN)
            continue;
        printf("%s%s", before, authority->names[i]);
        before = ", ";
    }
    printf("; %u needed\n", authority->decision.needed);
    if (verdict->accepted->made_by != ENTRY_CAMPAIGN && !authority->roster_same)
        printf("            your roster is not byte for byte the one that the range decided by\n");
}

static void covered_line(const struct verdict *verdict)
{
    char from[WALL_TEXT_BYTES], to[WALL_TEXT_BYTES], closed[WALL_TEXT_BYTES];

    certificate_wall(verdict->from_ms, from);
    certificate_wall(verdict->to_ms, to);
    if (verdict->to_ms > verdict->from_ms)
        printf("  covered   %s to %s\n", from, to);
    else
        printf("  covered   nothing\n");
    if (verdict->closed_ms > 0) {
        certificate_wall(verdict->closed_ms, closed);
        printf("            the range was closed %s; no process outlives a range\n", closed);
    }
}

static void life_line(const struct verdict_incarnation *life)
{
    static const char *const WORDS[] = {"its end was not seen", "died", "held", "released",
                                        "died with the range"};
    char at[DURATION_TEXT_BYTES];

    if (life->sanctioned)
        printf("    incarnation %-6" PRIu32, life->incarnation);
    else
        printf("    unsanctioned      ");
    printf(" pid %" PRIu32 ", inside %" PRIu32 ": %s", life->pid, life->inside, WORDS[life->end]);
    if (life->ended > 0) {
        duration_format(life->ended, at);
        printf(" at %s of range time", at);
    }
    putchar('\n');
}

static bool target_wrong(const struct verdict *verdict, const struct verdict_target *target)
{
    for (uint32_t i = 0; i < verdict->finding_count; i++)
        if (strcmp(verdict->findings[i].target, target->name) == 0)
            return true;
    return false;
}

static void target_lines(const struct verdict *verdict)
{
    uint32_t lives = 0, shown = 0;
    char at[WALL_TEXT_BYTES];

    for (uint32_t i = 0; i < verdict->target_count; i++)
        lives += verdict->targets[i].incarnation_count;
    if (verdict->target_count > TARGETS_SHOWN)
        printf("  targets   %" PRIu32 ", with %" PRIu32 " incarnations\n", verdict->target_count,
               lives);
    for (uint32_t i = 0; i < verdict->target_count && shown < TARGETS_SHOWN; i++) {
        const struct verdict_target *target = &verdict->targets[i];

        if (verdict->target_count > TARGETS_SHOWN && !target_wrong(verdict, target))
            continue;
        shown++;
        certificate_wall(target->sealed_ms, at);
        printf("  %s: %s%s\n", target->name, target->sealed_ms > 0 ? "sealed " : "never sealed",
               target->sealed_ms > 0 ? at : "");
        for (uint32_t j = 0; j < target->incarnation_count; j++)
            life_line(&target->incarnations[j]);
        if (target->lifted_ms == 0)
            continue;
        certificate_wall(target->lifted_ms, at);
        printf("    lifted %s: from then on it may run\n", at);
    }
}

static void finding_line(const struct finding *finding)
{
    printf("  %-12s %s%s%s", finding_word(finding->kind), finding->target,
           finding->target[0] != '\0' ? ": " : "", finding_words(finding->kind));
    switch ((unsigned)finding->kind) {
    case FINDING_STEP_MISSING:
        printf(" (%" PRId64 " to %" PRId64 ")", finding->from, finding->to);
        break;
    case FINDING_UNOBSERVED:
        printf(" (%" PRId64 " to %" PRId64 " ns of range time)", finding->from, finding->to);
        break;
    case FINDING_NOT_FROZEN:
        printf(" (%s)", strerror((int)finding->from));
        break;
    case FINDING_NO_END:
        printf(" (incarnation %" PRId64 ", pid %" PRId64 ")", finding->from, finding->to);
        break;
    case FINDING_GHOST:
        printf(" (step %" PRId64 ")", finding->from);
        break;
    case FINDING_COUNT:
        printf(" (%" PRId64 ", and %" PRId64 " here)", finding->from, finding->to);
        break;
    default:
        break;
    }
    putchar('\n');
}

static void guarantee_lines(const struct verdict *verdict)
{
    uint32_t children = 0;

    for (uint32_t i = 0; i < verdict->target_count; i++)
        children =
            verdict->targets[i].children > children ? verdict->targets[i].children : children;
    if (!verdict->has_cgroups)
        puts(
            "  missing   no cgroups: who belongs to whom is known by descent and by what it holds");
    if (!verdict->has_process_events)
        puts("  missing   no process events of the kernel: what lived for less than a scan was not "
             "seen");
    if (children > 0)
        printf("  missing   up to %" PRIu32 " sanctioned children of each process were not looked "
               "at\n",
               children);
}

void certificate_print(const struct certificate_question *question,
                       const struct certificate *certificate,
                       const struct certificate_authority *authority)
{
    const struct verdict *verdict = &certificate->verdict;

    heading_print(question, verdict);
    order_lines(certificate, authority);
    covered_line(verdict);
    target_lines(verdict);
    for (uint32_t i = 0; i < verdict->finding_count && i < 2 * TARGETS_SHOWN; i++)
        finding_line(&verdict->findings[i]);
    if (verdict->finding_count > 2 * TARGETS_SHOWN)
        printf("  and %" PRIu32 " findings more\n", verdict->finding_count - 2 * TARGETS_SHOWN);
    guarantee_lines(verdict);
    printf("  log       %s, %" PRIu64 " entries, of which %" PRIu32
           " stand here and are proved to be in it\n",
           certificate->checkpoint.origin, certificate->checkpoint.size, certificate->count);
}
