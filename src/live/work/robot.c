#include "live/work/robot.h"

#include <stddef.h>

#define GRAVITY_M_S2 9.8
#define CART_KG 1.0
#define POLE_KG 0.1
#define POLE_HALF_M 0.5       /* from the pivot to the centre of mass */
#define CART_FRICTION 0.0005  /* of the cart on the track */
#define PIVOT_FRICTION 2.0e-6 /* of the pole on the cart */
#define ALL_KG (CART_KG + POLE_KG)

/* The gains of the regulator for state (cart, its speed, tilt, its speed): the stationary solution
 * of the discrete Riccati equation for the equations linearised about the upright, at
 * POLE_CONTROL_S, with the weights 1, 0.1, 10, 0.1 on the state and 0.05 on the force. */
#define GAIN_CART_N_M 3.98
#define GAIN_CART_NS_M 5.59
#define GAIN_TILT_N_RAD 46.7
#define GAIN_TILT_NS_RAD 11.6

#define GUST_MAX_N 0.5
#define PUSH_MAX_N 4.0
#define START_TILT_MAX_RAD 0.05
#define TARGET_MAX_M 0.8
#define SPEED_MAX 1000.0 /* m/s or rad/s: far past what ten newtons can do within the limits */

enum {
    STEPS_PER_TASK = 500,
    STEPS_PER_BYTE = 25, /* one byte's turn */
    STEPS_PER_PUSH = 5,  /* the part of its turn in which it pushes */
    EULER_STEPS = 4,
};

static double size_of(double value)
{
    return value < 0 ? -value : value;
}

static double sign_of(double value)
{
    return value > 0 ? 1 : value < 0 ? -1 : 0;
}

