/*
 * What a camera's agent does: it draws a frame, cleans and filters it, and finds the strongest
 * edge.
 *
 * A frame is 64 by 48 pixels of 8 bits: four shapes that wander and rebound, over a slope of grey,
 * with salt-and-pepper noise, all of it a function of seed, agent and frame number. The median of
 * each pixel and its eight neighbours takes the noise away (J. W. Tukey's running median, in two
 * dimensions), Sobel's operator gives the strength of edges (both as in R. C. Gonzalez and
 * R. E. Woods, Digital Image Processing, on order-statistic filters and on gradients). Pixels of at
 * least half the greatest strength that touch one another are one edge; the one with the greatest
 * sum of strengths goes to the next hop, as a box. The caller owns all memory; nothing fails.
 */
#ifndef IOLAUS_LIVE_WORK_VISION_H
#define IOLAUS_LIVE_WORK_VISION_H

#include <stdint.h>

#include "base/random.h"
#include "live/work/checkpoint.h"
#include "live/work/piece.h"

enum {
    FRAME_WIDTH = 64,
    FRAME_HEIGHT = 48,
    FRAME_PIXELS = FRAME_WIDTH * FRAME_HEIGHT,
    FRAME_SHAPES = 4,
    EDGE_PIXELS_MIN = 4, /* fewer are a speck, not an edge */
};

struct edge_box {
    uint8_t left, top, right, bottom; /* inclusive */
    uint16_t edges;                   /* how many were found; 0: the box means nothing */
    uint16_t strength;                /* mean of its pixels */
};

struct vision_shape {
    uint8_t size; /* half its width */
    uint8_t shade;
    uint8_t disc;  /* or else a square */
    uint8_t x, y;  /* its start */
    int8_t dx, dy; /* pixels a frame, before rebounds */
};

struct vision {
    struct vision_shape shapes[FRAME_SHAPES]; /* by seed and agent, so in no checkpoint */
    uint32_t frame;                           /* frames drawn */
    struct edge_box box;                      /* of the last one */
};

/* The two filters, over width x height pixels, row by row; beyond the border stands the nearest
 * pixel. The strength of an edge is |gx| + |gy| of Sobel's kernels, unscaled: 0 .. 2040. */
void frame_median(unsigned width, unsigned height, const uint8_t *pixels, uint8_t *median);
void frame_sobel(unsigned width, unsigned height, const uint8_t *pixels, uint16_t *strength);

/* The strongest edge of FRAME_WIDTH x FRAME_HEIGHT strengths. */
struct edge_box frame_edges(const uint16_t strength[FRAME_PIXELS]);

/* `random` gives the shapes at the start, and one frame's noise in vision_do. */
void vision_start(struct vision *vision, struct random *random);
void vision_do(struct vision *vision, struct random *random, const struct work_piece *in,
               struct work_piece *out);

void vision_save(const struct vision *vision, unsigned char **at);
void vision_restore(struct vision *vision, struct checkpoint_reader *reader);

#endif
