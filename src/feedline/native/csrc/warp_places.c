/* Where the centres of output pixels lie in the input. */
#include "warp.h"

#include <math.h>
#include <string.h>

#define LEVEL 1e-9 /* depth up to which a plane is seen from its edge */

enum { SHIFT = FL_WARP_PLACE - FL_WARP_FRACTION };

/* What is added to a place: half a unit of the fraction, so that it is rounded, less half a pixel, to its centre. */
static int64_t ahead(const fl_warping *warping)
{
    return warping->filter == FL_NEAREST ? 0 : (1 << (SHIFT - 1)) - (1 << (FL_WARP_PLACE - 1));
}

static int limit_of(const fl_warping *warping, int axis)
{
    return axis == 0 ? warping->image.width : warping->image.height;
}

/* Unsigned, as sums that run over shall do so as those of NumPy. */
static void affine(const fl_warping *warping, int axis, int row, int column, int count, int32_t *places)
{
    uint64_t step = (uint64_t)warping->across[axis];
    uint64_t place = (uint64_t)warping->start[axis] + (uint64_t)row * (uint64_t)warping->down[axis] +
                     (uint64_t)column * step + (uint64_t)ahead(warping);
    int64_t low = -((int64_t)FL_WARP_BEYOND << FL_WARP_PLACE);
    int64_t high = (int64_t)(limit_of(warping, axis) + FL_WARP_BEYOND) << FL_WARP_PLACE;
    int64_t first = (int64_t)place, last = (int64_t)(place + (uint64_t)(count - 1) * step);
    if (first >= low && first <= high && last >= low && last <= high) { /* and so are those between */
        for (int each = 0; each < count; each++, place += step)
            places[each] = (int32_t)(uint32_t)(place >> SHIFT);
        return;
    }
    for (int each = 0; each < count; each++, place += step) {
        int64_t here = (int64_t)place;
        places[each] = (int32_t)((here < low ? low : here > high ? high : here) >> SHIFT);
    }
}

/* Places as whole numbers of 1/2**24, rounded half to even: a float64 of 1.5 * 2**52 has no bits behind the point, and
   those before it are the number's. Plain SSE2 has no other way. */
static void rounded(const double *place, int count, int64_t ahead, int32_t *places)
{
    double sums[FL_WARP_TOGETHER];
    int64_t bits[FL_WARP_TOGETHER], zero;
    const double magic = 0x1.8p52;
    for (int each = 0; each < count; each++)
        sums[each] = place[each] * (1 << FL_WARP_PLACE) + magic;
    memcpy(bits, sums, (size_t)count * sizeof *bits);
    memcpy(&zero, &magic, sizeof zero);
    for (int each = 0; each < count; each++)
        places[each] = (int32_t)(uint32_t)((uint64_t)(bits[each] - zero + ahead) >> SHIFT);
}

/* What output pixels of a row are divided by, and what is added to those behind the horizon: branches would be slower
   than both. */
typedef struct {
    double divisor[FL_WARP_TOGETHER], beyond[FL_WARP_TOGETHER];
} depths;

static void deep(const double *m, int row, int column, int count, depths *depth)
{
    double rest = (row + 0.5) * m[7] + m[8];
    for (int each = 0; each < count; each++) {
        double here = (column + each + 0.5) * m[6] + rest;
        depth->divisor[each] = here > LEVEL ? here : 1.0;
        depth->beyond[each] = here > LEVEL ? 0.0 : INFINITY;
    }
}

static void divided(const fl_warping *warping, int axis, int row, int column, int count, const depths *depth,
                    int32_t *places)
{
    const double *m = warping->back + 3 * axis;
    double along = m[0], rest = (row + 0.5) * m[1] + m[2], found[FL_WARP_TOGETHER];
    double low = -FL_WARP_BEYOND, high = limit_of(warping, axis) + FL_WARP_BEYOND;
    for (int each = 0; each < count; each++) {
        double place = ((column + each + 0.5) * along + rest) / depth->divisor[each] + depth->beyond[each];
        place = place < low ? low : place;
        found[each] = place > high ? high : place;
    }
    rounded(found, count, ahead(warping), places);
}

static void perspective(const fl_warping *warping, int row, int column, int count, int32_t *x, int32_t *y)
{
    depths depth;
    deep(warping->back, row, column, count, &depth);
    divided(warping, 0, row, column, count, &depth, x);
    divided(warping, 1, row, column, count, &depth, y);
}

void fl_warp_places(const fl_warping *warping, int row, int column, int count, int32_t *x, int32_t *y)
{
    if (!warping->affine) {
        perspective(warping, row, column, count, x, y);
        return;
    }
    affine(warping, 0, row, column, count, x);
    affine(warping, 1, row, column, count, y);
}

int fl_warp_inside(const int32_t *place, int count, int limit, int before, int after)
{
    int32_t least = place[0], most = place[0];
    for (int each = 1; each < count; each++) {
        least = place[each] < least ? place[each] : least;
        most = place[each] > most ? place[each] : most;
    }
    return (least >> FL_WARP_FRACTION) >= before && (most >> FL_WARP_FRACTION) < limit - after;
}
