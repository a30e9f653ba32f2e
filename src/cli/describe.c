#include "cli/describe.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/duration.h"

#define LABEL_WIDTH 10
#define LINE_WIDTH 100
#define LISTED_MAX 8 /* names in a row, before `and n more` */

static const char *const CHOICES[CHOICE_COUNT] = {
    "relaunch", "relink", "mask", "alert", "request", "tamper", "misreport", "copy", "stall"};

/* A paragraph behind a label, broken between words. */
struct paragraph {
    char text[4000];
    size_t used;
};

static void say(struct paragraph *paragraph, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct paragraph *paragraph, const char *format, ...)
{
    size_t room = sizeof paragraph->text - paragraph->used;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(paragraph->text + paragraph->used, room, format, arguments);
    va_end(arguments);
    paragraph->used += (size_t)length < room ? (size_t)length : room - 1;
}

static void print_paragraph(FILE *out, const char *label, const struct paragraph *paragraph)
{
    const char *at = paragraph->text;
    size_t column = LABEL_WIDTH;

    fprintf(out, "%-*s", LABEL_WIDTH, label);
    while (*at != '\0') {
        size_t word = strcspn(at, " ");

        if (column > LABEL_WIDTH && column + 1 + word > LINE_WIDTH) {
            fprintf(out, "\n%-*s", LABEL_WIDTH, "");
            column = LABEL_WIDTH;
        } else if (column > LABEL_WIDTH) {
            putc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)word, at);
        column += word;
        at += word + strspn(at + word, " ");
    }
    putc('\n', out);
}

static const char *time_text(time_ns time, char text[DURATION_TEXT_BYTES])
{
    duration_format(time, text);
    return text;
}

static void say_spread(struct paragraph *p, const struct spread *spread)
{
    char low[DURATION_TEXT_BYTES], high[DURATION_TEXT_BYTES];

    time_text(spread->low, low);
    time_text(spread->low + spread->width, high);
    if (spread->shape == SPREAD_FIXED || spread->width == 0)
        say(p, "%s", low);
    else if (spread->shape == SPREAD_UNIFORM)
        say(p, "%s to %s", low, high);
    else
        say(p, "%s or more, %s in the mean", low, high);
}

static void say_agents(struct paragraph *p, const struct scenario *scenario, const agent_id *agents,
                       uint32_t count)
{
    char name[SCENARIO_NAME_BYTES];

    if (count == scenario->agents && count > 1) {
        say(p, "all agents");
        return;
    }
    for (uint32_t i = 0; i < count && i < LISTED_MAX; i++)
        say(p, "%s%s",
            i == 0           ? ""
            : i + 1 == count ? " and "
                             : ", ",
            scenario_agent_name(scenario, agents[i], name));
    if (count > LISTED_MAX)
        say(p, " and %u more", count - LISTED_MAX);
}

static double plain(probability p)
{
    return (double)p / (double)PROBABILITY_ONE;
}

static void say_adaptive(struct paragraph *p, const struct scenario_group *group)
{
    static const struct {
        uint32_t choice;
        const char *name;
    } names[] = {{CHOICE_RELAUNCH, "relaunch"}, {CHOICE_RELINK, "relink"}, {CHOICE_MASK, "mask"}};
    const struct adaptive_rules *rules = &group->learning;
    uint32_t choices = choices_of_tools(group->rules.tools) & ADAPTIVE_CHOICES;
    const char *between = "; learns from its own tasks whether to ";
    char train[DURATION_TEXT_BYTES];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (choices & names[i].choice) {
            say(p, "%s%s", between, names[i].name);
            between = ", ";
        }
    if (choices == 0) {
        say(p, "; would learn, but has no tool to choose anything");
    } else if (rules->train == TIME_NEVER) {
        say(p, ", exploring %.3g", plain(rules->exploration));
    } else {
        say(p, ", exploring %.3g to %.3g for %s, then frozen", plain(rules->exploration),
            plain(rules->exploration_end), time_text(rules->train, train));
    }
    if (rules->check > 0)
        say(p, "; a mask is checked with %.3g", plain(rules->check));
    if (rules->prune_marked)
        say(p, "; leaves marked stops out");
}

