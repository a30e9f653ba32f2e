/*
 * Where a crew tips from dying out to living on: thresholds estimated by finite-size scaling, and
 * the exact values of complete graphs to hold them against.
 *
 * A *curve* is the share of runs that survived, at several rates of revival. In a window of rates
 * its log odds are taken to be a parabola in the rate (the logistic regression of
 * stat_regression.h, by Firth's likelihood, so that shares of 0 and 1 are no trouble).
 *
 * - `scaling_crossing`: at the threshold the survival up to a time c L^z has the same probability
 *   for every linear size L, up to corrections that vanish with it (Fisher and Barber, Phys. Rev.
 *   Lett. 28, 1972, 1516; for absorbing states Hinrichsen, Advances in Physics 49, 2000, 815,
 *   section 3.5; z is that of the universality class). So the curves of two sizes cross near it,
 *   the larger one rising the more steeply.
 * - `scaling_passing`: from one agent alive, survival up to t falls as t^-delta at the threshold
 *   (Grassberger and de la Torre, Annals of Physics 122, 1979, 373). So the share of those alive at
 *   t/m that are still alive at t passes m^-delta there.
 *
 * Intervals are percentiles of the bootstrap that draws runs again within each point (Efron and
 * Tibshirani, An Introduction to the Bootstrap, chapters 8 and 13). They tell the error of so many
 * runs; what the finite size moves they do not see.
 *
 * Pure and thread-safe; randomness is the caller's, by value. The bootstrap uses as many numbers as
 * there are runs, for each draw: ERROR_LIMIT beyond 2^32 of them, ERROR_MEMORY, and ERROR_INPUT
 * where a curve has fewer than 3 rates with runs.
 */
#ifndef IOLAUS_ANALYSIS_SCALING_H
#define IOLAUS_ANALYSIS_SCALING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

struct scaling_point {
    double rate; /* of revival; any unit, ascending within a curve (asserted) */
    uint64_t survived, runs;
};

struct scaling_curve {
    const struct scaling_point *points;
    size_t count;
};

/* NAN where the curves do not cross (or pass) within the rates that both have. A limit is infinite
 * where so many draws found it on that side of all rates. */
struct scaling_estimate {
    double value, low, high;
    uint32_t draws;
    uint32_t outside; /* draws that found it nowhere among the rates */
};

struct scaling_bootstrap {
    uint32_t draws;
    double confidence; /* two-sided, between 0 and 1 (asserted) */
    struct random random;
};

/* The rate at which the curve of the larger system comes to lie above that of the smaller one. */
int scaling_crossing(const struct scaling_curve *smaller, const struct scaling_curve *larger,
                     const struct scaling_bootstrap *bootstrap, struct scaling_estimate *estimate,
                     struct error *error);

/* The rate at which a curve passes `share` upwards; 0 < share < 1 (asserted). */
int scaling_passing(const struct scaling_curve *curve, double share,
                    const struct scaling_bootstrap *bootstrap, struct scaling_estimate *estimate,
                    struct error *error);

/* ---- exact, on complete graphs ---- */

/* Everybody linked with everybody: from i alive, births at rate * i * (agents - i), deaths at i.
 * Mean time until nobody is alive, from all alive (Karlin and Taylor, A First Course in Stochastic
 * Processes, section 4.7), in mean lives. */
double complete_extinction(uint32_t agents, double rate);

/* The probability that somebody is alive after `time` mean lives, from `alive` at the start: the
 * same chain, by uniformization (Jensen, Skandinavisk Aktuarietidskrift 36, 1953, 87), within 1e-9.
 * Work is in proportion to agents^2 * (1 + rate * agents) * time. */
int complete_survival(uint32_t agents, double rate, uint32_t alive, double time, double *somebody,
                      struct error *error);

#endif
