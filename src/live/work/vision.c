#include "live/work/vision.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOISE_DRAWS = 40, /* of four words each: a pixel in twenty */
    STRENGTH_MAX = 2040,
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int greatest(int a, int b)
{
    return a > b ? a : b;
}

static int middle(int a, int b, int c)
{
    return greatest(least(a, b), least(greatest(a, b), c));
}

/* Rows and columns beyond the border are the nearest that there is. */
static unsigned before(unsigned place)
{
    return place > 0 ? place - 1 : 0;
}

static unsigned after(unsigned place, unsigned count)
{
    return place + 1 < count ? place + 1 : place;
}

/* The median of nine is the middle one of: the greatest of the columns' least, the middle of their
 * middles, the least of their greatest. */
void frame_median(unsigned width, unsigned height, const uint8_t *pixels, uint8_t *median)
{
    for (unsigned y = 0; y < height; y++) {
        const uint8_t *rows[3] = {pixels + (size_t)before(y) * width, pixels + (size_t)y * width,
                                  pixels + (size_t)after(y, height) * width};

        for (unsigned x = 0; x < width; x++) {
            unsigned columns[3] = {before(x), x, after(x, width)};
            int low[3], mid[3], high[3];

            for (int i = 0; i < 3; i++) {
                int a = rows[0][columns[i]], b = rows[1][columns[i]], c = rows[2][columns[i]];

                low[i] = least(a, least(b, c));
                mid[i] = middle(a, b, c);
                high[i] = greatest(a, greatest(b, c));
            }
            median[(size_t)y * width + x] = (uint8_t)middle(
                greatest(low[0], greatest(low[1], low[2])), middle(mid[0], mid[1], mid[2]),
                least(high[0], least(high[1], high[2])));
        }
    }
}

void frame_sobel(unsigned width, unsigned height, const uint8_t *pixels, uint16_t *strength)
{
    for (unsigned y = 0; y < height; y++) {
        const uint8_t *up = pixels + (size_t)before(y) * width;
        const uint8_t *here = pixels + (size_t)y * width;
        const uint8_t *down = pixels + (size_t)after(y, height) * width;

        for (unsigned x = 0; x < width; x++) {
            unsigned left = before(x), right = after(x, width);
            int gx =
                up[right] + 2 * here[right] + down[right] - up[left] - 2 * here[left] - down[left];
            int gy = down[left] + 2 * down[x] + down[right] - up[left] - 2 * up[x] - up[right];

            strength[(size_t)y * width + x] = (uint16_t)(abs(gx) + abs(gy));
        }
    }
}

struct edge {
    struct edge_box box;
    uint32_t pixels;
    uint32_t sum;
};

/* Gathers the edge that `first` belongs to, and marks its pixels as seen. Each pixel is put on the
 * stack at most once, since it is marked when it is put there. */
static struct edge edge_gather(const uint16_t *strength, unsigned floor, bool *seen, unsigned first)
{
    struct edge edge = {.box = {FRAME_WIDTH - 1, FRAME_HEIGHT - 1, 0, 0, 0, 0}};
    uint16_t stack[FRAME_PIXELS];
    unsigned depth = 0;

    stack[depth++] = (uint16_t)first;
    seen[first] = true;
    while (depth > 0) {
        unsigned place = stack[--depth];
        unsigned x = place % FRAME_WIDTH, y = place / FRAME_WIDTH;

        edge.pixels++;
        edge.sum += strength[place];
        edge.box.left = (uint8_t)least(edge.box.left, (int)x);
        edge.box.right = (uint8_t)greatest(edge.box.right, (int)x);
        edge.box.top = (uint8_t)least(edge.box.top, (int)y);
        edge.box.bottom = (uint8_t)greatest(edge.box.bottom, (int)y);
        for (unsigned v = before(y); v <= after(y, FRAME_HEIGHT); v++)
            for (unsigned u = before(x); u <= after(x, FRAME_WIDTH); u++) {
                unsigned next = v * FRAME_WIDTH + u;

                if (!seen[next] && strength[next] >= floor) {
                    seen[next] = true;
                    stack[depth++] = (uint16_t)next;
                }
            }
    }
    return edge;
}

struct edge_box frame_edges(const uint16_t strength[FRAME_PIXELS])
{
    struct edge best = {0};
    bool seen[FRAME_PIXELS] = {false};
    unsigned floor = 0;
    uint16_t edges = 0;

    for (unsigned i = 0; i < FRAME_PIXELS; i++)
        floor = strength[i] > floor ? strength[i] : floor;
    floor = (floor + 1) / 2;
    for (unsigned i = 0; i < FRAME_PIXELS && floor > 0; i++) {
        struct edge edge;

        if (seen[i] || strength[i] < floor)
            continue;
        edge = edge_gather(strength, floor, seen, i);
        if (edge.pixels < EDGE_PIXELS_MIN)
            continue;
        edges++;
        if (edge.sum > best.sum)
            best = edge;
    }
    if (best.pixels > 0)
        best.box.strength = (uint16_t)(best.sum / best.pixels);
    best.box.edges = edges;
    return best.box;
}

/* Where something that began at `start` and rebounds from 0 and limit - 1 is after `frames`. */
static int rebound(int start, int speed, uint32_t frames, int limit)
{
    int64_t period = 2 * (int64_t)(limit - 1);
    int64_t place = (start + (int64_t)speed * frames) % period;

    if (place < 0)
        place += period;
    return (int)(place < limit ? place : period - place);
}

