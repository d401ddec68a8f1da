/* What will be done to one picture along its axes: transforms/draft.py and stages.py, for what feeds mostly do.

   Crops, resizes, flips and one frame of fill fold as they do there, number by number. What does not is declined, and
   planned in Python. */
#ifndef FEEDLINE_PLAN_H
#define FEEDLINE_PLAN_H

#include "kernel.h"
#include "matrix.h"
#include "resample.h"

enum fl_kind { FL_NOTHING = 0, FL_COPY, FL_SCALE };

/* A picture that steps are said to. */
typedef struct {
    int source_height, source_width; /* of the upright picture */
    int height, width;               /* of the picture so far */
    fl_matrix matrix;                /* from the source to it */
    int has_filter;
    enum fl_filter filter;
    double down, across; /* by how much the filter is stretched */
    int has_limits;
    fl_edges limits;
    int has_frame; /* beyond it there is fill */
    fl_edges frame;
    uint8_t fill[4];
} fl_draft;

/* A picture before it is decoded. */
typedef struct {
    int height, width; /* upright */
    int orientation;   /* EXIF's */
    int fast;          /* whether it may be decoded at 1/2, 1/4 or 1/8 */
} fl_picture;

typedef struct {
    int32_t kind;                  /* fl_kind */
    int32_t height, width;         /* of what comes out */
    fl_window window;              /* of the source that takes part; of copies it may reach beyond */
    fl_window needed;              /* of it, what has to be decoded */
    int32_t filter;                /* fl_filter */
    int32_t flip_rows, flip_columns; /* of copies */
    int32_t has_frame;             /* of copies: outside of `frame` there is fill */
    fl_window frame;
    uint8_t fill[4];
    double row_start, row_step, row_width;          /* as of fl_grid, in pixels of the window */
    double column_start, column_step, column_width;
    int32_t reduce, unused;        /* at 1/`reduce` the picture is decoded, and all of the above is in its pixels then */
} fl_plan;

void fl_begin(fl_draft *draft, int height, int width);

/* Each returns FL_OK or FL_DECLINED. `fill`: NULL where the next picture never looks out of the one so far. */
int fl_move(fl_draft *draft, const fl_matrix *matrix, int height, int width, const uint8_t *fill, fl_status *status);
int fl_resize(fl_draft *draft, int height, int width, enum fl_filter filter, int antialias, fl_status *status);
int fl_flip(fl_draft *draft, int horizontal, fl_status *status);
int fl_finish(fl_draft *draft, const fl_picture *picture, fl_plan *plan, fl_status *status);

#endif
