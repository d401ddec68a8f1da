/* Steps that draw from a key, and say to a draft what they do: rng.py, transforms/crop.py, resize.py and flip.py. */
#ifndef FEEDLINE_DRAW_H
#define FEEDLINE_DRAW_H

#include "plan.h"

enum fl_step_kind {
    FL_CENTER_CROP = 0,    /* size */
    FL_RANDOM_CROP,        /* size, sides: padding first */
    FL_RANDOM_RESIZED_CROP, /* size, numbers: scale low and high, ratio low and high, log of these */
    FL_RESIZE,             /* size: (height, width), (shorter, 0), or (0, 0) for max_size alone; most: max_size or 0 */
    FL_HORIZONTAL_FLIP,    /* numbers: p */
    FL_VERTICAL_FLIP,      /* numbers: p */
    FL_PAD,                /* sides */
    FL_STEP_KINDS
};

typedef struct {
    int32_t kind, operation; /* which of the sample's random numbers are its own */
    int32_t size[2];         /* height, width */
    int32_t sides[4];        /* left, top, right, bottom */
    int32_t most, filter, antialias, fill; /* fill: a byte a channel, the first in the lowest */
    double numbers[6];
} fl_step;

/* As rng.Key: what the random numbers of a sample depend on. */
typedef struct {
    uint64_t seed, index;
    uint32_t epoch;
} fl_key;

/* Four numbers in [0, 1), from number 4 * block of an operation on. */
void fl_uniform(const fl_key *key, uint32_t operation, uint32_t block, double numbers[4]);

/* What the steps do to a picture of this size. */
int fl_plan_steps(const fl_step *steps, int count, const fl_key *key, const fl_picture *picture, fl_plan *plan,
                  fl_status *status);

/* Whether the steps' kinds, sizes and numbers can be. */
int fl_steps_fit(const fl_step *steps, int count);

#endif
