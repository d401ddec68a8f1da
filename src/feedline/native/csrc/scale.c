/* A picture onto another grid, row by row: down into one line, across into a finished row, and that into its place. */
#include "resample.h"

#include <string.h>

enum { WHOLE = 1 << 14, AHEAD = 64 };

/* What becomes of a line across. */
enum course { RUN, PICK, SUM }; /* neighbours as they are; single pixels as they are; sums */

typedef struct {
    const fl_simd *simd;
    const fl_image *image;
    const fl_taps *rows, *columns;
    const fl_sink *sink;
    enum course course;
    int low, high;         /* pixels of a row that are used */
    const uint8_t **taken; /* rows that a sum is made of */
    uint8_t *line, *done;  /* a row when it was summed down, and when across too */
} work;

static int single(const fl_taps *taps, int place)
{
    const int16_t *weight = taps->weight + (ptrdiff_t)place * taps->taps;
    int others = 0;
    for (int tap = 1; tap < taps->taps; tap++)
        others |= weight[tap];
    return weight[0] == WHOLE && others == 0;
}

static enum course course_of(const fl_taps *columns)
{
    enum course course = RUN;
    for (int place = 0; place < columns->count; place++) {
        if (!single(columns, place))
            return SUM;
        if (columns->first[place] != columns->first[0] + place)
            course = PICK;
    }
    return course;
}

/* The least and the largest of what pixels begin with. */
static int reach(const fl_taps *taps, int limit, int *low, int *high)
{
    *low = limit, *high = -1;
    for (int place = 0; place < taps->count; place++) {
        *low = taps->first[place] < *low ? taps->first[place] : *low;
        *high = taps->first[place] > *high ? taps->first[place] : *high;
    }
    return taps->count > 0 && taps->taps >= 2 && taps->taps % 2 == 0 && *low >= 0 && *high < limit;
}

static int prepare(fl_worker *worker, work *w)
{
    size_t channels = (size_t)w->image->channels;
    size_t pointers = (size_t)w->rows->taps * sizeof *w->taken;
    size_t line = ((size_t)w->image->width + w->columns->taps) * channels + AHEAD;
    w->taken = fl_block(worker, FL_LINE, pointers + line + (size_t)w->columns->count * channels);
    if (w->taken == NULL)
        return 0;
    w->line = (uint8_t *)w->taken + pointers;
    w->done = w->line + line;
    return 1;
}

static const uint8_t *row_of(const fl_image *image, int row)
{
    return image->pixels + (row < image->height ? row : image->height - 1) * image->stride;
}

/* The line of an output row, as wide as the image; valid from `low` to `high`. */
static const uint8_t *line_of(const work *w, int row)
{
    const fl_taps *rows = w->rows;
    const int16_t *weight = rows->weight + (ptrdiff_t)row * rows->taps;
    const ptrdiff_t from = (ptrdiff_t)w->low * w->image->channels;
    const int count = (w->high - w->low) * w->image->channels;
    int taps = rows->taps;
    if (single(rows, row)) {
        const uint8_t *whole = row_of(w->image, rows->first[row]);
        if (w->course != SUM)
            return whole;
        memcpy(w->line + from, whole + from, (size_t)count); /* behind which sums across may read */
        return w->line;
    }
    while (taps > 2 && weight[taps - 1] == 0 && weight[taps - 2] == 0)
        taps -= 2;
    for (int tap = 0; tap < taps; tap++)
        w->taken[tap] = row_of(w->image, rows->first[row] + tap) + from;
    w->simd->down(w->line + from, w->taken, weight, taps, count);
    return w->line;
}

static inline void pick(uint8_t *out, const uint8_t *line, const fl_taps *columns, size_t channels)
{
    for (int place = 0; place < columns->count; place++)
        memcpy(out + (size_t)place * channels, line + (size_t)columns->first[place] * channels, channels);
}

static void across(const work *w, uint8_t *out, const uint8_t *line)
{
    if (w->course == SUM)
        w->simd->across(out, line, w->columns, w->image->channels);
    else if (w->image->channels == 3) /* a size that compilers know */
        pick(out, line, w->columns, 3);
    else
        pick(out, line, w->columns, (size_t)w->image->channels);
}

static void finish(const work *w, const uint8_t *line, int row, int column)
{
    const int count = w->columns->count;
    if (w->course == RUN) {
        fl_put(w->sink, row, column, line + (ptrdiff_t)w->columns->first[0] * w->image->channels, count);
        return;
    }
    uint8_t *straight = fl_straight(w->sink, row, column);
    across(w, straight == NULL ? w->done : straight, line);
    if (straight == NULL)
        fl_put(w->sink, row, column, w->done, count);
}

int fl_scale(fl_worker *worker, const fl_image *image, const fl_taps *rows, const fl_taps *columns,
             const fl_sink *sink, int top, int left, fl_status *status)
{
    work w = {.simd = fl_simd_here(), .image = image, .rows = rows, .columns = columns, .sink = sink};
    int low, high;
    if (image->channels < 1 || image->channels > 4 || sink->channels != image->channels ||
        !reach(rows, image->height, &low, &high) || !reach(columns, image->width, &w.low, &w.high))
        return fl_fail(status, FL_DECLINED, "no picture to scale: %d x %d x %d", image->height, image->width,
                       image->channels);
    w.high = w.high < image->width - columns->taps ? w.high + columns->taps : image->width;
    if (w.high > INT32_MAX / image->channels || columns->count > INT32_MAX / image->channels)
        return fl_fail(status, FL_DECLINED, "%d pixels are too wide", image->width);
    if (!prepare(worker, &w))
        return fl_fail(status, FL_NO_MEMORY, "no memory for a row of %d pixels", image->width);
    w.course = course_of(columns);
    for (int row = 0; row < rows->count; row++)
        finish(&w, line_of(&w, row), top + row, left);
    return FL_OK;
}
