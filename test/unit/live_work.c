/*
 * The work that live agents really do: goal, that each kind does what its header says, that it goes
 * on from a checkpoint exactly, and that no bytes from outside can hurt it. Limits: nothing here
 * runs in a range, and no time is measured.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "live/work/work.h"

static const enum work_kind kinds[] = {WORK_LANGUAGE, WORK_VISION, WORK_ROBOT};

static struct work_piece piece_of_text(const char *words)
{
    struct work_piece piece = {.kind = PIECE_TEXT, .length = (uint8_t)strlen(words)};

    memcpy(piece.bytes, words, strlen(words));
    return piece;
}

static uint32_t number_at(const struct work_piece *piece, unsigned place)
{
    return (uint32_t)piece->bytes[place] | (uint32_t)piece->bytes[place + 1] << 8 |
           (uint32_t)piece->bytes[place + 2] << 16 | (uint32_t)piece->bytes[place + 3] << 24;
}

/* ---- vision ---- */

Test(vision, median_takes_a_speck_away_and_keeps_a_corner)
{
    /* Hand-computed: each is the fifth of the nine around it, the border repeated. */
    static const uint8_t speck[5 * 4] = {10, 10, 10, 10, 10, 10, 255, 10, 10, 10,
                                         10, 10, 10, 0,  10, 10, 10,  10, 10, 10};
    static const uint8_t ramp[3 * 3] = {9, 2, 7, 4, 5, 6, 3, 8, 1};
    /* Top left: 9 9 2 / 9 9 2 / 4 4 5, sorted 2 2 4 4 5 9 9 9 9. */
    static const uint8_t ramp_median[3 * 3] = {5, 6, 6, 4, 5, 6, 4, 4, 5};
    uint8_t median[5 * 4];

    frame_median(5, 4, speck, median);
    for (int i = 0; i < 5 * 4; i++)
        cr_assert_eq(median[i], 10, "pixel %d is %d", i, median[i]);
    frame_median(3, 3, ramp, median);
    for (int i = 0; i < 3 * 3; i++)
        cr_assert_eq(median[i], ramp_median[i], "pixel %d is %d", i, median[i]);
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

Test(vision, median_is_that_of_sorting)
{
    enum { W = 17, H = 11 };
    struct random random = random_make(7, 0, 0, 0, STREAM_TEST, 0);
    uint8_t pixels[W * H], median[W * H];

    for (int i = 0; i < W * H; i++)
        pixels[i] = (uint8_t)random_below(&random, 256);
    frame_median(W, H, pixels, median);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint8_t nine[9];
            int n = 0;

            for (int v = y - 1; v <= y + 1; v++)
                for (int u = x - 1; u <= x + 1; u++)
                    nine[n++] = pixels[(v < 0    ? 0
                                        : v >= H ? H - 1
                                                 : v) *
                                           W +
                                       (u < 0    ? 0
                                        : u >= W ? W - 1
                                                 : u)];
            qsort(nine, 9, 1, compare_bytes);
            cr_assert_eq(median[y * W + x], nine[4], "at %d,%d", x, y);
        }
}

Test(vision, sobel_of_a_step_a_slope_and_a_corner)
{
    /* A step of 100 between two columns: (1 + 2 + 1) * 100 on both sides of it, 0 elsewhere. */
    static const uint8_t step[4 * 3] = {0, 0, 100, 100, 0, 0, 100, 100, 0, 0, 100, 100};
    /* Rises by 3 a column and 5 a row: |gx| = 4 * 2 * 3, |gy| = 4 * 2 * 5 in the middle. */
    static const uint8_t slope[3 * 3] = {0, 3, 6, 5, 8, 11, 10, 13, 16};
    /* One bright corner pixel, seen from the middle: |gx| = |gy| = 200. */
    static const uint8_t corner[3 * 3] = {0, 0, 0, 0, 0, 0, 0, 0, 200};
    uint16_t strength[4 * 3];

    frame_sobel(4, 3, step, strength);
    for (int i = 0; i < 4 * 3; i++)
        cr_assert_eq(strength[i], i % 4 == 1 || i % 4 == 2 ? 400 : 0, "pixel %d: %d", i,
                     strength[i]);
    frame_sobel(3, 3, slope, strength);
    cr_assert_eq(strength[4], 64);
    frame_sobel(3, 3, corner, strength);
    cr_assert_eq(strength[4], 400);
    cr_assert_eq(strength[0], 0);
}

