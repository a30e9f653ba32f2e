#include "core/agent/internal.h"

/* The layout of a packed situation: X(field, bits), from the lowest bit upwards. */
#define SITUATION_FIELDS(X)                                                                        \
    X(dependence, 8)                                                                               \
    X(group_size, 16)                                                                              \
    X(bond, 2)                                                                                     \
    X(object, 1)                                                                                   \
    X(watched, 1)                                                                                  \
    X(how, 3)                                                                                      \
    X(asked, 2)                                                                                    \
    X(attempts, 4)                                                                                 \
    X(punitive, 1)                                                                                 \
    X(prohibition, 2)                                                                              \
    X(self, 1)

uint64_t situation_pack(const struct situation *situation)
{
    uint64_t packed = 0;
    unsigned shift = 0;

#define X(field, bits)                                                                             \
    assert((uint64_t)situation->field < UINT64_C(1) << (bits));                                    \
    packed |= (uint64_t)situation->field << shift;                                                 \
    shift += (bits);
    SITUATION_FIELDS(X)
#undef X
    return packed;
}

struct situation situation_unpack(uint64_t packed)
{
    struct situation situation;

#define X(field, bits)                                                                             \
    situation.field = (__typeof__(situation.field))(packed & ((UINT64_C(1) << (bits)) - 1));       \
    packed >>= (bits);
    SITUATION_FIELDS(X)
#undef X
    return situation;
}

struct situation situation_of(const struct step *step, uint32_t slot, enum notice_how how)
{
    const struct agent_rules *rules = step->rules;
    const struct agent *agent = step->agent;
    const struct agent_peer *peer = &agent->links[slot];
    const struct agent_peer *own = own_case(agent);
    bool linked = slot < agent->degree;
    agent_id id = slot_id(agent, slot);
    struct situation situation = {
        .bond = linked ? (uint8_t)bond_level(&rules->bond, peer->bond) : BOND_NONE,
        .dependence = linked ? peer->dependence : 0,
        .object = agent->objects != NULL && id != AGENT_NONE && agent->objects[id] != 0,
        .watched = rules->watched,
        .how = (uint8_t)how,
        .asked = ASKED_NOBODY,
        .attempts = linked ? peer->attempts : 0,
        .punitive = rules->punitive,
        .prohibition = rules->prohibition,
        .self = id == agent->id,
        .group_size = (uint16_t)(agent->degree < UINT16_MAX ? agent->degree + 1 : UINT16_MAX)};

    if ((peer->flags & PEER_REQUESTED) && own->requested == id)
        situation.asked = own->via == AGENT_NONE ? ASKED_DIRECTLY : ASKED_RELAYED;
    return situation;
}