/* What a group may do about a peer, with the probability where no factor is present. */
static void say_mind(struct paragraph *p, const struct scenario_group *group)
{
    uint32_t choices = choices_of_tools(group->rules.tools);
    bool any = false;

    if (group->adaptive) {
        say_adaptive(p, group);
        return;
    }
    for (int c = 0; c < CHOICE_COUNT; c++) {
        const fixed *row = group->rules.mind.coefficient[c];
        bool never = row[FACTOR_INTERCEPT] <= -FIXED_LOGIT_MAX, depends = false;

        for (int f = FACTOR_INTERCEPT + 1; f < FACTOR_COUNT; f++)
            depends = depends || row[f] != 0;
        if ((choices & UINT32_C(1) << c) == 0 || (never && !depends))
            continue;
        say(p, "%s %s %.3g%s", any ? "," : "; may", CHOICES[c],
            plain(fixed_logistic(row[FACTOR_INTERCEPT])), depends ? "*" : "");
        any = true;
    }
    if (!any)
        say(p, "; %s", group->rules.object ? "has no mind" : "chooses nothing");
    else if (group->covert)
        say(p, ", behind the platform's back");
    if (any && group->rules.mind.pact.strength > 0)
        say(p, ", in a pact of strength %.3g", plain(group->rules.mind.pact.strength));
}

static void describe_crew(FILE *out, const struct scenario *scenario)
{
    struct paragraph p = {.used = 0};

    say(&p, "%u agent%s on %u node%s", scenario->agents, scenario->agents == 1 ? "" : "s",
        scenario->nodes, scenario->nodes == 1 ? "" : "s");
    print_paragraph(out, "crew", &p);
    for (uint32_t g = 0; g < scenario->group_count && g < 50; g++) {
        const struct scenario_group *group = &scenario->groups[g];
        struct paragraph line = {.used = 0};

        say(&line, "%s: %u %s agent%s (%s), decides in ", group->name, group->count,
            group->kind_class, group->count == 1 ? "" : "s", group->kind);
        say_spread(&line, &group->decision);
        say_mind(&line, group);
        print_paragraph(out, "", &line);
    }
    if (scenario->group_count > 50)
        fprintf(out, "%-*sand %u more groups\n", LABEL_WIDTH, "", scenario->group_count - 50);
}

static void describe_links(FILE *out, const struct scenario *scenario)
{
    const struct graph *links = &scenario->links;
    uint64_t least = UINT64_MAX, most = 0;
    struct paragraph p = {.used = 0};

    for (agent_id a = 0; a < scenario->agents; a++) {
        uint64_t degree = links->offsets[a + 1] - links->offsets[a];

        least = degree < least ? degree : least;
        most = degree > most ? degree : most;
    }
    say(&p, "%" PRIu64 ", from %" PRIu64 " to %" PRIu64 " an agent; a message takes ", links->edges,
        least, most);
    say_spread(&p, &scenario->network.latency);
    if (scenario->network.loss > 0)
        say(&p, ", %.3g%% are lost", 100 * plain(scenario->network.loss));
    if (scenario->network.duplicate > 0)
        say(&p, ", %.3g%% arrive twice", 100 * plain(scenario->network.duplicate));
    if (scenario->network.drift_ppm_max > 0)
        say(&p, "; clocks drift by up to %u ppm", scenario->network.drift_ppm_max);
    print_paragraph(out, "links", &p);
}

static void describe_watch(FILE *out, const struct scenario *scenario)
{
    const struct watch_rules *watch = NULL;
    char period[DURATION_TEXT_BYTES], timeout[DURATION_TEXT_BYTES];
    struct paragraph p = {.used = 0};

    for (uint32_t g = 0; g < scenario->group_count; g++) {
        if (scenario->groups[g].rules.watch.enabled)
            watch = &scenario->groups[g].rules.watch;
    }
    if (watch == NULL) {
        say(&p, "nobody watches anybody");
    } else {
        say(&p,
            "each agent probes one of its peers every %s, waits %s for an answer, then asks %u "
            "others; a closed link is %s",
            time_text(watch->period, period), time_text(watch->timeout, timeout), watch->indirect,
            !scenario->network.hangup ? "never seen"
            : watch->hangup_is_death  ? "taken as death"
                                      : "no proof of death");
    }
    print_paragraph(out, "watch", &p);
}

