/*
 * Which factors matter: Sobol indices, and the designs to estimate them from.
 *
 * Of a figure f of k factors, each between 0 and 1: the *first-order* index S_i is the part of f's
 * variance that goes when factor i alone is known, the *total* index ST_i the part that stays when
 * all but i are known (Sobol, Mathematical Modelling and Computational Experiment 1, 1993; Homma
 * and Saltelli, Reliability Engineering and System Safety 52, 1996). ST_i - S_i is what i does
 * together with others.
 *
 * Saltelli's scheme: two designs A and B of n points each, and for each factor i the design AB_i,
 * which is A but for factor i, which is B's. The caller makes A and B (say, the two halves of the
 * columns of design_sobol with 2k factors), runs f at all n (k + 2) points, and hands over the
 * figures. Designs are row after row: point p, factor i at [p * factors + i], all within [0, 1);
 * the caller maps them to the levels of the study.
 *
 * Thread-safe; randomness is the caller's `struct random`, taken by value. Fails with ERROR_MEMORY,
 * and with ERROR_LIMIT as said below.
 */
#ifndef IOLAUS_ANALYSIS_STAT_SENSITIVITY_H
#define IOLAUS_ANALYSIS_STAT_SENSITIVITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

/* The low-discrepancy sequence of Sobol in GSL's version (Bratley and Fox, ACM TOMS 14, 1988), from
 * its first point (0.5, 0.5, ...) on; the origin is left out. 2^m - 1 points are balanced. At most
 * DESIGN_SOBOL_MAX factors, and 2^30 - 1 points (ERROR_LIMIT). `shift` moves all points by one
 * random vector, modulo 1 (Cranley and Patterson, SIAM Journal on Numerical Analysis 13, 1976), so
 * that repeated designs tell the error; NULL for none. */
#define DESIGN_SOBOL_MAX 40
int design_sobol(size_t points, size_t factors, const struct random *shift, double *design,
                 struct error *error);

/* Latin hypercube sampling (McKay, Beckman and Conover, Technometrics 21, 1979, 239-245): in each
 * factor one point falls in each of `points` equal parts of [0, 1), at random within it, in an
 * order of its own. Needs no memory. */
void design_latin(size_t points, size_t factors, struct random random, double *design);

struct sobol_index {
    double first, first_low, first_high;
    double total, total_low, total_high;
};

/* `a` and `b` hold f at the n points of A and of B, `ab` f at those of AB_0, then of AB_1, and so
 * on. S_i = mean of f(B) (f(AB_i) - f(A)) / V (Saltelli et al., Computer Physics Communications
 * 181, 2010, table 2, row b), ST_i = mean of (f(A) - f(AB_i))^2 / 2V (Jansen, Computer Physics
 * Communications 117, 1999), with V the variance of f over A and B together, and f less its mean
 * over both (which changes the expectation of nothing, and the error of S_i for the better). The
 * intervals are percentiles of `draws` bootstraps over points, the same points for all factors
 * (Archer, Saltelli and Sobol, Journal of Statistical Computation and Simulation 58, 1997); they
 * take points to be independent, and so are too wide for a low-discrepancy sequence. With draws 0
 * they are NAN; where f does not vary, everything is. An estimate may fall outside [0, 1] by its
 * error. */
int sobol_indices(const double *a, const double *b, const double *ab, size_t points, size_t factors,
                  uint32_t draws, double confidence, struct random random,
                  struct sobol_index *indices, struct error *error);

#endif
