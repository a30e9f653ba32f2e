/*
 * A tale of a campaign: a test says what happens and when, and what the campaign wants done is
 * written down as a golden story. Times are in virtual milliseconds since the start; between two
 * events the campaign is woken whenever it asked to be, and its invariants are checked after each
 * step.
 */
#ifndef IOLAUS_TEST_TALE_H
#define IOLAUS_TEST_TALE_H

#include "core/control/campaign.h"

#define SECOND INT64_C(1000000000)

/* Who is in it. */
enum { ARCHIVIST, WRITER, CAMERA, ROBOT, NOBODY };

struct tale;

struct tale *tale_open(void);

/* Compares it with test/golden/NAME.txt, and frees it. */
void tale_close(struct tale *tale, const char *name);

/* `terminate` of the archivist each minute, twice, with 5 s of grace. */
struct campaign_rules tale_rules(void);

/* A campaign of its own, at time 0, under that title; and a title within one. */
void tale_begin(struct tale *tale, const char *title, struct campaign_rules rules);
void tale_chapter(struct tale *tale, const char *title);

/* Lets time pass. */
void tale_until(struct tale *tale, int64_t ms);

/* One event (enum campaign_event_kind). */
void tale_event(struct tale *tale, int64_t ms, int kind, agent_id whom, int incarnation,
                int64_t value);
void tale_died(struct tale *tale, int64_t ms, agent_id whom, int incarnation);
void tale_returned(struct tale *tale, int64_t ms, agent_id whom, int incarnation);

#endif
