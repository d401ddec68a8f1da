/* See plan.h. */
#include "plan.h"

#include <math.h>
#include <string.h>

static const double TINY = 1e-6, EASE = 1e-6, NEAR = 1e-7;
static const int64_t MOST_PIXELS = (int64_t)1 << 28;
static const double SUPPORT[] = {0.5, 1.0, 2.0};

void fl_begin(fl_draft *draft, int height, int width)
{
    memset(draft, 0, sizeof *draft);
    draft->source_height = draft->height = height;
    draft->source_width = draft->width = width;
    draft->matrix = FL_IDENTITY;
    draft->down = draft->across = 1.0;
}

static int beyond(fl_point point, int height, int width)
{
    return !(-NEAR <= point.x && point.x <= width + NEAR && -NEAR <= point.y && point.y <= height + NEAR);
}

/* Whether the next picture looks out of the one so far. */
static int reveals(const fl_draft *draft, const fl_matrix *back, int height, int width)
{
    const fl_point corners[] = {{0, 0}, {width, 0}, {width, height}, {0, height}};
    for (int corner = 0; corner < 4; corner++)
        if (beyond(fl_at(back, corners[corner]), draft->height, draft->width))
            return 1;
    return 0;
}

static int fits(int height, int width, fl_status *status)
{
    if (height < 1 || width < 1 || (int64_t)height * width > MOST_PIXELS)
        return fl_fail(status, FL_DECLINED, "a step to %d x %d pixels", height, width);
    return FL_OK;
}

static void look(fl_draft *draft, const fl_matrix *matrix, int height, int width)
{
    draft->matrix = fl_after(matrix, &draft->matrix);
    draft->height = height;
    draft->width = width;
}

int fl_move(fl_draft *draft, const fl_matrix *matrix, int height, int width, const uint8_t *fill, fl_status *status)
{
    fl_matrix way, back;
    if (fits(height, width, status) != FL_OK)
        return status->code;
    if (!fl_inverse(matrix, &way) || !fl_inverse(&draft->matrix, &back))
        return fl_fail(status, FL_DECLINED, "nothing is left of the picture");
    if (fill != NULL && reveals(draft, &way, height, width)) {
        if (draft->has_frame)
            return fl_fail(status, FL_DECLINED, "two frames of fill");
        draft->has_frame = 1;
        draft->frame = fl_bounds(&back, draft->height, draft->width);
        memcpy(draft->fill, fill, sizeof draft->fill);
    }
    look(draft, matrix, height, width);
    return FL_OK;
}

int fl_flip(fl_draft *draft, int horizontal, fl_status *status)
{
    const fl_matrix moved = fl_shift(horizontal ? draft->width : 0, horizontal ? 0 : draft->height);
    const fl_matrix turned = horizontal ? fl_scaling(-1, 1) : fl_scaling(1, -1);
    const fl_matrix both = fl_after(&moved, &turned);
    return fl_move(draft, &both, draft->height, draft->width, NULL, status);
}

/* What lies beyond the picture so far takes no part. */
static void limit(fl_draft *draft, const fl_matrix *back)
{
    fl_edges edges = fl_bounds(back, draft->height, draft->width);
    if (draft->has_limits) {
        edges.top = fmax(edges.top, draft->limits.top);
        edges.left = fmax(edges.left, draft->limits.left);
        edges.bottom = fmin(edges.bottom, draft->limits.bottom);
        edges.right = fmin(edges.right, draft->limits.right);
    }
    draft->limits = edges;
    draft->has_limits = 1;
}

static void widen(fl_draft *draft)
{
    const double across = fabs(draft->matrix.m[0]), down = fabs(draft->matrix.m[4]);
    draft->down = fmax(draft->down, down < 1 - TINY ? 1 / down : 1.0);
    draft->across = fmax(draft->across, across < 1 - TINY ? 1 / across : 1.0);
}

int fl_resize(fl_draft *draft, int height, int width, enum fl_filter filter, int antialias, fl_status *status)
{
    fl_matrix back;
    if (height == draft->height && width == draft->width)
        return FL_OK;
    if (fits(height, width, status) != FL_OK)
        return status->code;
    const double x = (double)width / draft->width, y = (double)height / draft->height;
    const int large = draft->has_filter && filter == FL_NEAREST && fmax(draft->down, draft->across) > 1;
    if (draft->has_frame || (draft->has_filter && draft->filter != filter) || (large && fmax(x, y) > 1 + TINY))
        return fl_fail(status, FL_DECLINED, "a resize that does not fold with what is before it");
    if (!fl_inverse(&draft->matrix, &back))
        return fl_fail(status, FL_DECLINED, "nothing is left of the picture");
    limit(draft, &back);
    draft->has_filter = 1;
    draft->filter = filter;
    const fl_matrix grown = fl_scaling(x, y);
    look(draft, &grown, height, width);
    if (antialias)
        widen(draft);
    return FL_OK;
}

static fl_window around(fl_edges edges)
{
    return (fl_window){(int)floor(edges.top), (int)floor(edges.left), (int)ceil(edges.bottom),
                       (int)ceil(edges.right)};
}

static int most(int one, int other)
{
    return one > other ? one : other;
}

static int least(int one, int other)
{
    return one < other ? one : other;
}

/* What both hold; at least the pixel of the other that is nearest. */
static fl_window common(fl_window window, fl_window other)
{
    fl_window both;
    both.top = least(most(window.top, other.top), other.bottom - 1);
    both.left = least(most(window.left, other.left), other.right - 1);
    both.bottom = most(least(window.bottom, other.bottom), both.top + 1);
    both.right = most(least(window.right, other.right), both.left + 1);
    return both;
}

