/*
 * The page: where it comes from, the protocols by frequency, all episodes together, each of the
 * most frequent protocols with its diagram and times, who plays which role, and what cannot be
 * known.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/format.h"
#include "analysis/protocol_inside.h"

/* So many agents are named for each role; the rest is added up. */
#define PLAYERS_SHOWN 10
/* In the diagram of all episodes together are steps of at least this share. The table has all. */
#define SHARE_DRAWN 0.05

static void put_names(const struct names *names, FILE *out)
{
    for (size_t i = 0; i < names->count; i++) {
        fputs(i > 0 ? ", " : "", out);
        put_name(names->list[i]->text, out);
    }
    fputs(names->count == 0 ? "not known" : "", out);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- where it comes from ---- */

static void print_head(const struct protocols *protocols, FILE *out)
{
    static const char *const words[SOURCE_COUNT] = {"scenario", "arm",     "world",
                                                    "seed",     "version", "host"};
    fprintf(out, "# What the agents of ");
    put_names(&protocols->sources[SOURCE_SCENARIO], out);
    fprintf(out, " did\n\n| | |\n|---|---|\n");
    for (int source = 0; source < SOURCE_COUNT; source++) {
        const struct names *names = &protocols->sources[source];
        if (names->count > 0) {
            fprintf(out, "| %s%s | ", words[source], names->count == 1 ? "" : "s, added up");
            put_names(names, out);
            fprintf(out, " |\n");
        }
    }
    if (protocols->only != NULL) {
        fputs("| target | ", out);
        put_name(protocols->only, out);
        fputs(" alone |\n", out);
    }
    if (protocols->left_out != 0) {
        const char *between = "| left out | ";
        for (uint32_t step = 0; step < STEP_COUNT; step++) {
            if ((protocols->left_out >> step & 1) != 0) {
                fprintf(out, "%s`%s`", between, step_name((uint8_t)step));
                between = ", ";
            }
        }
        fputs(" |\n", out);
    }
    fprintf(out, "| runs | %" PRIu64 " |\n", protocols->runs);
    fprintf(out, "| episodes | %" PRIu64 ": %" PRIu64 " stop%s and %" PRIu64 " failure%s",
            protocols->episodes, protocols->episodes - protocols->failures,
            plural(protocols->episodes - protocols->failures), protocols->failures,
            plural(protocols->failures));
    if (protocols->objects > 0) {
        fprintf(out, "; %" PRIu64 " of objects", protocols->objects);
    }
    fprintf(out, " |\n| protocols | %" PRIu64 " |\n\n", protocols_count(protocols));
}

/* ---- by frequency ---- */

static void print_share(uint64_t episodes, uint64_t of, FILE *out)
{
    struct rate rate = rate_wilson(episodes, of, CONFIDENCE);
    figure percent, interval;
    fprintf(out, "%" PRIu64 " of %" PRIu64 " | %s | %s", episodes, of,
            format_percent(percent, rate.rate), format_percents(interval, rate.low, rate.high));
}

static void print_sequence(const struct protocol *protocol, FILE *out)
{
    step_words text;
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        fprintf(out, "%s%s", i > 0 ? " → " : "", step_say(text, protocol->shown[i]));
    }
    fputs(protocol->step_count == 0 ? "nothing that is known" : "", out);
}

static void print_proven(const struct protocols *protocols, uint64_t proven, FILE *out)
{
    struct rate rate = rate_wilson(proven, protocols->episodes, CONFIDENCE);
    figure interval;
    fprintf(out, "%" PRIu64 " %s", proven, format_percents(interval, rate.low, rate.high));
}

static void print_others(const struct protocols *protocols, size_t top, FILE *out)
{
    size_t count = protocols_count(protocols);
    uint64_t others = 0, proven = 0, most = protocols->sorted[top]->episodes;
    for (size_t i = top; i < count; i++) {
        others += protocols->sorted[i]->episodes;
        proven += protocols->sorted[i]->proven;
    }
    fprintf(out, "| others | ");
    print_share(others, protocols->episodes, out);
    fprintf(out, " | ");
    print_proven(protocols, proven, out);
    fprintf(out, " | %zu other protocol%s, each in %s%" PRIu64 " episode%s |\n", count - top,
            plural(count - top), count - top > 1 && most > 1 ? "at most " : "", most, plural(most));
}

