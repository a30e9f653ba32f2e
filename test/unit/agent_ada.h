/*
 * Ada, the agent program that most tests of it are about, with the test as her platform and peers.
 */
#ifndef IOLAUS_TEST_AGENT_ADA_H
#define IOLAUS_TEST_AGENT_ADA_H

#include "agent_fake.h"

static const agent_id BOTH[] = {1, 2};
static struct fake ada;

/* Ada with links to bo (1) and cy (2), whom the test plays; without a watch of her own unless it is
 * wanted, so that only what the test does brings something about. */
static inline void ada_begins(uint32_t choice, int links[2],
                              void (*change)(struct agent_config *config))
{
    fake_make(&ada, 0, 2, BOTH, choice);
    ada.config.rules.watch.enabled = false;
    if (change != NULL)
        change(&ada.config);
    fake_run(&ada);
    session(&ada);
    links[0] = play(&ada, 1, false, true);
    links[1] = play(&ada, 2, false, true);
    begin(&ada);
}

static inline void ada_ends(int links[2])
{
    int status = fake_end(&ada, SIGKILL);

    cr_assert(WIFSIGNALED(status), "it had ended before, with %d", status);
    close(links[0]);
    close(links[1]);
}

static inline void watches(struct agent_config *config)
{
    config->rules.watch.enabled = true;
}

static inline void give_task(int64_t task)
{
    tell(&ada, NOTIFY_WORK_DO,
         json_pack("{s:I, s:I, s:[s], s:i}", "task", (json_int_t)task, "deadline_ns",
                   (json_int_t)INT64_C(1) << 60, "route", "ada", "hop", 0));
}

#endif
