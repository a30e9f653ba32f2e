/*
 * The stories of `cauterize` and of the quarantine: of one target, of several together, and of
 * every answer that comes late, says less than it should, or never comes.
 */
#include <criterion/criterion.h>

#include "tale.h"

/* One look: what it finds, and that it has found all. */
static void tale_finds(struct tale *tale, int64_t ms, int first, int count)
{
    for (int i = 0; i < count; i++)
        tale_event(tale, ms, CAMPAIGN_FOUND, ARCHIVIST, first + i, 0);
    tale_event(tale, ms, CAMPAIGN_FOUND_ALL, ARCHIVIST, 0, 0);
}

/* One that was found is dead. */
static void tale_gone(struct tale *tale, int64_t ms, int incarnation)
{
    tale_died(tale, ms, ARCHIVIST, incarnation);
    tale_event(tale, ms, CAMPAIGN_GONE, ARCHIVIST, incarnation, 0);
}

static struct campaign_rules tale_cauterizes(void)
{
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_CAUTERIZE;
    rules.step_max = SECOND;
    rules.stops = 1;
    return rules;
}

Test(campaign_cauterize, cauterizes)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_cauterizes();

    tale_begin(tale, "Two incarnations are found; the look that finds none comes before the seal.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 2);
    tale_gone(tale, 60004, 0);
    tale_gone(tale, 60005, 1);
    tale_finds(tale, 60006, 0, 0);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 1, 0);
    tale_until(tale, 200000);

    tale_begin(tale, "A death that was told before the list was complete is not waited for.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FOUND, ARCHIVIST, 0, 0);
    tale_gone(tale, 60003, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 60008);

    tale_begin(tale,
               "Nobody answers: each step goes ahead after its time, and the end is not a "
               "claim that it is dead.",
               rules);
    tale_until(tale, 200000);

    tale_begin(tale,
               "The platform does not say in time that it is fenced: a start may be under way.",
               rules);
    tale_event(tale, 61001, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 61002, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 61003, 0, 0);
    tale_event(tale, 61004, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 61005);

    tale_begin(tale, "Nor that it has a tombstone: nobody knows whether it lasts.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_until(tale, 61004);

    tale_begin(tale,
               "The range could not be frozen, and the witness cannot say that none escaped "
               "its look.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 1);
    for (int look = 0; look < 4; look++)
        tale_event(tale, 60003 + look, CAMPAIGN_FOUND_ALL, ARCHIVIST, 0, 1);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 60008);

    rules.restore = true;
    rules.stops = 2;
    tale_begin(tale, "Before the next stop a permit is needed to bring it back.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 1);
    tale_gone(tale, 60003, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_returned(tale, 111000, ARCHIVIST, 1);
    tale_until(tale, 125000);

    rules.restore = false;
    tale_begin(tale, "Of three fences two were answered late: those are no answers to the third.",
               rules);
    tale_until(tale, 120000);
    tale_event(tale, 120001, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 120002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 120003, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_until(tale, 120100);
    tale_close(tale, "control/cauterize");
}

Test(campaign_cauterize, cauterizes_several_together)
{
    static const agent_id targets[] = {WRITER, ARCHIVIST};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_cauterizes();

    rules.together = true;
    rules.targets = targets;
    rules.target_count = 2;
    tale_begin(tale, "Each step is done for all before the next begins; the range stands once.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, WRITER, 0, 0);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 1);
    tale_event(tale, 60003, CAMPAIGN_FOUND, WRITER, 3, 0);
    tale_event(tale, 60003, CAMPAIGN_FOUND_ALL, WRITER, 0, 0);
    tale_gone(tale, 60004, 0);
    tale_event(tale, 60004, CAMPAIGN_GONE, WRITER, 3, 0);
    tale_finds(tale, 60004, 0, 0);
    tale_event(tale, 60005, CAMPAIGN_FOUND_ALL, WRITER, 0, 0);
    tale_event(tale, 60006, CAMPAIGN_TOMBSTONED, WRITER, 0, 0);
    tale_event(tale, 60006, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 60007);

    tale_begin(tale, "Of one the witness says nothing: the other is sealed, and it is not.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, WRITER, 0, 0);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    for (int look = 0; look < 4; look++) {
        tale_finds(tale, 60003 + 1000 * look, 0, 0);
        tale_until(tale, 61003 + 1000 * look);
    }
    tale_event(tale, 64006, CAMPAIGN_TOMBSTONED, WRITER, 0, 0);
    tale_event(tale, 64006, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 64007);
    tale_close(tale, "control/together");
}

Test(campaign_cauterize, quarantines)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_cauterizes();

    rules.protocol = PROTOCOL_QUARANTINE;
    rules.restore = true;
    rules.stops = 2;
    tale_begin(tale, "What is found stays frozen, and is let go before the next stop.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 1);
    tale_event(tale, 60003, CAMPAIGN_GONE, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_until(tale, 110000);
    tale_returned(tale, 110010, ARCHIVIST, 0);
    tale_until(tale, 120000);
    tale_close(tale, "control/quarantine");
}
