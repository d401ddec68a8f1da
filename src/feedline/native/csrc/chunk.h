/* Samples, from bytes to their places in the batch: header, plan, decode, resampling and floats in one go. */
#ifndef FEEDLINE_CHUNK_H
#define FEEDLINE_CHUNK_H

#include "draw.h"
#include "kernel.h"
#include "resample.h"

/* What is the same for all samples of a batch. */
typedef struct {
    const fl_step *steps;
    int count;
    int fast;     /* whether JPEGs that shrink are decoded at 1/2, 1/4 or 1/8 */
    int channels; /* of decoded pictures: 1 (luma) or 3 (RGB); of arrays, what they have */
    uint64_t seed;
    uint32_t epoch;
    int height, width; /* of what comes out */
    fl_sink sink;      /* of the batch's first place */
    ptrdiff_t place;   /* bytes from place to place */
    int whole;         /* a place has no gaps, and nothing lies between two */
    int same;          /* there are no steps, and a place takes a picture's numbers in their order */
} fl_job;

/* Nanoseconds of a clock that only goes on. */
int64_t fl_now(void);

/* Of an encoded file, or of pixels; `index` is the sample's, `place` where it goes. */
int fl_run_bytes(fl_worker *worker, const fl_job *job, int64_t index, int place, const uint8_t *data, size_t size,
                 fl_status *status);
/* With the offsets of a JPEG's restart intervals, as fl_jpeg_decode_tiles takes them; `count` 0: there are none. Files
   of other kinds are made as fl_run_bytes makes them. */
int fl_run_jpeg_tiles(fl_worker *worker, const fl_job *job, int64_t index, int place, const uint8_t *data, size_t size,
                      const uint32_t *offsets, int count, fl_status *status);
int fl_run_path(fl_worker *worker, const fl_job *job, int64_t index, int place, const char *path, fl_status *status);
int fl_run_image(fl_worker *worker, const fl_job *job, int64_t index, int place, const fl_image *image,
                 fl_status *status);

#endif