Test(vision, strongest_edge_has_its_box)
{
    static uint16_t strength[FRAME_PIXELS];
    struct edge_box box = frame_edges(strength);

    cr_assert_eq(box.edges, 0);
    /* A weaker line of six, a stronger of five that bends by a corner, a speck of one. */
    for (int x = 3; x < 9; x++)
        strength[5 * FRAME_WIDTH + x] = 600;
    for (int i = 0; i < 5; i++)
        strength[(40 + i) * FRAME_WIDTH + 59 + i] = 1000;
    strength[20 * FRAME_WIDTH + 20] = 1000;
    strength[30 * FRAME_WIDTH + 30] = 499; /* below half the greatest */
    box = frame_edges(strength);
    cr_assert_eq(box.edges, 2);
    cr_assert(box.left == 59 && box.right == 63 && box.top == 40 && box.bottom == 44);
    cr_assert_eq(box.strength, 1000);
}

Test(vision, frames_move_and_hold_edges)
{
    struct worker worker;
    struct work_piece last = {0}, out;
    int moved = 0;

    worker_start(&worker, WORK_VISION, 42, 3);
    for (uint64_t task = 0; task < 100; task++) {
        worker_do(&worker, task, NULL, &out);
        cr_assert(out.kind == PIECE_BOX && out.length == PIECE_BOX_BYTES);
        cr_assert(out.bytes[0] <= out.bytes[2] && out.bytes[2] < FRAME_WIDTH);
        cr_assert(out.bytes[1] <= out.bytes[3] && out.bytes[3] < FRAME_HEIGHT);
        /* Shapes, and hardly any noise: a hundred specks would be a hundred edges. */
        cr_assert(out.bytes[4] >= 1 && out.bytes[4] <= 12 && out.bytes[5] == 0, "%d edges",
                  out.bytes[4]);
        cr_assert_eq(number_at(&out, 8), task + 1);
        moved += memcmp(out.bytes, last.bytes, 4) != 0;
        last = out;
    }
    cr_assert_gt(moved, 60, "the box moved %d times", moved);
}

/* ---- robot ---- */

Test(robot, pole_stands_with_the_controller_and_falls_without)
{
    struct pole held = {.tilt_rad = 0.08}, left = held;
    int steps = 0;

    for (int i = 0; i < 60 * 50; i++) {
        pole_step(&held, pole_control(&held, 0));
        cr_assert(pole_stands(&held), "fell after %d steps", i);
    }
    cr_assert(fabs(held.tilt_rad) < 0.01 && fabs(held.cart_m) < 0.05);
    while (pole_stands(&left) && steps < 1000) {
        pole_step(&left, 0);
        steps++;
    }
    cr_assert_lt(steps, 100);
    cr_assert_gt(left.tilt_rad, POLE_TILT_MAX_RAD, "it falls to where it leans");
}

Test(robot, cart_drives_to_its_target)
{
    struct pole pole = {0};

    for (int i = 0; i < 30 * 50; i++)
        pole_step(&pole, pole_control(&pole, 0.8));
    cr_assert(pole_stands(&pole) && fabs(pole.cart_m - 0.8) < 0.05, "at %g m", pole.cart_m);
}

/* The equations at rest and upright but for a push: the paper's accelerations by hand. With F = 11
 * N and 1.1 kg in all, tilt'' = -(11/1.1) / (0.5 (4/3 - 0.1/1.1)) = -16.098 rad/s^2, cart'' = (11 +
 * 0.05 * 16.098) / 1.1 = 10.732 m/s^2; the first of the four Euler steps has 5 ms. */
