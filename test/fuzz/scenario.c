/*
 * The goal: no bytes make the reader of scenarios do wrong; what it refuses it refuses with a
 * place, and what it takes it takes twice alike, with every agent found by its name. Numbers are
 * kept small, since a crew of a hundred million agents is a right one and takes as long.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"

#define NUMBER_MOST 64

static void arm_check(struct scenario_file *file, struct scenario_file *again, uint32_t number)
{
    const struct scenario *arm, *other;
    char name[SCENARIO_NAME_BYTES];

    if (scenario_arm(file, number, &arm, NULL) != 0 ||
        scenario_arm(again, number, &other, NULL) != 0 ||
        memcmp(arm->digest, other->digest, sizeof arm->digest) != 0 ||
        arm->agents != other->agents || arm->agents == 0 || arm->group_count == 0 ||
        arm->duration <= 0)
        abort();
    for (agent_id agent = 0; agent < arm->agents && agent < 100; agent++)
        if (arm->group_of[agent] >= arm->group_count ||
            scenario_agent_find(arm, scenario_agent_name(arm, agent, name)) != agent)
            abort();
}

int fuzz_scenario(const uint8_t *data, size_t size)
{
    struct scenario_file *file, *again;
    struct error error = {0};
    const char *path;

    if (!fuzz_modest(data, size, NUMBER_MOST))
        return 0;
    path = fuzz_file(0, data, size);
    if (scenario_open(&file, path, NULL, 0, &error) != 0) {
        if (file != NULL || error.code != ERROR_INPUT ||
            !fuzz_placed(error.message, path, data, size))
            abort();
        return 0;
    }
    if (scenario_open(&again, path, NULL, 0, NULL) != 0 ||
        scenario_arms(again) != scenario_arms(file) || scenario_arms(file) == 0)
        abort();
    for (uint32_t arm = 0; arm < scenario_arms(file); arm++)
        arm_check(file, again, arm);
    scenario_close(again);
    scenario_close(file);
    return 1;
}