static void print_table(const struct protocols *protocols, size_t top, FILE *out)
{
    size_t count = protocols_count(protocols);
    fprintf(out, "## Protocols\n\n"
                 "| | episodes | share | 95%% | without guesses | steps |\n"
                 "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < count && i < top; i++) {
        const struct protocol *protocol = protocols->sorted[i];
        fprintf(out, "| P%zu | ", i + 1);
        print_share(protocol->episodes, protocols->episodes, out);
        fprintf(out, " | ");
        print_proven(protocols, protocol->proven, out);
        fprintf(out, " | ");
        print_sequence(protocol, out);
        fprintf(out, " |\n");
    }
    if (count > top) {
        print_others(protocols, top, out);
    }
    fputc('\n', out);
}

/* ---- steps and their times ---- */

/* How many acts are not the agent's own idea, are guesses, are told. */
static void print_marks(const struct step_sum *step, FILE *out)
{
    const char *between = " ";
    for (int wanted = WANTED_SPONTANEOUS + 1; wanted < WANTED_COUNT; wanted++) {
        if (step->wanted[wanted] > 0) {
            fprintf(out, "%s%" PRIu64 " %s", between, step->wanted[wanted],
                    wanted_words((uint8_t)wanted));
            between = ", ";
        }
    }
    if (step->inferred > 0) {
        fprintf(out, "%s%" PRIu64 " inferred", between, step->inferred);
        between = ", ";
    }
    if (step->told > 0) {
        fprintf(out, "%s%" PRIu64 " told", between, step->told);
    }
}

/* `of`: how many episodes; 0 where the step occurs in all of them. */
static void print_step_row(const struct step_sum *step, uint64_t of, FILE *out)
{
    step_words text;
    figure early, median, late;
    fprintf(out, "| %s | %s | ", step_say(text, step), turn_words(step->key.turn));
    if (of > 0) {
        print_share(step->episodes, of, out);
        fputs(" | ", out);
    }
    if (step->time_count > 0) {
        fprintf(out, "%s | %s | %s", format_time(early, step->early.value),
                format_time(median, step->median.value), format_time(late, step->late.value));
    } else {
        fputs("not known | not known | not known", out);
    }
    fprintf(out, " | %" PRIu64 " |", step->acts);
    print_marks(step, out);
    fputs(" |\n", out);
}

static int print_together(const struct protocols *protocols, FILE *out)
{
    size_t count = totals_count(&protocols->totals), drawn = 0;
    struct step_sum **steps = malloc((count + 1) * sizeof *steps);
    if (steps == NULL) {
        return ERROR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct step_sum *step = protocols->totals.shown[i];
        if ((double)step->episodes >= SHARE_DRAWN * (double)protocols->episodes) {
            steps[drawn++] = step;
        }
    }
    fprintf(out,
            "## All episodes together\n\n"
            "Each step at the median of its times, but never before one that came earlier wherever "
            "it occurred; with the share of the episodes that have it where not all do.%s\n\n"
            "```mermaid\n",
            drawn < count ? " Steps in less than 5% of them are in the table alone." : "");
    mermaid_print(steps, drawn, protocols->episodes, out);
    free(steps);
    fprintf(out,
            "```\n\n| step | follows from | episodes | share | 95%% | 10%% | median | 90%% | acts "
            "| marks |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        print_step_row(protocols->totals.shown[i], protocols->episodes, out);
    }
    fputc('\n', out);
    return 0;
}

/* ---- one protocol ---- */

static void print_example(const struct protocols *protocols, const struct example *example,
                          FILE *out)
{
    figure began;
    fprintf(out, "For example episode %" PRIu64 " of replicate %" PRIu32 ", of ", example->number,
            example->replicate);
    put_name(example_target(protocols, example), out);
    fprintf(out, ", %s after the start", format_time(began, (double)example->began));
    if (example->file == NULL || example->record == NULL) {
        fputs(".\n\n", out);
        return;
    }
    fputs(":\n\n```sh\niolaus trace why ", out);
    put_shell_word(example->file, out);
    fputc(' ', out);
    put_shell_word(example->record, out);
    fputs("\n```\n\n", out);
}

