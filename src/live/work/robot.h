/*
 * What a robot does: it balances a pole on a cart.
 *
 * The equations of motion, with friction, their constants and what counts as a fall are those of
 * A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike adaptive elements that can solve
 * difficult learning control problems", IEEE Transactions on Systems, Man, and Cybernetics 13
 * (1983), 834-846, appendix. A linear-quadratic regulator holds the pole. One task is ten seconds
 * of the pole's time, with gusts, and with a push for each byte of the piece that came in; where
 * that is a box, the cart also drives under it. The caller owns the memory. Nothing fails: a pole
 * that falls is counted and set up anew.
 */
#ifndef IOLAUS_LIVE_WORK_ROBOT_H
#define IOLAUS_LIVE_WORK_ROBOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "live/work/checkpoint.h"
#include "live/work/piece.h"

#define POLE_CART_MAX_M 2.4            /* the track ends */
#define POLE_TILT_MAX_RAD 0.2094395102 /* 12 degrees */
#define POLE_FORCE_MAX_N 10.0
#define POLE_CONTROL_S 0.02 /* the controller acts fifty times a second, as in the paper */

struct pole {
    double cart_m;
    double cart_m_s;
    double tilt_rad;
    double tilt_rad_s;
};

struct robot {
    struct pole pole;
    double target_m;     /* where the cart ought to be */
    uint64_t steps;      /* control steps in all */
    uint64_t steps_held; /* since the pole was last set up */
    uint32_t falls;
};

/* One control step under the given force on the cart, integrated by Euler's method in four. */
void pole_step(struct pole *pole, double force_n);

/* False once the pole or the cart is past its limit, or the state is no number. */
bool pole_stands(const struct pole *pole);

/* The regulator's force, within POLE_FORCE_MAX_N either way. */
double pole_control(const struct pole *pole, double target_m);

void robot_start(struct robot *robot);
void robot_do(struct robot *robot, struct random *random, const struct work_piece *in,
              struct work_piece *out);

/* The reader's answer is `bad` where the state is none that a robot can be in. */
void robot_save(const struct robot *robot, unsigned char **at);
void robot_restore(struct robot *robot, struct checkpoint_reader *reader);

#endif
