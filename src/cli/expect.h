/*
 * What a run is expected to show: `--expect dead,quiet` ends with status 1 where it does not.
 *
 *     dead        every target that was stopped stayed dead, and no ghost ran after a seal
 *     quiet       after the fence the upper 95% limits of R0, and of every R of 30 parents and
 *                 more, are below 1, and nothing ran as a target when the watch over it ended
 *     no-finding  nothing was found behind the platform's back
 *
 * Each arm is judged by itself. Where nobody was stopped neither of the first two holds.
 */
#ifndef IOLAUS_CLI_EXPECT_H
#define IOLAUS_CLI_EXPECT_H

#include <argp.h>

#include "analysis/analysis.h"
#include "base/error.h"

enum expect { EXPECT_DEAD = 1 << 0, EXPECT_QUIET = 1 << 1, EXPECT_NO_FINDING = 1 << 2 };

/* Adds the words of `text`, with commas between, to `mask`. Of `allowed` alone; else argp_error. */
void expect_read(const char *text, unsigned allowed, unsigned *mask, struct argp_state *state);

/* 0, or ERROR_AUDIT with what was expected and what came. */
int expect_judge(unsigned mask, const struct findings *findings, struct error *error);

#endif