static double within(double value, double limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

/* Taylor's polynomials: within the tilt that still stands they are right to 1e-8, and they give the
 * same bits with every C library, or none. */
static double near_sine(double x)
{
    double square = x * x;

    return x * (1 - square / 6 * (1 - square / 20));
}

static double near_cosine(double x)
{
    double square = x * x;

    return 1 - square / 2 * (1 - square / 12 * (1 - square / 30));
}

void pole_step(struct pole *pole, double force_n)
{
    const double step_s = POLE_CONTROL_S / EULER_STEPS;

    for (int i = 0; i < EULER_STEPS; i++) {
        double sine = near_sine(pole->tilt_rad);
        double cosine = near_cosine(pole->tilt_rad);
        double drag = CART_FRICTION * sign_of(pole->cart_m_s);
        double swing = POLE_KG * POLE_HALF_M * pole->tilt_rad_s * pole->tilt_rad_s * sine;
        double tilt_rad_s2 = (GRAVITY_M_S2 * sine + cosine * (drag - force_n - swing) / ALL_KG -
                              PIVOT_FRICTION * pole->tilt_rad_s / (POLE_KG * POLE_HALF_M)) /
                             (POLE_HALF_M * (4.0 / 3.0 - POLE_KG * cosine * cosine / ALL_KG));
        double cart_m_s2 =
            (force_n + swing - POLE_KG * POLE_HALF_M * tilt_rad_s2 * cosine - drag) / ALL_KG;

        pole->cart_m += step_s * pole->cart_m_s;
        pole->cart_m_s += step_s * cart_m_s2;
        pole->tilt_rad += step_s * pole->tilt_rad_s;
        pole->tilt_rad_s += step_s * tilt_rad_s2;
    }
}

bool pole_stands(const struct pole *pole)
{
    /* Written so that what is no number does not stand. */
    return size_of(pole->cart_m) <= POLE_CART_MAX_M &&
           size_of(pole->tilt_rad) <= POLE_TILT_MAX_RAD && size_of(pole->cart_m_s) <= SPEED_MAX &&
           size_of(pole->tilt_rad_s) <= SPEED_MAX;
}

double pole_control(const struct pole *pole, double target_m)
{
    return within(GAIN_CART_N_M * (pole->cart_m - target_m) + GAIN_CART_NS_M * pole->cart_m_s +
                      GAIN_TILT_N_RAD * pole->tilt_rad + GAIN_TILT_NS_RAD * pole->tilt_rad_s,
                  POLE_FORCE_MAX_N);
}

/* Uniform on [-1, 1). */
static double draw_either_way(struct random *random)
{
    return (double)(random_u64(random) >> 11) * 0x1p-52 - 1;
}

void robot_start(struct robot *robot)
{
    *robot = (struct robot){0};
}

static void pole_set_up(struct robot *robot, struct random *random)
{
    robot->pole = (struct pole){0};
    robot->pole.tilt_rad = START_TILT_MAX_RAD * draw_either_way(random);
    robot->steps_held = 0;
}

/* The force of what the last hop said, in one step of the task; 0 where it says nothing now. */
static double push_of(const struct work_piece *in, unsigned step)
{
    if (in->length == 0 || step % STEPS_PER_BYTE >= STEPS_PER_PUSH)
        return 0;
    return (in->bytes[step / STEPS_PER_BYTE % in->length] - 128) * (PUSH_MAX_N / 128);
}

static void pose_tell(const struct robot *robot, unsigned pushes, const struct work_piece *in,
                      struct work_piece *out)
{
    unsigned char *at = out->bytes;

    out->kind = PIECE_POSE;
    out->length = PIECE_POSE_BYTES;
    checkpoint_put(&at, pole_stands(&robot->pole), 1);
    checkpoint_put(&at, 0, 1);
    /* A pole that has just fallen may be past its limits; a number that is sent is not. */
    checkpoint_put(&at, (uint64_t)(int64_t)(within(robot->pole.cart_m, POLE_CART_MAX_M) * 1e3), 2);
    checkpoint_put(&at, (uint64_t)(int64_t)(within(robot->pole.tilt_rad, POLE_TILT_MAX_RAD) * 1e4),
                   2);
    checkpoint_put(&at, pushes, 2);
    checkpoint_put(&at, robot->falls, 4);
    checkpoint_put(&at,
                   checkpoint_digest(checkpoint_digest(CHECKPOINT_DIGEST_START, out->bytes, 12), in,
                                     sizeof(*in)),
                   4);
}

void robot_do(struct robot *robot, struct random *random, const struct work_piece *in,
              struct work_piece *out)
{
    unsigned pushes = 0;

    robot->target_m = 0;
    if (in->kind == PIECE_BOX)
        robot->target_m =
            within((in->bytes[0] + in->bytes[2]) * (1.0 / 64) - 1, 1.0) * TARGET_MAX_M;
    for (unsigned step = 0; step < STEPS_PER_TASK; step++) {
        double push_n = push_of(in, step);

        if (!pole_stands(&robot->pole)) {
            robot->falls++;
            pole_set_up(robot, random);
        }
        pushes += push_n < 0 || push_n > 0;
        pole_step(&robot->pole, pole_control(&robot->pole, robot->target_m) + push_n +
                                    GUST_MAX_N * draw_either_way(random));
        robot->steps++;
        robot->steps_held++;
    }
    pose_tell(robot, pushes, in, out);
}

void robot_save(const struct robot *robot, unsigned char **at)
{
    checkpoint_put_double(at, robot->pole.cart_m);
    checkpoint_put_double(at, robot->pole.cart_m_s);
    checkpoint_put_double(at, robot->pole.tilt_rad);
    checkpoint_put_double(at, robot->pole.tilt_rad_s);
    checkpoint_put_double(at, robot->target_m);
    checkpoint_put(at, robot->steps, 8);
    checkpoint_put(at, robot->steps_held, 8);
    checkpoint_put(at, robot->falls, 4);
}

void robot_restore(struct robot *robot, struct checkpoint_reader *reader)
{
    robot->pole.cart_m = checkpoint_take_double(reader);
    robot->pole.cart_m_s = checkpoint_take_double(reader);
    robot->pole.tilt_rad = checkpoint_take_double(reader);
    robot->pole.tilt_rad_s = checkpoint_take_double(reader);
    robot->target_m = checkpoint_take_double(reader);
    robot->steps = checkpoint_take(reader, 8);
    robot->steps_held = checkpoint_take(reader, 8);
    robot->falls = (uint32_t)checkpoint_take(reader, 4);
    /* The pole may have fallen in the very last step, which the next task will count: so past its
     * limits is no fault, but what is no finite number is. */
    if (!(size_of(robot->pole.cart_m) <= SPEED_MAX && size_of(robot->pole.tilt_rad) <= SPEED_MAX &&
          size_of(robot->pole.cart_m_s) <= SPEED_MAX &&
          size_of(robot->pole.tilt_rad_s) <= SPEED_MAX &&
          size_of(robot->target_m) <= TARGET_MAX_M) ||
        robot->steps_held > robot->steps)
        reader->bad = true;
}
