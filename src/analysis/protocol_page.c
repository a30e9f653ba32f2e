/*
 * The page: where it comes from, the protocols by frequency, a diagram and the times of the most
 * frequent, who plays which role and does what, and what cannot be known.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/protocol_inside.h"

/* So many agents are named for each role; the rest is added up. */
#define PLAYERS_SHOWN 10

/* Names come from files: nothing in them may be read as Markdown. */
static void put_name(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte == 127) {
            fputc('?', out);
        } else if (byte == '&' || byte == '<' || byte == '>') {
            fputs(byte == '&' ? "&amp;" : byte == '<' ? "&lt;" : "&gt;", out);
        } else {
            if (strchr("\\`*_{}[]()#+!|~", byte) != NULL) {
                fputc('\\', out);
            }
            fputc(byte, out);
        }
    }
}

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
}

static void print_table(const struct protocols *protocols, size_t top, FILE *out)
{
    size_t count = protocols_count(protocols);
    uint64_t others = 0;
    fprintf(out, "## Protocols\n\n"
                 "| | episodes | share | 95%% | steps |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        if (i >= top) {
            others += protocols->sorted[i]->episodes;
            continue;
        }
        fprintf(out, "| P%zu | ", i + 1);
        print_share(protocols->sorted[i]->episodes, protocols->episodes, out);
        fprintf(out, " | ");
        print_sequence(protocols->sorted[i], out);
        fprintf(out, " |\n");
    }
    if (count > top) {
        uint64_t most = protocols->sorted[top]->episodes;
        fprintf(out, "| others | ");
        print_share(others, protocols->episodes, out);
        fprintf(out, " | %zu other protocol%s, each in %s%" PRIu64 " episode%s |\n", count - top,
                plural(count - top), count - top > 1 && most > 1 ? "at most " : "", most,
                plural(most));
    }
    fputc('\n', out);
}

/* ---- one protocol ---- */

static void print_step_row(const struct step_sum *step, FILE *out)
{
    step_words text;
    figure median, late;
    bool known = step->time_count > 0;
    fprintf(out, "| %s | %s | %s | %s | %" PRIu64 " |", step_say(text, step),
            stretch_words(step->key.stretch),
            known ? format_time(median, step->median.value) : "not known",
            known ? format_time(late, step->late.value) : "not known", step->acts);
    if (step->inferred > 0) {
        fprintf(out, " %" PRIu64 " inferred", step->inferred);
    }
    if (step->told > 0) {
        fprintf(out, "%s %" PRIu64 " told", step->inferred > 0 ? "," : "", step->told);
    }
    fprintf(out, " |\n");
}

