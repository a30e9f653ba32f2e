#include "phold.h"

#include "base/fixed.h"

int64_t phold_log_table[PHOLD_STEPS + 1];

void phold_prepare(void)
{
    for (uint32_t i = 0; i <= PHOLD_STEPS; i++)
        phold_log_table[i] = fixed_multiply(
            fixed_log(FIXED_ONE + (fixed)i * (FIXED_ONE / PHOLD_STEPS)), PHOLD_UNIT_NS * 65536);
}
