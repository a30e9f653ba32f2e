/*
 * The contact rule set (Harris, "Contact interactions on a lattice", 1974): each agent dies at a
 * constant rate, and while it lives revives each of its peers at a constant rate.
 *
 * The revivals on all links together are one Poisson process of `degree` times the rate whose
 * events fall on a peer drawn evenly (superposition and marking, Kingman, "Poisson Processes",
 * section 2). So one row.tick does for all links; row.other is the death.
 */
#include "core/agent/internal.h"

static time_ns draw_wait(const struct agent *agent, time_ns mean)
{
    struct random random = random_make(agent->seed, agent->replicate, agent->id, agent->incarnation,
                                       STREAM_CONTACT, agent->row->draws);
    time_ns wait;

    if (mean == TIME_NEVER)
        return TIME_NEVER;
    wait = random_exponential(&random, mean);
    agent->row->draws = random.draw;
    return wait;
}

static time_ns draw_revival(const struct agent_rules *rules, const struct agent *agent, time_ns now)
{
    if (agent->degree == 0 || rules->revive_mean == TIME_NEVER)
        return TIME_NEVER;
    return time_plus(now, draw_wait(agent, rules->revive_mean / agent->degree));
}

/* Until PERCEPT_STARTED it does nothing. */
void contact_start(const struct agent_rules *rules, struct agent *agent)
{
    assert(rules->life_mean >= 0 && rules->revive_mean >= 0);
    agent->row->tick = agent->row->other = TIME_NEVER;
}

void contact_step(struct step *step)
{
    struct agent_row *row = step->row;
    struct agent *agent = step->agent;

    if (step->percept->kind == PERCEPT_STARTED) {
        row->other = time_plus(step->now, draw_wait(agent, step->rules->life_mean));
        row->tick = draw_revival(step->rules, agent, step->now);
        return;
    }
    if (step->percept->kind != PERCEPT_TIMER)
        return;
    /* Death wins a tie. */
    if (row->other <= step->now && row->other <= row->tick) {
        act_add(step, ACT_DEPART, agent->id);
        row->status = ROW_ENDED;
        row->tick = row->other = TIME_NEVER;
    } else if (row->tick <= step->now) {
        uint32_t slot = (uint32_t)draw_below(step, STREAM_CONTACT, agent->degree);

        act_send(step, MESSAGE_REVIVE, agent->peers[slot]);
        row->tick = draw_revival(step->rules, agent, row->tick);
    }
}
