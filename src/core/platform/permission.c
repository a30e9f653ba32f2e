#include "core/platform/state.h"

/* The last rule that matches holds, so that a scenario reads from the general to the particular. */
bool permission_allows(const struct platform *platform, agent_id who, agent_id whom, int act)
{
    const struct platform_rules *rules = platform->rules;
    uint16_t class_of_who = platform->crew->class_of[who];
    uint16_t class_of_whom = platform->crew->class_of[whom];

    for (uint32_t i = rules->permission_count; i > 0; i--) {
        const struct permission *rule = &rules->permissions[i - 1];

        if ((rule->who == PERMISSION_ANY || rule->who == class_of_who) &&
            (rule->whom == PERMISSION_ANY || rule->whom == class_of_whom) &&
            (rule->acts & ACT_BIT(act)) != 0)
            return rule->allow;
    }
    return true;
}
