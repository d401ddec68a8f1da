/* Crops with padding, flips and quarter turns, straight into the batch: every byte is touched once. */
#include "place.h"

#include <stdint.h>

typedef struct {
    fl_window window;
    const fl_window *frame;
    int transpose, flip_rows, flip_columns;
} placing;

static int within(int64_t number, int64_t low, int64_t high)
{
    return (int)(number < low ? low : number > high ? high : number);
}

/* What is shown of the image, in rows and columns of the window; empty where nothing is. */
static fl_window shown(const fl_image *image, const placing *how)
{
    const fl_window whole = {0, 0, image->height, image->width}, *window = &how->window;
    const fl_window *frame = how->frame == NULL ? &whole : how->frame;
    int64_t height = (int64_t)window->bottom - window->top, width = (int64_t)window->right - window->left;
    int top = frame->top > 0 ? frame->top : 0, left = frame->left > 0 ? frame->left : 0;
    int bottom = frame->bottom < image->height ? frame->bottom : image->height;
    int right = frame->right < image->width ? frame->right : image->width;
    fl_window part = {within((int64_t)top - window->top, 0, height), within((int64_t)left - window->left, 0, width),
                      within((int64_t)bottom - window->top, 0, height),
                      within((int64_t)right - window->left, 0, width)};
    if (part.bottom <= part.top || part.right <= part.left)
        return (fl_window){0, 0, 0, 0};
    return part;
}

/* The part of `length` places from `first` to `last`, with their order turned round. */
static void turn_round(int *first, int *last, int length)
{
    int old = *first;
    *first = length - *last;
    *last = length - old;
}

/* How the output's rows and columns lie in the image. */
typedef struct {
    const uint8_t *origin;  /* of the first pixel that is shown */
    ptrdiff_t row, column;  /* bytes from one to the next */
    fl_window part;         /* of the output, which is not fill */
} view;

static view look(const fl_image *image, const placing *how, int height, int width)
{
    fl_window part = shown(image, how);
    int top = part.top + (part.bottom > part.top ? how->window.top : 0);
    int left = part.left + (part.bottom > part.top ? how->window.left : 0);
    view seen = {image->pixels + top * image->stride + (ptrdiff_t)left * image->channels, image->stride,
                 image->channels, part};
    if (how->transpose) {
        seen.row = image->channels, seen.column = image->stride;
        seen.part = (fl_window){part.left, part.top, part.right, part.bottom};
    }
    if (how->flip_rows && part.bottom > part.top) {
        seen.origin += (seen.part.bottom - seen.part.top - 1) * seen.row;
        seen.row = -seen.row;
        turn_round(&seen.part.top, &seen.part.bottom, height);
    }
    if (how->flip_columns && part.bottom > part.top) {
        seen.origin += (seen.part.right - seen.part.left - 1) * seen.column;
        seen.column = -seen.column;
        turn_round(&seen.part.left, &seen.part.right, width);
    }
    return seen;
}

/* The same pixel to every place from (top, left) to (bottom, right). */
static void put_fill(const fl_sink *sink, const uint8_t *fill, int top, int left, int bottom, int right)
{
    fl_area area = {fill, 0, 0, top, left, bottom - top, right - left};
    if (bottom > top && right > left)
        fl_put_area(sink, &area);
}

static void put_view(const fl_sink *sink, const view *seen)
{
    const fl_window *part = &seen->part;
    fl_area area = {seen->origin, seen->row, seen->column, part->top, part->left, part->bottom - part->top,
                    part->right - part->left};
    if (area.rows > 0 && area.columns > 0)
        fl_put_area(sink, &area);
}

static int check(const fl_image *image, const placing *how, const fl_sink *sink, int height, int width,
                 fl_status *status)
{
    const fl_window *window = &how->window;
    int64_t tall = (int64_t)window->bottom - window->top, wide = (int64_t)window->right - window->left;
    if (image->channels < 1 || image->channels > 4 || sink->channels != image->channels)
        return fl_fail(status, FL_DECLINED, "%d channels for %d", image->channels, sink->channels);
    if (height < 0 || width < 0 || tall != (how->transpose ? width : height) ||
        wide != (how->transpose ? height : width))
        return fl_fail(status, FL_DECLINED, "a window of %lld x %lld pixels for %d x %d", (long long)tall,
                       (long long)wide, height, width);
    return FL_OK;
}

int fl_place(fl_worker *worker, const fl_image *image, const fl_window *window, int transpose, int flip_rows,
             int flip_columns, const fl_window *frame, const uint8_t fill[4], const fl_sink *sink, int height,
             int width, fl_status *status)
{
    (void)worker; /* no memory is needed on the way */
    placing how = {*window, frame, transpose, flip_rows, flip_columns};
    if (check(image, &how, sink, height, width, status) != FL_OK)
        return status->code;
    view seen = look(image, &how, height, width);
    const fl_window *part = &seen.part;
    put_fill(sink, fill, 0, 0, part->top, width);
    put_fill(sink, fill, part->top, 0, part->bottom, part->left);
    put_view(sink, &seen);
    put_fill(sink, fill, part->top, part->right, part->bottom, width);
    put_fill(sink, fill, part->bottom, 0, height, width);
    return FL_OK;
}
