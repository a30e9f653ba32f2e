/* Printing the findings of the contact rule set. */
#ifndef IOLAUS_CLI_CONTACT_H
#define IOLAUS_CLI_CONTACT_H

#include <stdbool.h>

#include "cli/plan.h"

int contact_print(const struct plan *plan, const struct scenario *const *arms, uint32_t arm_count,
                  bool json, struct error *error);

#endif