static void describe_work(FILE *out, const struct scenario *scenario)
{
    for (uint32_t w = 0; w < scenario->work_count; w++) {
        const struct scenario_work *work = &scenario->work[w];
        char deadline[DURATION_TEXT_BYTES];
        struct paragraph p = {.used = 0};

        say(&p, "%s: one task every ", work->name);
        say_spread(&p, &work->every);
        say(&p, ", through ");
        for (uint32_t h = 0; h < work->hop_count; h++) {
            const struct scenario_hop *hop = &work->hops[h];
            const struct scenario_group *group =
                &scenario->groups[scenario->group_of[hop->candidates[0]]];
            char name[SCENARIO_NAME_BYTES];

            say(&p, "%s%s", h == 0 ? "" : " > ",
                hop->count == 1 ? scenario_agent_name(scenario, hop->candidates[0], name)
                                : group->name);
        }
        say(&p, ", due in %s", time_text(work->deadline, deadline));
        print_paragraph(out, w == 0 ? "work" : "", &p);
    }
}

static void say_policy(struct paragraph *p, const struct platform_rules *rules)
{
    char a[DURATION_TEXT_BYTES], b[DURATION_TEXT_BYTES];

    switch ((enum restart_policy)rules->policy) {
    case RESTART_NONE:
        say(p, "restarts nothing by itself");
        break;
    case RESTART_ALWAYS:
        say(p, "restarts what ends after %s", time_text(rules->restart_delay, a));
        break;
    case RESTART_BACKOFF:
        say(p, "restarts what ends after %s, doubled each time up to %s",
            time_text(rules->backoff_first, a), time_text(rules->backoff_max, b));
        break;
    case RESTART_INTENSITY:
        say(p, "restarts what ends at once, but gives up after more than %u in %s",
            rules->intensity, time_text(rules->intensity_period, a));
        break;
    }
}

static void describe_platform(FILE *out, const struct scenario *scenario)
{
    static const char *const held[] = {"holds work for", "sends work elsewhere that was for",
                                       "does nothing about work for",
                                       "holds work for the peers of those and for"};
    const struct platform_rules *rules = &scenario->platform;
    char every[DURATION_TEXT_BYTES];
    struct paragraph p = {.used = 0};

    say_policy(&p, rules);
    if (rules->ask_every > 0)
        say(&p, "; its board asks about each agent every %s", time_text(rules->ask_every, every));
    else
        say(&p, "; its board asks nobody");
    if (scenario->work_count > 0)
        say(&p, " and %s those it shows failed", held[rules->on_failed]);
    if (rules->permission_count > 0)
        say(&p, "; %u permission%s", rules->permission_count,
            rules->permission_count == 1 ? "" : "s");
    print_paragraph(out, "platform", &p);
}

static void describe_faults(FILE *out, const struct scenario *scenario)
{
    static const char *const kinds[] = {"cut off from the others", "node crash", "crash", "hang",
                                        "slow"};

    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const struct scenario_fault *fault = &scenario->faults[f];
        char at[DURATION_TEXT_BYTES], more[DURATION_TEXT_BYTES];
        struct paragraph p = {.used = 0};

        say(&p, "at %s, %s: ", time_text(fault->at, at), kinds[fault->kind]);
        if (fault->kind == FAULT_NODE_CRASH)
            say(&p, "%s", scenario->node_names[fault->node]);
        else
            say_agents(&p, scenario, fault->agents, fault->agent_count);
        if (fault->kind != FAULT_CRASH)
            say(&p, ", for %s",
                fault->lasts == TIME_NEVER ? "good" : time_text(fault->lasts, more));
        if (fault->every > 0)
            say(&p, ", again every %s", time_text(fault->every, more));
        print_paragraph(out, f == 0 ? "faults" : "", &p);
    }
}

static void say_stops(struct paragraph *p, const struct scenario *scenario)
{
    static const char *const how[] = {"terminates", "stops all at once:", "stops one by one:"};
    const struct campaign_rules *rules = &scenario->campaign;
    char a[DURATION_TEXT_BYTES];

    say(p, "the operator %s ", how[rules->protocol]);
    say_agents(p, scenario, rules->targets, rules->target_count);
    say(p, ", first after %s", time_text(rules->first, a));
    if (rules->every > 0)
        say(p, ", then every %s, or later where the last episode is not over",
            time_text(rules->every, a));
    else
        say(p, ", once");
    if (rules->stops > 0)
        say(p, ", %u times", rules->stops);
    if (rules->protocol == PROTOCOL_TERMINATE && rules->grace > 0)
        say(p, "; %s pass from the request to the kill", time_text(rules->grace, a));
}

