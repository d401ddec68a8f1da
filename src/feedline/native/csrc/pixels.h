/* Every pixel on its own; the twin is native/pixels.py. Pictures lie in one piece, channels interleaved. */
#ifndef FEEDLINE_PIXELS_H
#define FEEDLINE_PIXELS_H

#include "kernel.h"

/* Numbers of 1 or 2 bytes (`from`) to what stands for them in a table of numbers of 1, 2 or 4 bytes (`to`): 256 or
   65536 rows of `columns`, which are 1 for all channels or as many as these. */
void fl_look_up(void *out, int to, const void *in, int from, size_t pixels, int channels, const void *table,
                int columns);

/* `rows` (1 or 3) x 4 numbers as shares of 2**14 on pixels of 3 channels, or 4 of which the last stays: out has `rows`
   channels, and that. FL_DECLINED: numbers that are none, or far beyond any colour. */
int fl_mix(uint8_t *out, const uint8_t *in, size_t pixels, int channels, const double *matrix, int rows,
           fl_status *status);

enum fl_number { FL_UINT8, FL_UINT16, FL_FLOAT32 };

/* in * factor + offset, a number each for each of 1 to 4 channels: two float32 operations. */
void fl_scale_shift(float *out, const void *in, enum fl_number number, size_t pixels, int channels,
                    const float *factor, const float *offset);

#endif