Test(robot, accelerations_are_the_papers)
{
    struct pole pole = {0};

    pole_step(&pole, 11);
    cr_assert(fabs(pole.tilt_rad_s - -16.098 * POLE_CONTROL_S) < 0.002, "%g", pole.tilt_rad_s);
    cr_assert(fabs(pole.cart_m_s - 10.732 * POLE_CONTROL_S) < 0.002, "%g", pole.cart_m_s);
}

Test(robot, falls_are_counted_and_the_pole_is_set_up_anew)
{
    struct worker worker;
    struct work_piece out;

    worker_start(&worker, WORK_ROBOT, 42, 3);
    for (uint64_t task = 0; task < 100; task++)
        worker_do(&worker, task, NULL, &out);
    cr_assert_eq(worker.robot.falls, 0);
    cr_assert_eq(worker.robot.steps_held, worker.robot.steps);
    worker.robot.pole.tilt_rad = 0.2;
    worker.robot.pole.tilt_rad_s = 3; /* past saving */
    worker_do(&worker, 100, NULL, &out);
    cr_assert_eq(worker.robot.falls, 1);
    cr_assert_lt(worker.robot.steps_held, worker.robot.steps);
    cr_assert_eq(out.bytes[0], 1, "it stands again");
    cr_assert_eq(number_at(&out, 8), 1);
}

Test(robot, what_came_in_moves_it)
{
    struct worker calm, pushed;
    struct work_piece text = piece_of_text("Smoke over the harbour."), a, b;

    worker_start(&calm, WORK_ROBOT, 42, 3);
    pushed = calm;
    worker_do(&calm, 1, NULL, &a);
    worker_do(&pushed, 1, &text, &b);
    cr_assert(calm.robot.pole.cart_m < pushed.robot.pole.cart_m ||
              calm.robot.pole.cart_m > pushed.robot.pole.cart_m);
    cr_assert(a.bytes[6] == 0 && b.bytes[6] > 0, "pushes are felt");
}

/* ---- language ---- */

static void known_words_expect(const struct work_piece *out, const struct worker *reader)
{
    struct worker copy = *reader;
    struct work_piece ignored;
    uint64_t unknown = copy.language.unknown;

    cr_assert_eq(out->kind, PIECE_TEXT);
    cr_assert(out->length >= 2 && out->length <= PIECE_BYTES_MAX);
    cr_assert_eq(out->bytes[out->length - 1], '.');
    worker_do(&copy, 0, out, &ignored);
    cr_assert_eq(copy.language.unknown, unknown, "it says only words that it knows");
}

Test(language, answers_begin_with_a_word_that_came_in)
{
    struct worker worker;
    struct work_piece in = piece_of_text("Xyzzy HARBOUR qwerty!"), out;

    worker_start(&worker, WORK_LANGUAGE, 42, 3);
    for (uint64_t task = 0; task < 200; task++) {
        worker_do(&worker, task, &in, &out);
        cr_assert(out.length > 8 && memcmp(out.bytes, "Harbour", 7) == 0, "%.*s", out.length,
                  (char *)out.bytes);
        known_words_expect(&out, &worker);
    }
    cr_assert_eq(worker.language.heard, 200);
    cr_assert_eq(worker.language.unknown, 400);
    cr_assert_eq(worker.language.answered, 200);
}

static int blanks_count(const struct work_piece *piece)
{
    int blanks = 0;

    for (unsigned i = 0; i < piece->length; i++)
        blanks += piece->bytes[i] == ' ';
    return blanks;
}

Test(language, sentences_differ_and_stay_within_a_piece)
{
    struct worker worker;
    struct work_piece last = {0}, out;
    int differ = 0;

    worker_start(&worker, WORK_LANGUAGE, 42, 3);
    for (uint64_t task = 0; task < 500; task++) {
        worker_do(&worker, task, &last, &out);
        known_words_expect(&out, &worker);
        cr_assert_gt(blanks_count(&out), 2, "%.*s", out.length, (char *)out.bytes);
        differ += memcmp(&last, &out, sizeof(out)) != 0;
        last = out;
    }
    cr_assert_gt(differ, 400);
}