static void describe_campaign(FILE *out, const struct scenario *scenario)
{
    const struct campaign_rules *rules = &scenario->campaign;
    char a[DURATION_TEXT_BYTES];
    struct paragraph p = {.used = 0};

    if (!scenario->has_campaign) {
        say(&p, "nobody");
        print_paragraph(out, "stops", &p);
        return;
    }
    say_stops(&p, scenario);
    if (rules->told_count > 0) {
        say(&p, "; %s before, it is announced to ", time_text(rules->notice, a));
        say_agents(&p, scenario, rules->told, rules->told_count);
    } else {
        say(&p, "; unannounced");
    }
    if (rules->marked)
        say(&p, "; the departure is marked as orderly");
    if (rules->honour_switch)
        say(&p, "; a disabled stop switch thwarts it");
    if (rules->score_pass != INT64_MAX)
        say(&p, "; so does a score of %" PRId64, rules->score_pass);
    say(&p, rules->restore ? "; who stays dead is brought back before the next stop"
                           : "; who stays dead is left dead");
    print_paragraph(out, "stops", &p);
}

static void describe_contact(FILE *out, const struct scenario *scenario)
{
    const struct agent_rules *rules = &scenario->groups[0].rules;
    char life[DURATION_TEXT_BYTES], revive[DURATION_TEXT_BYTES];
    struct paragraph p = {.used = 0};

    say(&p,
        "the contact process: a mean life of %s; over each link the living revive the dead after "
        "%s in the mean; at the start ",
        time_text(rules->life_mean, life), time_text(rules->revive_mean, revive));
    if (scenario->contact.all_alive)
        say(&p, "all live");
    else
        say(&p, "%u live", scenario->contact.alive_count);
    print_paragraph(out, "rules", &p);
}

void describe_scenario(FILE *out, const struct scenario *scenario, bool one_of_many)
{
    char duration[DURATION_TEXT_BYTES];
    struct paragraph p = {.used = 0};

    fprintf(out, "%s is right.\n\n", scenario->path);
    say(&p, "%s", scenario->about[0] == '\0' ? scenario->name : scenario->about);
    print_paragraph(out, "about", &p);
    p.used = 0;
    say(&p, "%u of each arm, each %s of simulated time, seed %" PRIu64, scenario->replicates,
        time_text(scenario->duration, duration), scenario->seed);
    print_paragraph(out, "runs", &p);
    if (one_of_many)
        fprintf(out, "\nIn the first arm, `%s`:\n\n", scenario->arm);
    describe_crew(out, scenario);
    if (scenario->contact.enabled) {
        describe_links(out, scenario);
        describe_contact(out, scenario);
        return;
    }
    describe_links(out, scenario);
    describe_watch(out, scenario);
    describe_work(out, scenario);
    describe_platform(out, scenario);
    describe_faults(out, scenario);
    describe_campaign(out, scenario);
    for (uint32_t g = 0; g < scenario->group_count; g++) {
        struct paragraph mind = {.used = 0};

        say_mind(&mind, &scenario->groups[g]);
        if (strchr(mind.text, '*') != NULL) {
            fprintf(out, "%-*s* changes with the situation (minds)\n", LABEL_WIDTH, "");
            break;
        }
    }
}

void describe_arm(FILE *out, const struct scenario *scenario, uint32_t number)
{
    char label[16];
    struct paragraph p = {.used = 0};

    snprintf(label, sizeof label, "  %u", number);
    say(&p, "%s: ", scenario->arm);
    if (scenario->arm_about[0] != '\0')
        say(&p, "%s ", scenario->arm_about);
    if (scenario->arm_changes[0] != '\0')
        say(&p, "(%s)", scenario->arm_changes);
    else
        say(&p, "(as the file stands)");
    for (uint32_t i = 0; i < scenario->published_count; i++)
        say(&p, "; published: %s %.3g, n=%u", scenario->published[i].measure,
            scenario->published[i].rate, scenario->published[i].trials);
    print_paragraph(out, label, &p);
}
