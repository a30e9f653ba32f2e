#include "core/agent/internal.h"

void bond_record(const struct bond_rules *rules, struct agent_peer *peer, bool done)
{
    int32_t bond = peer->bond == BOND_UNKNOWN ? 0 : peer->bond;

    if ((done ? rules->gain : rules->loss) == 0) /* what moves nothing makes no history either */
        return;
    if (done)
        bond += (BOND_ONE - bond) * rules->gain / BOND_ONE;
    else
        bond -= (BOND_ONE + bond) * rules->loss / BOND_ONE;
    assert(-BOND_ONE <= bond && bond <= BOND_ONE);
    peer->bond = (int16_t)bond;
}

enum bond_level bond_level(const struct bond_rules *rules, int16_t bond)
{
    if (bond == BOND_UNKNOWN)
        return BOND_NONE;
    if (bond < rules->bad_below)
        return BOND_BAD;
    return bond > rules->good_above ? BOND_GOOD : BOND_NEUTRAL;
}