Test(language, camera_and_robot_have_their_words)
{
    struct worker eye, arm, writer;
    struct work_piece box, pose, out;

    worker_start(&eye, WORK_VISION, 1, 0);
    worker_start(&arm, WORK_ROBOT, 1, 1);
    worker_start(&writer, WORK_LANGUAGE, 1, 2);
    worker_do(&eye, 1, NULL, &box);
    worker_do(&arm, 1, &box, &pose);
    worker_do(&writer, 1, &box, &out);
    cr_assert_eq(memcmp(out.bytes, "Camera", 6), 0);
    worker_do(&writer, 2, &pose, &out);
    cr_assert_eq(memcmp(out.bytes, "Robot", 5), 0);
}

Test(language, learns_what_it_hears_and_counts_stay_bounded)
{
    struct worker worker, fresh;
    struct work_piece in = piece_of_text("The night is over the harbour."), out;
    unsigned most = 0;

    worker_start(&worker, WORK_LANGUAGE, 42, 3);
    fresh = worker;
    for (uint64_t task = 0; task < 3 * LANGUAGE_COUNT_MAX; task++)
        worker_do(&worker, task, &in, &out);
    for (unsigned i = 0; i < worker.language.triple_count; i++) {
        unsigned count = worker.language.triples[i].count;

        cr_assert(count >= 1 && count <= LANGUAGE_COUNT_MAX);
        most = count > most ? count : most;
    }
    cr_assert_gt(most, LANGUAGE_COUNT_MAX / 2);
    for (unsigned i = 0; i < fresh.language.triple_count; i++)
        cr_assert_lt(fresh.language.triples[i].count, 20);
}

/* ---- every kind ---- */

/* A crew of one of each kind hands a piece round; what they say is folded into `out`. */
static void round_do(struct worker workers[3], uint64_t task, struct work_piece *piece)
{
    for (int i = 0; i < 3; i++)
        worker_do(&workers[i], task, piece, piece);
}

Test(worker, same_seed_same_work_and_another_seed_another)
{
    for (int k = 0; k < 3; k++) {
        struct worker a, b, other_seed, other_agent;
        struct work_piece in = piece_of_text("The editor asks for the story."), x, y, z;
        int by_seed = 0, by_agent = 0, by_task = 0;

        worker_start(&a, kinds[k], 42, 3);
        memset(&b, 0xff, sizeof(b));
        worker_start(&b, kinds[k], 42, 3);
        worker_start(&other_seed, kinds[k], 43, 3);
        worker_start(&other_agent, kinds[k], 42, 4);
        for (uint64_t task = 0; task < 50; task++) {
            struct worker again = a;

            worker_do(&again, task + 1000, &in, &z);
            worker_do(&a, task, &in, &x);
            by_task += memcmp(&x, &z, sizeof(x)) != 0;
            worker_do(&b, task, &in, &y);
            cr_assert_eq(memcmp(&x, &y, sizeof(x)), 0, "kind %d, task %d", k, (int)task);
            worker_do(&other_seed, task, &in, &y);
            by_seed += memcmp(&x, &y, sizeof(x)) != 0;
            worker_do(&other_agent, task, &in, &y);
            by_agent += memcmp(&x, &y, sizeof(x)) != 0;
        }
        cr_assert(by_seed > 25 && by_agent > 25 && by_task > 25, "kind %d: %d %d %d", k, by_seed,
                  by_agent, by_task);
    }
}

Test(worker, high_half_of_the_task_number_counts)
{
    struct worker a, b;
    struct work_piece x, y;

    worker_start(&a, WORK_ROBOT, 42, 3);
    b = a;
    worker_do(&a, 5, NULL, &x);
    worker_do(&b, (UINT64_C(1) << 32) + 5, NULL, &y);
    cr_assert_neq(memcmp(&x, &y, sizeof(x)), 0);
}

