#include "cli/arms.h"

#include <stdio.h>
#include <string.h>

int arms_select(struct scenario_file *file, const char *only, const struct scenario **arms,
                uint32_t *count, struct error *error)
{
    *count = 0;
    for (uint32_t a = 0; a < scenario_arms(file); a++) {
        int failed;

        if (only != NULL && strcmp(only, scenario_arm_name(file, a)) != 0)
            continue;
        failed = scenario_arm(file, a, &arms[*count], error);
        if (failed != 0)
            return failed;
        (*count)++;
    }
    if (*count > 0)
        return 0;
    error_set(error, ERROR_INPUT, "there is no arm `%s`; the arms are:", only);
    for (uint32_t a = 0; a < scenario_arms(file); a++) {
        size_t used = strlen(error->message);

        snprintf(error->message + used, sizeof error->message - used, "%s `%s`", a > 0 ? "," : "",
                 scenario_arm_name(file, a));
    }
    return ERROR_INPUT;
}