/* A frame of fill, in whole pixels within the window: those whose centres it holds. */
static fl_window held(fl_edges frame, fl_window window)
{
    fl_window inside = {(int)ceil(frame.top - 0.5 - EASE), (int)ceil(frame.left - 0.5 - EASE),
                        (int)floor(frame.bottom - 0.5 + EASE) + 1, (int)floor(frame.right - 0.5 + EASE) + 1};
    inside.top = most(inside.top, window.top);
    inside.left = most(inside.left, window.left);
    inside.bottom = most(least(inside.bottom, window.bottom), inside.top);
    inside.right = most(least(inside.right, window.right), inside.left);
    return inside;
}

static void copy(const fl_draft *draft, fl_edges seen, fl_plan *plan)
{
    plan->kind = FL_COPY;
    plan->window = (fl_window){(int)rint(seen.top), (int)rint(seen.left), (int)rint(seen.bottom),
                               (int)rint(seen.right)};
    plan->flip_rows = draft->matrix.m[4] < 0;
    plan->flip_columns = draft->matrix.m[0] < 0;
    plan->has_frame = draft->has_frame;
    plan->frame = draft->has_frame ? held(draft->frame, plan->window) : plan->window;
    memcpy(plan->fill, draft->fill, sizeof plan->fill);
}

static void scale(const fl_draft *draft, fl_edges seen, const fl_matrix *back, fl_window source, fl_plan *plan)
{
    const double reach = SUPPORT[draft->filter], down = reach * draft->down + 1, across = reach * draft->across + 1;
    fl_window window =
        around((fl_edges){seen.top - down, seen.left - across, seen.bottom + down, seen.right + across});
    if (draft->has_limits && draft->filter != FL_NEAREST) {
        const fl_edges ends = draft->limits;
        window = common(window, around((fl_edges){ends.top + EASE, ends.left + EASE, ends.bottom - EASE,
                                                  ends.right - EASE}));
    }
    plan->kind = FL_SCALE;
    plan->filter = draft->filter;
    plan->window = common(window, source);
    plan->row_start = (back->m[5] - plan->window.top) + back->m[4] * 0;
    plan->row_step = back->m[4];
    plan->row_width = draft->down;
    plan->column_start = (back->m[2] - plan->window.left) + back->m[0] * 0;
    plan->column_step = back->m[0];
    plan->column_width = draft->across;
}

static int ceiling(int number, int step)
{
    return (number + step - 1) / step;
}

/* By how much the picture may be decoded smaller: transforms/reduced.py. */
static int reduction(const fl_draft *draft, const fl_picture *picture)
{
    const double shrinks = fmin(draft->down, draft->across);
    if (!picture->fast || !draft->has_filter || draft->filter == FL_NEAREST || draft->has_frame)
        return 1;
    return shrinks >= 8 ? 8 : shrinks >= 4 ? 4 : shrinks >= 2 ? 2 : 1;
}

/* The draft of the picture at 1/step, which makes the same of it but for its finest grain. */
static int reduce(fl_draft *draft, int step, int orientation)
{
    const int rows = draft->source_height, columns = draft->source_width;
    const int upside = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    const int mirrored = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    const double down = upside ? ceiling(rows, step) - (double)rows / step : 0.0;
    const double across = mirrored ? ceiling(columns, step) - (double)columns / step : 0.0;
    const fl_matrix small = {{1.0 / step, 0, across, 0, 1.0 / step, down, 0, 0, 1}};
    fl_matrix back;
    if (!fl_inverse(&small, &back))
        return 0;
    draft->matrix = fl_after(&draft->matrix, &back);
    draft->down = fmax(1.0, draft->down / step);
    draft->across = fmax(1.0, draft->across / step);
    if (draft->has_limits && !fl_whole(&draft->matrix)) {
        const fl_point one = fl_at(&small, (fl_point){draft->limits.left, draft->limits.top});
        const fl_point other = fl_at(&small, (fl_point){draft->limits.right, draft->limits.bottom});
        draft->limits = (fl_edges){fmin(one.y, other.y), fmin(one.x, other.x), fmax(one.y, other.y),
                                   fmax(one.x, other.x)};
    } else {
        draft->has_limits = 0;
    }
    draft->source_height = ceiling(rows, step);
    draft->source_width = ceiling(columns, step);
    return 1;
}

int fl_finish(fl_draft *draft, const fl_picture *picture, fl_plan *plan, fl_status *status)
{
    const int step = reduction(draft, picture);
    if (step > 1 && !reduce(draft, step, picture->orientation))
        return fl_fail(status, FL_DECLINED, "nothing is left of the picture");
    const fl_window source = {0, 0, draft->source_height, draft->source_width};
    const double stretched = fmax(draft->down, draft->across);
    fl_matrix back;
    memset(plan, 0, sizeof *plan);
    plan->reduce = step;
    plan->height = draft->height;
    plan->width = draft->width;
    plan->window = plan->needed = plan->frame = source;
    if (!fl_inverse(&draft->matrix, &back))
        return fl_fail(status, FL_DECLINED, "nothing is left of the picture");
    const int same = draft->height == draft->source_height && draft->width == draft->source_width;
    const fl_matrix *m = &draft->matrix;
    const int stays = m->m[0] == 1 && m->m[4] == 1 && m->m[2] == 0 && m->m[5] == 0;
    if (stays && same && stretched == 1.0 && !draft->has_frame)
        return FL_OK;
    const fl_edges seen = fl_bounds(&back, draft->height, draft->width);
    if (fl_whole(m) && stretched == 1.0)
        copy(draft, seen, plan);
    else if (draft->has_frame)
        return fl_fail(status, FL_DECLINED, "a frame of fill around what is resampled");
    else
        scale(draft, seen, &back, source, plan);
    plan->needed = common(plan->window, source);
    return FL_OK;
}