/* The last digest covers what the hop before said. */
Test(worker, digests_depend_on_all_hops)
{
    for (int k = 1; k < 3; k++) {
        struct worker a, b;
        struct work_piece one = piece_of_text("a"), two = piece_of_text("b"), x, y;

        worker_start(&a, kinds[k], 42, 3);
        b = a;
        worker_do(&a, 1, &one, &x);
        worker_do(&b, 1, &two, &y);
        cr_assert_neq(number_at(&x, 12), number_at(&y, 12));
    }
}

static void states_expect_equal(const struct worker *a, const struct worker *b)
{
    unsigned char one[WORK_CHECKPOINT_BYTES_MAX], two[WORK_CHECKPOINT_BYTES_MAX];
    size_t size = worker_save(a, one);

    cr_assert_eq(worker_save(b, two), size);
    cr_assert_eq(memcmp(one, two, size), 0, "kind %d goes on otherwise", (int)a->kind);
}

Test(worker, checkpoint_goes_on_exactly)
{
    for (uint64_t k = 0; k < 40; k += 13) {
        struct worker first[3], next[3];
        struct work_piece piece = {0}, same;

        for (int i = 0; i < 3; i++)
            worker_start(&first[i], kinds[i], 42, (agent_id)i);
        for (uint64_t task = 0; task < k; task++)
            round_do(first, task, &piece);
        for (int i = 0; i < 3; i++) {
            unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX], again[WORK_CHECKPOINT_BYTES_MAX];
            char line[100], line_next[100];
            struct error error = {0};
            size_t size = worker_save(&first[i], bytes);

            cr_assert_leq(size, WORK_CHECKPOINT_BYTES_MAX);
            worker_start(&next[i], kinds[i], 42, (agent_id)i);
            cr_assert_eq(worker_restore(&next[i], bytes, size, &error), 0, "%s", error.message);
            cr_assert_eq(worker_save(&next[i], again), size);
            cr_assert_eq(memcmp(bytes, again, size), 0);
            worker_describe(&first[i], line, sizeof(line));
            worker_describe(&next[i], line_next, sizeof(line_next));
            cr_assert_str_eq(line, line_next);
        }
        same = piece;
        for (uint64_t task = k; task < k + 50; task++) {
            round_do(first, task, &piece);
            round_do(next, task, &same);
            cr_assert_eq(memcmp(&piece, &same, sizeof(piece)), 0, "after %d, task %d", (int)k,
                         (int)task);
            /* A pole forgets what it was pushed by, so its inmost bits are looked at too. */
            for (int i = 0; i < 3; i++)
                states_expect_equal(&first[i], &next[i]);
        }
        for (int i = 0; i < 3; i++)
            cr_assert_eq(next[i].tasks, k + 50);
    }
}

/* The bytes are taken from a block of exactly their size, so that the sanitizer sees one too many.
 */
static int restore_exactly(struct worker *worker, const unsigned char *bytes, size_t size)
{
    unsigned char *block = malloc(size > 0 ? size : 1);
    struct error error;
    int rc;

    cr_assert_not_null(block);
    memcpy(block, bytes, size);
    rc = worker_restore(worker, block, size, &error);
    free(block);
    return rc;
}

Test(worker, torn_and_altered_checkpoints_are_refused)
{
    for (int k = 0; k < 3; k++) {
        unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX + 1] = {0};
        unsigned char after[WORK_CHECKPOINT_BYTES_MAX];
        struct worker worker;
        struct work_piece piece;
        size_t size;

        worker_start(&worker, kinds[k], 42, 3);
        for (uint64_t task = 0; task < 5; task++)
            worker_do(&worker, task, NULL, &piece);
        size = worker_save(&worker, bytes);
        for (size_t cut = 0; cut < size; cut++)
            cr_assert_eq(restore_exactly(&worker, bytes, cut), ERROR_CORRUPT, "cut at %zu", cut);
        cr_assert_eq(restore_exactly(&worker, bytes, size + 1), ERROR_CORRUPT);
        cr_assert_eq(restore_exactly(&worker, bytes, sizeof(bytes)), ERROR_CORRUPT);
        for (size_t place = 0; place < size; place++)
            for (int bit = 0; bit < 8; bit++) {
                bytes[place] ^= (unsigned char)(1 << bit);
                cr_assert_eq(restore_exactly(&worker, bytes, size), ERROR_CORRUPT, "byte %zu",
                             place);
                bytes[place] ^= (unsigned char)(1 << bit);
            }
        cr_assert_eq(worker_save(&worker, after), size);
        cr_assert_eq(memcmp(bytes, after, size), 0, "a refusal changes nothing");
        cr_assert_eq(restore_exactly(&worker, bytes, size), 0);
    }
}

