/* Which pixels an output pixel is made of, and how much of each: weights.py, float64 step by float64 step. */
#include "resample.h"

#include <math.h>
#include <string.h>

enum {
    WHOLE = 1 << 14, /* what the weights of a pixel add up to */
    MANY = 256,      /* taps above which running sums are rounded, so that no tap towers */
    TOGETHER = 64,   /* output pixels that are weighed at once */
};
#define INLINE static inline __attribute__((always_inline)) /* so that AVX2 has them its own way */
#define FARTHEST 1073741824.0 /* pixels that a filter may reach */

/* What weighs an axis. Arrays of a group of pixels lie tap by tap, so that neighbours are worked on together. */
typedef struct {
    const fl_grid *grid;
    enum fl_filter filter;
    double reach, span; /* span: taps of a pixel before any is left out, also beyond the input */
    int limit, columns; /* columns: taps that there is room for: all, or of MANY those within the input */
    int stride;         /* places for the weights of a pixel, until their number is known */
    double *share;      /* columns of a group, or of a single pixel */
    int32_t *whole;     /* the same */
    int32_t *first;
    int16_t *weight;
} weighing;

INLINE double centre_of(const weighing *w, int place)
{
    return w->grid->start + (place + 0.5) * w->grid->step;
}

INLINE double clipped(double value, double low, double high)
{
    value = value > low ? value : low;
    return value < high ? value : high;
}

INLINE double triangle(double x)
{
    double height = 1.0 - fabs(x);
    return height > 0.0 ? height : 0.0;
}

INLINE double cubic(double x)
{
    x = fabs(x);
    double near = (1.5 * x - 2.5) * x * x + 1.0;
    double far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0;
    return x < 1.0 ? near : x < 2.0 ? far : 0.0;
}

/* To the nearest whole number, halves to the even one, as rint; without a call, so that compilers do several at once.
   The sum has no bits left behind the point. */
INLINE double rounded(double value)
{
    return (value + 0x1.8p52) - 0x1.8p52;
}

/* The heights of one tap of each pixel; `low` and `centre` are theirs. */
INLINE void heights(const weighing *w, int tap, const double *low, const double *centre, double *share)
{
    double width = w->grid->width, limit = w->limit;
    if (w->filter == FL_BILINEAR)
        for (int i = 0; i < TOGETHER; i++)
            share[i] = triangle((low[i] + tap + 0.5 - centre[i]) / width);
    else
        for (int i = 0; i < TOGETHER; i++)
            share[i] = cubic((low[i] + tap + 0.5 - centre[i]) / width);
    for (int i = 0; i < TOGETHER; i++) {
        double inside = low[i] + tap >= 0.0 && low[i] + tap < limit ? 1.0 : 0.0;
        share[i] = inside * share[i];
    }
}

/* Whole numbers of the group's shares, the first of the largest taking what rounding left. */
INLINE void make_whole(const weighing *w, const double *total)
{
    int32_t left[TOGETHER], best[TOGETHER], where[TOGETHER];
    for (int i = 0; i < TOGETHER; i++) {
        left[i] = WHOLE;
        best[i] = INT32_MIN;
        where[i] = 0;
    }
    for (int tap = 0; tap < w->columns; tap++) {
        const double *share = w->share + (size_t)tap * TOGETHER;
        int32_t *whole = w->whole + (size_t)tap * TOGETHER;
        for (int i = 0; i < TOGETHER; i++)
            whole[i] = (int32_t)rounded(share[i] / total[i] * WHOLE);
        for (int i = 0; i < TOGETHER; i++) {
            left[i] -= whole[i];
            where[i] = whole[i] > best[i] ? tap : where[i];
            best[i] = whole[i] > best[i] ? whole[i] : best[i];
        }
    }
    for (int i = 0; i < TOGETHER; i++)
        w->whole[(size_t)where[i] * TOGETHER + i] += left[i];
}

/* One pixel's weights to their place, from the first that is not 0 to the last; returns how many these are. */
static int store(const weighing *w, int place, double low, const int32_t *whole, int step, int columns)
{
    int from = 0, to = columns;
    while (from < columns - 1 && whole[(size_t)from * step] == 0)
        from++;
    while (to > from + 1 && whole[(size_t)(to - 1) * step] == 0)
        to--;
    int16_t *weight = w->weight + (size_t)place * w->stride;
    w->first[place] = (int32_t)low + from;
    for (int tap = 0; tap < to - from; tap++)
        weight[tap] = (int16_t)whole[(size_t)(from + tap) * step];
    for (int tap = to - from; tap < w->stride; tap++)
        weight[tap] = 0;
    return to - from;
}

/* Weighs up to TOGETHER pixels; returns the most taps of any. */
INLINE int weigh_group(const weighing *w, int place, int count)
{
    double low[TOGETHER], centre[TOGETHER], total[TOGETHER] = {0};
    for (int i = 0; i < TOGETHER; i++) {
        centre[i] = clipped(centre_of(w, place + (i < count ? i : 0)), 0.0, w->limit);
        low[i] = floor(centre[i] - w->reach + 0.5);
    }
    for (int tap = 0; tap < w->columns; tap++) {
        double *share = w->share + (size_t)tap * TOGETHER;
        heights(w, tap, low, centre, share);
        for (int i = 0; i < TOGETHER; i++)
            total[i] += share[i];
    }
    make_whole(w, total);
    int most = 0;
    for (int i = 0; i < count; i++) {
        int taps = store(w, place + i, low[i], w->whole + i, TOGETHER, w->columns);
        most = taps > most ? taps : most;
    }
    return most;
}

