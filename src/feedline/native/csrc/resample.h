/* Pictures onto another grid along their axes; the twin is native/resample.py, the weights those of native/weights.py. */
#ifndef FEEDLINE_RESAMPLE_H
#define FEEDLINE_RESAMPLE_H

#include "kernel.h"

enum fl_filter { FL_NEAREST = 0, FL_BILINEAR, FL_BICUBIC };

/* An axis of the output: see weights.taps. */
typedef struct {
    int count;
    double start, step, width;
} fl_grid;

/* Of each output pixel: `taps` weights (an even number, zeros at the end) for the input's pixels from `first` on.
   Where first + taps is beyond the input, the weights there are 0. */
typedef struct {
    int count, taps;
    int32_t *first;  /* count, each within the input */
    int16_t *weight; /* count x taps, and FL_SLACK bytes behind; each row adds up to 2**14 */
} fl_taps;

/* The taps of an axis of `limit` input pixels, in the given block (FL_ROWS or FL_COLUMNS) of the worker. */
int fl_weigh(fl_worker *worker, enum fl_block block, const fl_grid *grid, int limit, enum fl_filter filter,
             fl_taps *taps, fl_status *status);

/* Where finished rows go: uint8 as they are or by a table, or float32 by a table of them. */
typedef struct {
    void *data;                     /* of the picture's first pixel and channel */
    int channels;
    ptrdiff_t row, column, channel; /* bytes from one to the next: NHWC and NCHW both */
    const uint8_t *table;           /* channels x 256, or NULL: numbers stay as they are */
    const float *levels;            /* channels x 256 float32, or NULL: what comes out is uint8 */
    const float *factor, *offset;   /* or, without levels: number * factor + offset as float32; both of fl_repeat */
    const double *line;             /* beside levels: the factors that made them and then the offsets, FL_ROUND each; NULL */
    int passing;                    /* past the caches: what is written is more than they hold */
} fl_sink;

#define FL_ROUND 12 /* numbers after which 1, 2, 3 and 4 channels begin anew */
#define FL_REPEAT 24 /* numbers after which 1, 2, 3 and 4 channels and a register of 8 begin anew */

/* FL_REPEAT numbers: those of the channels again and again. */
void fl_repeat(float *repeated, const float *each, int channels);

/* Where a row's pixels may be written at once, channels interleaved; NULL where they have to go through fl_put. */
uint8_t *fl_straight(const fl_sink *sink, int row, int column);

/* `count` pixels of a row, channels interleaved, to their places from (row, column) on. */
void fl_put(const fl_sink *sink, int row, int column, const uint8_t *pixels, int count);

/* The image on another grid, each finished row to the sink from (row 0 + top, column 0 + left) on. Down first, each
   sum rounded half up and kept in 0..255, then across. Up to 4 channels. Nothing behind the image is read; what was
   done is counted by who calls. */
int fl_scale(fl_worker *worker, const fl_image *image, const fl_taps *rows, const fl_taps *columns,
             const fl_sink *sink, int top, int left, fl_status *status);

/* What SIMD does, chosen once by what the processor can; all equal to the bit. */
typedef struct {
    const char *name; /* "plain", "sse2", "avx2", "neon" */
    /* out[i] = rounded sum of rows[k][i] * weight[k], of `count` bytes; taps is even. Nothing behind `count` is read or written. */
    void (*down)(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count);
    /* one finished row from one input row of `channels` (1 to 4), of which all that taps reach may be read, and FL_SLACK
       bytes more; nothing behind the finished row is written */
    void (*across)(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels);
    /* count pixels of interleaved channels (1 to 4): out[i] = levels[channel of i * 256 + in[i]]; past the caches where
       `passing`; computed by the line instead, where that is faster and there is one */
    void (*to_float)(float *out, const uint8_t *in, int count, int channels, const float *levels, const double *line,
                     int passing);
    /* out[i] = in[i] * factor[i % FL_REPEAT] + offset[i % FL_REPEAT], each step rounded to float32 */
    void (*affine)(float *out, const uint8_t *in, int count, const float *factor, const float *offset);
    /* out[i] = in[i * channels]; nothing behind the last of them is read */
    void (*pick)(uint8_t *out, const uint8_t *in, int count, int channels);
    int doubles; /* in a register: fl_weigh works on as many at once */
} fl_simd;

const fl_simd *fl_simd_here(void);

/* Chooses by name ("plain", "sse2" ...); 0 where this processor or build has none of that name. */
int fl_simd_choose(const char *name);

/* Names that can be chosen, best first, ending with NULL. */
const char *const *fl_simd_names(void);

#endif