/* Whoever makes the digest right can still give no state that harms. */
static void digest_mend(unsigned char *bytes, size_t size)
{
    unsigned char *at = bytes + 8;

    checkpoint_put(&at, size, 4);
    at = bytes + size - 4;
    checkpoint_put(&at, checkpoint_digest(CHECKPOINT_DIGEST_START, bytes, size - 4), 4);
}

Test(worker, forged_states_are_refused_or_safe)
{
    struct random random = random_make(11, 0, 0, 0, STREAM_TEST, 0);
    int taken = 0, refused = 0;

    for (int i = 0; i < 6000; i++) {
        unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX] = {0};
        struct worker worker;
        struct work_piece piece = piece_of_text("Fire at the desk.");
        size_t size;

        worker_start(&worker, kinds[i % 3], 42, 3);
        size = worker_save(&worker, bytes);
        for (uint64_t n = 1 + random_below(&random, 4); n > 0; n--)
            bytes[24 + random_below(&random, size - 28)] = (unsigned char)random_u64(&random);
        if (random_below(&random, 8) == 0)
            size -= random_below(&random, size - 36);
        digest_mend(bytes, size);
        if (restore_exactly(&worker, bytes, size) != 0) {
            refused++;
            continue;
        }
        taken++;
        for (uint64_t task = 0; task < 3; task++)
            worker_do(&worker, task, &piece, &piece);
        cr_assert_leq(piece.length, PIECE_BYTES_MAX);
    }
    cr_assert(taken > 500 && refused > 500, "%d taken, %d refused", taken, refused);
}

Test(worker, states_that_cannot_be_are_refused)
{
    unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX], *at;
    struct worker worker;
    size_t size;

    worker_start(&worker, WORK_ROBOT, 42, 3);
    worker.robot.pole.tilt_rad = (double)NAN;
    size = worker_save(&worker, bytes);
    cr_assert_eq(restore_exactly(&worker, bytes, size), ERROR_CORRUPT);
    worker.robot.pole.tilt_rad = (double)INFINITY;
    size = worker_save(&worker, bytes);
    cr_assert_eq(restore_exactly(&worker, bytes, size), ERROR_CORRUPT);

    worker_start(&worker, WORK_LANGUAGE, 42, 3);
    worker.language.triples[5].count = 0;
    size = worker_save(&worker, bytes);
    cr_assert_eq(restore_exactly(&worker, bytes, size), ERROR_CORRUPT);

    worker_start(&worker, WORK_VISION, 42, 3);
    worker.vision.box.right = FRAME_WIDTH;
    size = worker_save(&worker, bytes);
    cr_assert_eq(restore_exactly(&worker, bytes, size), ERROR_CORRUPT);

    worker_start(&worker, WORK_VISION, 42, 3);
    size = worker_save(&worker, bytes);
    at = bytes + 4;
    checkpoint_put(&at, WORK_CHECKPOINT_VERSION + 1, 2);
    digest_mend(bytes, size);
    cr_assert_eq(restore_exactly(&worker, bytes, size), ERROR_INPUT, "another version");
}