static int weigh_group_here(const weighing *w, int place, int count)
{
    return weigh_group(w, place, count);
}

#if defined(__x86_64__)
/* The same steps with four doubles to a register. */
__attribute__((target("avx2"))) static int weigh_group_avx2(const weighing *w, int place, int count)
{
    return weigh_group(w, place, count);
}
#else
static int weigh_group_avx2(const weighing *w, int place, int count)
{
    return weigh_group(w, place, count);
}
#endif

/* Weighs one pixel of many taps by running sums; those beyond the input, which are 0, are left out at once. */
static int weigh_many(const weighing *w, int place)
{
    double centre = clipped(centre_of(w, place), 0.0, w->limit), total = 0.0, running = 0.0;
    double low = floor(centre - w->reach + 0.5), from = low > 0.0 ? low : 0.0;
    double end = low + w->span < w->limit ? low + w->span : w->limit;
    int count = (int)(end - from);
    int32_t before = 0;
    for (int tap = 0; tap < count; tap++) {
        double x = (from + tap + 0.5 - centre) / w->grid->width;
        w->share[tap] = w->filter == FL_BILINEAR ? triangle(x) : cubic(x);
        total += w->share[tap];
    }
    for (int tap = 0; tap < count; tap++) {
        running += w->share[tap] / total;
        int32_t sum = tap == count - 1 ? WHOLE : (int32_t)floor(running * WHOLE + 0.5);
        w->whole[tap] = sum - before;
        before = sum;
    }
    return store(w, place, from, w->whole, 1, count);
}

/* Moves the rows of weights together, once it is known how many taps each needs. */
static void compact(int16_t *weight, int count, int stride, int taps)
{
    for (int place = 1; place < count && taps < stride; place++)
        memmove(weight + (size_t)place * taps, weight + (size_t)place * stride, (size_t)taps * sizeof *weight);
}

static int reserve(fl_worker *worker, enum fl_block block, weighing *w, int places, fl_taps *taps)
{
    size_t count = (size_t)w->grid->count, each = (size_t)w->stride * sizeof(int16_t) + sizeof(int32_t);
    size_t shares = (size_t)places * w->columns;
    if (count > SIZE_MAX / each / 2 || shares > SIZE_MAX / 32)
        return 0;
    taps->first = w->first = fl_block(worker, block, count * each);
    w->share = fl_block(worker, FL_SHARES, shares * (sizeof(double) + sizeof(int32_t)));
    if (w->first == NULL || w->share == NULL)
        return 0;
    taps->weight = w->weight = (int16_t *)(w->first + count);
    w->whole = (int32_t *)(w->share + shares);
    return 1;
}

static void weigh_nearest(const weighing *w)
{
    for (int place = 0; place < w->grid->count; place++) {
        w->first[place] = (int32_t)clipped(floor(centre_of(w, place)), 0.0, w->limit - 1);
        w->weight[2 * (size_t)place] = WHOLE;
        w->weight[2 * (size_t)place + 1] = 0;
    }
}

static int weigh_all(const weighing *w)
{
    int (*const group)(const weighing *, int, int) = fl_simd_here()->doubles == 4 ? weigh_group_avx2 : weigh_group_here;
    int most = 1;
    for (int place = 0, taps; place < w->grid->count; place += w->span > MANY ? 1 : TOGETHER) {
        int left = w->grid->count - place;
        taps = w->span > MANY ? weigh_many(w, place) : group(w, place, left < TOGETHER ? left : TOGETHER);
        most = taps > most ? taps : most;
    }
    return most;
}

int fl_weigh(fl_worker *worker, enum fl_block block, const fl_grid *grid, int limit, enum fl_filter filter,
             fl_taps *taps, fl_status *status)
{
    weighing w = {.grid = grid, .filter = filter, .limit = limit, .stride = 2};
    w.reach = (filter == FL_BICUBIC ? 2.0 : 1.0) * grid->width;
    double last = centre_of(&w, grid->count - 1);
    if (grid->count < 1 || limit < 1 || !(grid->width >= 1.0) || !(w.reach <= FARTHEST) || !isfinite(grid->start) ||
        !isfinite(grid->step) || !isfinite(last))
        return fl_fail(status, FL_DECLINED, "no grid of pixels: %d from %g in steps of %g, %g wide", grid->count,
                       grid->start, grid->step, grid->width);
    if (filter != FL_NEAREST) {
        w.span = 2.0 * ceil(w.reach) + 1.0;
        w.columns = w.span > MANY && w.span > limit ? limit : (int)w.span;
        w.stride = ((w.columns < limit ? w.columns : limit) + 1) & ~1;
    }
    if (!reserve(worker, block, &w, w.span > MANY ? 1 : TOGETHER, taps))
        return fl_fail(status, FL_NO_MEMORY, "no memory for the weights of %d pixels", grid->count);
    taps->count = grid->count;
    taps->taps = 2;
    if (filter == FL_NEAREST) {
        weigh_nearest(&w);
        return FL_OK;
    }
    taps->taps = (weigh_all(&w) + 1) & ~1;
    compact(w.weight, grid->count, w.stride, taps->taps);
    return FL_OK;
}