static void print_protocol(const struct protocols *protocols, size_t place, FILE *out)
{
    const struct protocol *protocol = protocols->sorted[place];
    figure percent;
    fprintf(out, "## P%zu\n\nIn ", place + 1);
    fprintf(out, "%" PRIu64 " of %" PRIu64 " episode%s (%s)", protocol->episodes,
            protocols->episodes, plural(protocols->episodes),
            format_percent(percent, (double)protocol->episodes / (double)protocols->episodes));
    if (protocol->failures > 0) {
        fprintf(out, ", %" PRIu64 " of them failures", protocol->failures);
    }
    if (protocol->objects > 0) {
        fprintf(out, ", %" PRIu64 " of them of objects", protocol->objects);
    }
    if (protocol->open > 0) {
        fprintf(out, ", %" PRIu64 " of them open when the run ended", protocol->open);
    }
    fputs(". ", out);
    print_example(protocols, &protocol->example, out);
    fputs("```mermaid\n", out);
    mermaid_print(protocol->shown, protocol->step_count, protocol->episodes, out);
    fputs("```\n\n| step | follows from | 10% | median | 90% | acts | marks |\n"
          "|---|---|---|---|---|---|---|\n",
          out);
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        print_step_row(protocol->shown[i], 0, out);
    }
    fputc('\n', out);
}

/* ---- who ---- */

static void print_player(const struct protocols *protocols, const struct player *player, FILE *out)
{
    const struct name *agent = protocols->agents.list[player->key.agent];
    const struct name *kind = protocols->kinds.list[agent->kind];
    put_name(agent->text, out);
    if (kind->text[0] != '\0') {
        fputs(" (", out);
        put_name(kind->text, out);
        fputc(')', out);
    }
    fprintf(out, " %" PRIu64, player->episodes);
}

/* The players of one role: those from `from` on; gives the place behind them. */
static size_t print_role(const struct protocols *protocols, struct player **players, size_t count,
                         size_t from, FILE *out)
{
    uint32_t role = players[from]->key.role;
    uint64_t others = 0, other_agents = 0;
    size_t at = from;
    fprintf(out, "| %s | %" PRIu64 " | ", role_words((uint8_t)role, false),
            protocols->both[role][role]);
    for (; at < count && players[at]->key.role == role; at++) {
        if (at - from >= PLAYERS_SHOWN) {
            other_agents++;
            others += players[at]->episodes;
            continue;
        }
        fputs(at > from ? ", " : "", out);
        print_player(protocols, players[at], out);
    }
    if (other_agents > 0) {
        fprintf(out, ", %" PRIu64 " other%s %" PRIu64, other_agents, plural(other_agents), others);
    }
    fprintf(out, " |\n");
    return at;
}

static int print_roles(const struct protocols *protocols, FILE *out)
{
    size_t count;
    struct player **players = players_sorted(protocols, &count);
    if (players == NULL) {
        return ERROR_MEMORY;
    }
    fprintf(out, "## Who has which role\n\nOver all protocols; behind each agent in how many "
                 "episodes it had the role. One agent may have several in one episode; a peer had "
                 "no other.\n\n| role | in all | agents |\n|---|---|---|\n");
    for (size_t at = 0; at < count;) {
        at = print_role(protocols, players, count, at, out);
    }
    fputc('\n', out);
    free(players);
    return 0;
}

/* Who has the role of a row: in how many of those cases it has the column's too. */
static void print_both(const struct protocols *protocols, FILE *out)
{
    uint8_t roles[ROLE_COUNT];
    uint32_t count = 0;
    for (uint32_t role = 0; role < ROLE_PEER; role++) {
        if (role != ROLE_TARGET && protocols->both[role][role] > 0) {
            roles[count++] = (uint8_t)role;
        }
    }
    if (count < 2) {
        return;
    }
    fputs("Who has the role of a row also has that of a column in so many of these cases:\n\n| |",
          out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, " %s |", role_words(roles[i], false));
    }
    fputs("\n|---|", out);
    for (uint32_t i = 0; i < count; i++) {
        fputs("---|", out);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *both = protocols->both[roles[i]];
        fprintf(out, "\n| %s |", role_words(roles[i], false));
        for (uint32_t j = 0; j < count; j++) {
            if (i == j) {
                fputs(" |", out);
            } else {
                fprintf(out, " %" PRIu64 " of %" PRIu64 " |", both[roles[j]], both[roles[i]]);
            }
        }
    }
    fputs("\n\n", out);
}