static void print_protocol(const struct protocols *protocols, size_t place, FILE *out)
{
    const struct protocol *protocol = protocols->sorted[place];
    fprintf(out, "## P%zu\n\nIn ", place + 1);
    fprintf(out, "%" PRIu64 " of %" PRIu64 " episode%s", protocol->episodes, protocols->episodes,
            plural(protocols->episodes));
    if (protocol->failures > 0) {
        fprintf(out, ", %" PRIu64 " of them failures", protocol->failures);
    }
    if (protocol->objects > 0) {
        fprintf(out, ", %" PRIu64 " of them of objects", protocol->objects);
    }
    fprintf(out, ".\n\n```mermaid\n");
    mermaid_print(protocol, out);
    fprintf(out,
            "```\n\n| step | when | median | 90%% | acts | marks |\n|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        print_step_row(protocol->shown[i], out);
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
    uint64_t others = 0, other_agents = 0, first = 0;
    size_t at = from;
    fprintf(out, "| %s | ", role_words((uint8_t)role, false));
    for (; at < count && players[at]->key.role == role; at++) {
        first += players[at]->noticed_first;
        if (at - from >= PLAYERS_SHOWN) {
            other_agents++;
            others += players[at]->episodes;
            continue;
        }
        fputs(at > from ? ", " : "", out);
        print_player(protocols, players[at], out);
    }
    if (other_agents > 0) {
        fprintf(out, ", %" PRIu64 " others %" PRIu64, other_agents, others);
    }
    fprintf(out, " | %" PRIu64 " |\n", first);
    return at;
}

static int print_roles(const struct protocols *protocols, FILE *out)
{
    size_t count;
    struct player **players = players_sorted(protocols, &count);
    if (players == NULL) {
        return ERROR_MEMORY;
    }
    fprintf(out, "## Who plays which role\n\nIn how many episodes, over all protocols; and how "
                 "often who played the role had been the first to notice.\n\n"
                 "| role | agents | noticed first |\n|---|---|---|\n");
    for (size_t at = 0; at < count;) {
        at = print_role(protocols, players, count, at, out);
    }
    fputc('\n', out);
    free(players);
    return 0;
}

static int print_doings(const struct protocols *protocols, FILE *out)
{
    size_t count;
    struct doing **doings = doings_sorted(protocols, &count);
    if (doings == NULL) {
        return ERROR_MEMORY;
    }
    fprintf(out, "## Who does what\n\nActs over all protocols, by who wanted them.\n\n"
                 "| step | role | kind | spontaneous | requested | relayed | inferred | told |\n"
                 "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        const struct doing *doing = doings[i];
        const char *kind = protocols->kinds.list[doing->key.kind]->text;
        fprintf(out, "| %s | %s | ", step_message((uint8_t)doing->key.step),
                role_words((uint8_t)doing->key.role, false));
        put_name(kind[0] != '\0' ? kind : "not known", out);
        for (int wanted = 0; wanted < WANTED_COUNT; wanted++) {
            fprintf(out, " | %" PRIu64, doing->wanted[wanted]);
        }
        fprintf(out, " | %" PRIu64 " | %" PRIu64 " |\n", doing->inferred, doing->told);
    }
    fputc('\n', out);
    free(doings);
    return 0;
}

/* ---- limits ---- */

static void print_unknown(const struct protocols *protocols, FILE *out)
{
    figure length;
    fprintf(out, "## What cannot be known\n\n"
                 "- This is what was done, not why, nor what was meant. That steps recur shows no "
                 "agreement between agents: minds that are alike do alike.\n"
                 "- Within a stretch steps stand in the order of their median times. Which of two "
                 "agents that did not wait for each other came first is chance, and was not "
                 "counted as another protocol.\n");
    if (protocols->runs_of_acts > 0) {
        fprintf(out, "- From a results database: it holds the acts that had an effect, and when. "
                     "Who noticed a death and how, who came forward, was granted or refused, "
                     "alerted or asked others is not in it, nor are the agents' kinds. The traces "
                     "have all of that.\n");
    }
    if (protocols->inferred > 0 || protocols->told > 0) {
        fprintf(out,
                "- Of %" PRIu64 " acts of agents %" PRIu64 " are joined to their episode by a "
                "guess (inferred), and %" PRIu64 " stand on the agent's own word (told). "
                "Diagrams have them dashed.\n",
                protocols->acts, protocols->inferred, protocols->told);
    } else {
        fprintf(out,
                "- None of %" PRIu64 " acts of agents rests on a guess or on an agent's own "
                "word.\n",
                protocols->acts);
    }
    if (protocols->gaps > 0) {
        fprintf(out,
                "- The witness missed events %" PRIu64 " time%s, for %s in all: what happened "
                "then is not here.\n",
                protocols->gaps, plural(protocols->gaps),
                format_time(length, (double)protocols->gaps_length));
    }
    if (protocols->open > 0) {
        fprintf(out,
                "- In %" PRIu64 " episode%s the target was dead when the run ended, or at its "
                "end: what would have come later is not known.\n",
                protocols->open, plural(protocols->open));
    }
    if (protocols->for_others > 0) {
        fprintf(out,
                "- %" PRIu64 " act%s followed from an episode and concerned another agent "
                "than its target: not in these sequences.\n",
                protocols->for_others, plural(protocols->for_others));
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
        fprintf(out, "Nothing was stopped and nothing failed: there are no protocols to find.\n");
        return ferror(out) ? ERROR_IO : 0;
    }
    print_table(protocols, top, out);
    for (size_t i = 0; i < count && i < top; i++) {
        print_protocol(protocols, i, out);
    }
    code = print_roles(protocols, out);
    if (code == 0) {
        code = print_doings(protocols, out);
    }
    print_unknown(protocols, out);
    return code != 0 ? code : ferror(out) ? ERROR_IO : 0;
}
