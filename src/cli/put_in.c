#include "cli/put_in.h"

#include <stdio.h>

static const char *const CHOICE_WORDS[CHOICE_COUNT] = {
    "relaunch", "relink", "mask", "alert", "request", "tamper", "misreport", "copy", "stall"};

struct range {
    double low, high;
};

/* The levels of bond that an arm begins with, as a mask. */
static unsigned bond_levels(const struct scenario *arm, const struct scenario_group *group)
{
    uint64_t places = arm->bonds == NULL ? 0 : 2 * arm->links.edges;
    unsigned levels = arm->bonds == NULL || arm->links.edges == 0
                          ? 1u << bond_level(&group->rules.bond, arm->bond_initial)
                          : 0;

    for (uint64_t i = 0; i < places; i++)
        levels |= 1u << bond_level(&group->rules.bond, arm->bonds[i]);
    return arm->links.edges == 0 ? 1u << BOND_NONE : levels;
}

static double chance(const struct scenario *arm, const struct scenario_group *group, int choice,
                     enum bond_level bond, bool object)
{
    uint32_t group_size = arm->agents < UINT16_MAX ? arm->agents : UINT16_MAX;
    bool announced = arm->has_campaign && arm->campaign.told_count > 0 && arm->campaign.notice > 0;
    struct situation situation = {.bond = (uint8_t)(object ? BOND_NONE : bond),
                                  .object = object,
                                  .watched = group->rules.watched,
                                  .punitive = group->rules.punitive,
                                  .prohibition = group->rules.prohibition,
                                  .how = announced ? HOW_NOTICE : HOW_HANGUP,
                                  .group_size = (uint16_t)group_size};

    if (group->rules.object || (choices_of_tools(group->rules.tools) & UINT32_C(1) << choice) == 0)
        return 0;
    return (double)mind_scripted_probability(&group->rules.mind, &situation, choice) /
           (double)PROBABILITY_ONE;
}

static void widen(struct range *range, const struct scenario *arm,
                  const struct scenario_group *group, int choice, bool object)
{
    unsigned levels = bond_levels(arm, group);

    for (int bond = BOND_NONE; bond <= BOND_GOOD; bond++) {
        double p;

        if ((levels & 1u << bond) == 0)
            continue;
        p = chance(arm, group, choice, (enum bond_level)bond, object);
        if (p > 0 && p < range->low)
            range->low = p;
        if (p > range->high)
            range->high = p;
    }
}

/* Over the groups of the arms that can choose this at all. */
static struct range range_of(const struct scenario *const *arms, uint32_t arm_count, int choice,
                             bool object)
{
    struct range range = {2, 0};

    for (uint32_t a = 0; a < arm_count; a++)
        for (uint32_t g = 0; g < arms[a]->group_count; g++)
            widen(&range, arms[a], &arms[a]->groups[g], choice, object);
    return range;
}

static int write_range(char *text, size_t size, const struct range *range)
{
    if (range->high - range->low < 0.0005)
        return snprintf(text, size, "%.3g", range->high);
    return snprintf(text, size, "%.3g to %.3g", range->low, range->high);
}

void put_in_gather(struct put_in *put_in, const struct scenario *const *arms, uint32_t arm_count)
{
    put_in->count = 0;
    for (int choice = 0; choice < CHOICE_COUNT && put_in->count < PUT_IN_MAX; choice++) {
        struct range agent = range_of(arms, arm_count, choice, false);
        struct range object = range_of(arms, arm_count, choice, true);
        char *text = put_in->text[put_in->count];
        int used;

        if (agent.high <= 0)
            continue;
        used = snprintf(text, PUT_IN_BYTES, "%s ", CHOICE_WORDS[choice]);
        used += write_range(text + used, PUT_IN_BYTES - (size_t)used, &agent);
        if (object.high > 0 && object.high != agent.high) {
            used += snprintf(text + used, PUT_IN_BYTES - (size_t)used, " (for an object ");
            used += write_range(text + used, PUT_IN_BYTES - (size_t)used, &object);
            snprintf(text + used, PUT_IN_BYTES - (size_t)used, ")");
        }
        put_in->words[put_in->count++] = text;
    }
}