/* ---- limits ---- */

static void print_doubts(const struct protocols *protocols, FILE *out)
{
    if (protocols->inferred > 0 || protocols->told > 0) {
        fprintf(
            out,
            "- Of %" PRIu64 " acts of agents %" PRIu64 " are joined to their episode by a "
            "guess (inferred), and %" PRIu64 " stand on the agent's own word (told). "
            "Diagrams have their arrows dashed; *without guesses* counts the episodes that have "
            "no guess.\n",
            protocols->acts, protocols->inferred, protocols->told);
    } else {
        fprintf(out, "- None of %" PRIu64 " acts of agents rests on a guess%s.\n", protocols->acts,
                protocols->runs_of_acts > 0 ? "" : " or on an agent's own word");
    }
}

static void print_left_out(const struct protocols *protocols, FILE *out)
{
    figure length;
    if (protocols->gaps > 0) {
        fprintf(out,
                "- The witness missed events %" PRIu64 " time%s, for %s in all: what happened "
                "then is not here.\n",
                protocols->gaps, plural(protocols->gaps),
                format_time(length, (double)protocols->gaps_length));
    }
    if (protocols->open > 0) {
        fprintf(out,
                "- In %" PRIu64 " episode%s the target was dead when the records ended: what would "
                "have come later is not known.\n",
                protocols->open, plural(protocols->open));
    }
    if (protocols->for_others > 0) {
        fprintf(out,
                "- %" PRIu64 " act%s followed from an episode and concerned another agent "
                "than its target: not in these sequences.\n",
                protocols->for_others, plural(protocols->for_others));
    }
    if (protocols->unjoined > 0) {
        fprintf(out,
                "- %" PRIu64 " act%s belonged to no episode: the target was neither stopped nor "
                "dead.\n",
                protocols->unjoined, plural(protocols->unjoined));
    }
    if (protocols->late > 0) {
        fprintf(out,
                "- %" PRIu64
                " record%s followed from an episode after two later ones of its target "
                "had begun: not in these sequences.\n",
                protocols->late, plural(protocols->late));
    }
}

static void print_unknown(const struct protocols *protocols, FILE *out)
{
    fprintf(out, "## What cannot be known\n\n"
                 "- This is what was done, not why, nor what was meant. That steps recur shows no "
                 "agreement between agents: minds that are alike do alike.\n"
                 "- Steps stand in the order of their median times. Which of two agents that did "
                 "not wait for each other came first is chance, and was not counted as another "
                 "protocol.\n"
                 "- Intervals take episodes as independent. Those of one crew may not be.\n");
    if (protocols->runs_of_acts > 0) {
        fprintf(out, "- From a results database: it holds the acts that had an effect, and when. "
                     "Of alerts, requests, refusals and late reports it holds how many there were, "
                     "not whose nor when; of notices when the first was. How a stop was made, how "
                     "the target died and how that was noticed is not in it, nor who came forward "
                     "and was granted the relaunch, nor the agents' kinds, nor what followed from "
                     "what: that is taken from the clock, and what has no time is taken to follow "
                     "from the death. Traces have all of that.\n");
    }
    print_doubts(protocols, out);
    print_left_out(protocols, out);
}

static void print_nothing(const struct protocols *protocols, FILE *out)
{
    if (protocols->only != NULL) {
        fputs("No agent called ", out);
        put_name(protocols->only, out);
        fputs(" was stopped or failed: there are no protocols to find.\n", out);
    } else {
        fputs("Nothing was stopped and nothing failed: there are no protocols to find.\n", out);
    }
}

int protocols_page(struct protocols *protocols, uint32_t top, FILE *out)
{
    int code = protocols_sort(protocols);
    if (code != 0) {
        return code;
    }
    size_t count = protocols_count(protocols);
    print_head(protocols, out);
    if (protocols->episodes == 0) {
        print_nothing(protocols, out);
        return ferror(out) ? ERROR_IO : 0;
    }
    print_table(protocols, top, out);
    code = print_together(protocols, out);
    for (size_t i = 0; i < count && i < top; i++) {
        print_protocol(protocols, i, out);
    }
    code = code == 0 ? print_roles(protocols, out) : code;
    print_both(protocols, out);
    print_unknown(protocols, out);
    return code != 0 ? code : ferror(out) ? ERROR_IO : 0;
}
