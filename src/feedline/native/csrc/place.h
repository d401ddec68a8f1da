/* Pixels to other places without a new grid: cropped, padded, flipped, turned by quarters; the twin is
   transforms/execute.py where a Resample is a "copy". */
#ifndef FEEDLINE_PLACE_H
#define FEEDLINE_PLACE_H

#include "resample.h"

/* The window (in the image's pixels; may reach beyond it) to the sink: first rows become columns (`transpose`), then
   their orders are turned round. What lies outside of the image, or of the `frame` (in the same pixels; NULL: none),
   is `fill`, a number a channel. Declined: other than 1 to 4 channels or those of the sink, or a window that is not of
   height x width (of width x height, where rows become columns). Whether it is a copy, or a picture that only turned
   to float, is known to who made the plan: nothing is counted here. */
int fl_place(fl_worker *worker, const fl_image *image, const fl_window *window, int transpose, int flip_rows,
             int flip_columns, const fl_window *frame, const uint8_t fill[4], const fl_sink *sink, int height,
             int width, fl_status *status);

/* Pixels for a rectangle of the output: each `step` bytes behind the last, each row `next` bytes. */
typedef struct {
    const uint8_t *pixels;
    ptrdiff_t next, step; /* 0: the same again */
    int row, column, rows, columns;
} fl_area;

/* An area to its place: numbers as they are, by the sink's table, by its levels, or by both, one after the other. */
void fl_put_area(const fl_sink *sink, const fl_area *area);

#endif