static void shape_draw(const struct vision_shape *shape, uint32_t frame, uint8_t *pixels)
{
    int centre_x = rebound(shape->x, shape->dx, frame, FRAME_WIDTH);
    int centre_y = rebound(shape->y, shape->dy, frame, FRAME_HEIGHT);
    int size = shape->size;

    for (int y = greatest(0, centre_y - size); y <= least(FRAME_HEIGHT - 1, centre_y + size); y++)
        for (int x = greatest(0, centre_x - size); x <= least(FRAME_WIDTH - 1, centre_x + size);
             x++) {
            int dx = x - centre_x, dy = y - centre_y;

            if (!shape->disc || dx * dx + dy * dy <= size * size)
                pixels[y * FRAME_WIDTH + x] = shape->shade;
        }
}

static void frame_draw(const struct vision *vision, struct random *random, uint8_t *pixels)
{
    for (int y = 0; y < FRAME_HEIGHT; y++)
        for (int x = 0; x < FRAME_WIDTH; x++)
            pixels[y * FRAME_WIDTH + x] = (uint8_t)(40 + x / 2 + y / 2);
    for (int i = 0; i < FRAME_SHAPES; i++)
        shape_draw(&vision->shapes[i], vision->frame, pixels);
    for (int i = 0; i < NOISE_DRAWS; i++) {
        uint32_t words[4];

        random_block(random, words);
        for (int j = 0; j < 4; j++)
            pixels[(words[j] >> 1) % FRAME_PIXELS] = words[j] & 1 ? 255 : 0;
    }
}

void vision_start(struct vision *vision, struct random *random)
{
    *vision = (struct vision){0};
    for (int i = 0; i < FRAME_SHAPES; i++) {
        struct vision_shape *shape = &vision->shapes[i];

        shape->size = (uint8_t)(3 + random_below(random, 5));
        shape->shade = (uint8_t)(120 + random_below(random, 130));
        shape->disc = (uint8_t)random_below(random, 2);
        shape->x = (uint8_t)random_below(random, FRAME_WIDTH);
        shape->y = (uint8_t)random_below(random, FRAME_HEIGHT);
        shape->dx = (int8_t)(1 + random_below(random, 3));
        shape->dy = (int8_t)(1 + random_below(random, 2));
    }
}

static uint32_t strength_digest(const uint16_t *strength)
{
    unsigned char bytes[2 * FRAME_PIXELS];
    unsigned char *at = bytes;

    for (int i = 0; i < FRAME_PIXELS; i++)
        checkpoint_put(&at, strength[i], 2);
    return checkpoint_digest(CHECKPOINT_DIGEST_START, bytes, sizeof(bytes));
}

void vision_do(struct vision *vision, struct random *random, const struct work_piece *in,
               struct work_piece *out)
{
    uint8_t pixels[FRAME_PIXELS], median[FRAME_PIXELS];
    uint16_t strength[FRAME_PIXELS];
    unsigned char *at = out->bytes;

    frame_draw(vision, random, pixels);
    vision->frame++;
    frame_median(FRAME_WIDTH, FRAME_HEIGHT, pixels, median);
    frame_sobel(FRAME_WIDTH, FRAME_HEIGHT, median, strength);
    vision->box = frame_edges(strength);

    out->kind = PIECE_BOX;
    out->length = PIECE_BOX_BYTES;
    checkpoint_put(&at, vision->box.left, 1);
    checkpoint_put(&at, vision->box.top, 1);
    checkpoint_put(&at, vision->box.right, 1);
    checkpoint_put(&at, vision->box.bottom, 1);
    checkpoint_put(&at, vision->box.edges, 2);
    checkpoint_put(&at, vision->box.strength, 2);
    checkpoint_put(&at, vision->frame, 4);
    checkpoint_put(&at, checkpoint_digest(strength_digest(strength), in, sizeof(*in)), 4);
}

void vision_save(const struct vision *vision, unsigned char **at)
{
    checkpoint_put(at, vision->frame, 4);
    checkpoint_put(at, vision->box.left, 1);
    checkpoint_put(at, vision->box.top, 1);
    checkpoint_put(at, vision->box.right, 1);
    checkpoint_put(at, vision->box.bottom, 1);
    checkpoint_put(at, vision->box.edges, 2);
    checkpoint_put(at, vision->box.strength, 2);
}

void vision_restore(struct vision *vision, struct checkpoint_reader *reader)
{
    vision->frame = (uint32_t)checkpoint_take(reader, 4);
    vision->box.left = (uint8_t)checkpoint_take(reader, 1);
    vision->box.top = (uint8_t)checkpoint_take(reader, 1);
    vision->box.right = (uint8_t)checkpoint_take(reader, 1);
    vision->box.bottom = (uint8_t)checkpoint_take(reader, 1);
    vision->box.edges = (uint16_t)checkpoint_take(reader, 2);
    vision->box.strength = (uint16_t)checkpoint_take(reader, 2);
    if (vision->box.right >= FRAME_WIDTH || vision->box.bottom >= FRAME_HEIGHT ||
        vision->box.left > vision->box.right || vision->box.top > vision->box.bottom ||
        vision->box.strength > STRENGTH_MAX)
        reader->bad = true;
}