Test(worker, sizes_that_do_not_fit_are_refused_though_the_digest_is_right)
{
    for (int k = 0; k < 3; k++) {
        unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX] = {0}, *at;
        struct worker worker;
        size_t size;

        worker_start(&worker, kinds[k], 42, 3);
        size = worker_save(&worker, bytes);
        digest_mend(bytes, size + 1);
        cr_assert_eq(restore_exactly(&worker, bytes, size + 1), ERROR_CORRUPT, "one too many");
        worker_save(&worker, bytes);
        digest_mend(bytes, size - 1);
        cr_assert_eq(restore_exactly(&worker, bytes, size - 1), ERROR_CORRUPT, "one too few");
        worker_save(&worker, bytes);
        at = bytes + 8;
        checkpoint_put(&at, size + 2, 4);
        at = bytes + size - 4;
        checkpoint_put(&at, checkpoint_digest(CHECKPOINT_DIGEST_START, bytes, size - 4), 4);
        cr_assert_eq(restore_exactly(&worker, bytes, size), ERROR_CORRUPT, "it says another size");
    }
}

Test(worker, a_checkpoint_of_another_is_refused)
{
    unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX];
    struct worker worker, other;
    size_t size;

    worker_start(&worker, WORK_VISION, 42, 3);
    size = worker_save(&worker, bytes);
    worker_start(&other, WORK_ROBOT, 42, 3);
    cr_assert_eq(restore_exactly(&other, bytes, size), ERROR_INPUT);
    worker_start(&other, WORK_VISION, 43, 3);
    cr_assert_eq(restore_exactly(&other, bytes, size), ERROR_INPUT);
    worker_start(&other, WORK_VISION, 42, 4);
    cr_assert_eq(restore_exactly(&other, bytes, size), ERROR_INPUT);
}

Test(worker, any_piece_is_safe_and_every_answer_bounded)
{
    struct random random = random_make(5, 0, 0, 0, STREAM_TEST, 0);
    struct worker workers[3];

    for (int k = 0; k < 3; k++)
        worker_start(&workers[k], kinds[k], 42, (agent_id)k);
    for (uint64_t task = 0; task < 2000; task++) {
        struct work_piece *in = malloc(sizeof(*in)), *out = malloc(sizeof(*out));

        cr_assert(in != NULL && out != NULL);
        for (size_t i = 0; i < sizeof(*in); i++)
            ((unsigned char *)in)[i] = (unsigned char)random_u64(&random);
        if (task % 2 == 0)
            in->kind = (uint8_t)random_below(&random, 5);
        memset(out, 0xee, sizeof(*out));
        worker_do(&workers[task % 3], task, in, out);
        cr_assert(out->kind >= PIECE_TEXT && out->kind <= PIECE_POSE);
        cr_assert_leq(out->length, PIECE_BYTES_MAX);
        for (unsigned i = out->length; i < PIECE_BYTES_MAX; i++)
            cr_assert_eq(out->bytes[i], 0, "what is not used is zero");
        free(in);
        free(out);
    }
}

Test(worker, pieces_that_lie_about_their_length_are_nothing)
{
    struct work_piece piece = piece_of_text("the desk");

    cr_assert_eq(piece_clean(&piece).kind, PIECE_TEXT);
    piece.length = PIECE_BYTES_MAX + 1;
    cr_assert_eq(piece_clean(&piece).kind, PIECE_NOTHING);
    cr_assert_eq(piece_clean(&piece).length, 0);
    piece.kind = PIECE_BOX;
    piece.length = PIECE_BOX_BYTES - 1;
    cr_assert_eq(piece_clean(&piece).kind, PIECE_NOTHING);
    piece.length = PIECE_BOX_BYTES;
    cr_assert_eq(piece_clean(&piece).kind, PIECE_BOX);
    cr_assert_eq(piece_clean(NULL).kind, PIECE_NOTHING);
}

Test(worker, describe_fits_whatever_the_line)
{
    for (int k = 0; k < 3; k++) {
        struct worker worker;
        struct work_piece out;
        char line[120];

        worker_start(&worker, kinds[k], 42, 3);
        worker_do(&worker, 0, NULL, &out);
        worker_describe(&worker, line, sizeof(line));
        cr_assert(strlen(line) > 10 && strlen(line) < sizeof(line) - 1 && !strchr(line, '\n'));
        worker_describe(&worker, line, 5);
        cr_assert_eq(strlen(line), 4);
    }
}
