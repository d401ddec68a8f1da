/* A warp from its matrix to its rows. */
#include "warp.h"

#include <math.h>

#define STEEP 1048576.0   /* pixels of the input from one of the output to the next; more is no picture */
#define FAR 1073741824.0  /* pixels; nothing lies further */
#define LARGE 0x1p500     /* no sum or product of a few such numbers is infinite */

enum { FEW = 16 }; /* pixels that are looked at together, whether all lie within the picture */

static double within(double number, double limit)
{
    return number < -limit ? -limit : number > limit ? limit : number;
}

/* A number of pixels as a whole number of 1/2**24; it is finite. */
static int64_t whole(double number, double limit)
{
    return (int64_t)rint(within(number, limit) * (1 << FL_WARP_PLACE));
}

static int begin_affine(fl_warping *warping, const double m[9], fl_status *status)
{
    for (int axis = 0; axis < 2 && m[8] != 0.0; axis++) {
        const double *row = m + 3 * axis;
        double across = row[0] / m[8], down = row[1] / m[8], start = (row[2] + (row[0] + row[1]) / 2) / m[8];
        if (isnan(across) || isnan(down) || isnan(start))
            return fl_fail(status, FL_DECLINED, "a matrix of numbers that are none");
        warping->across[axis] = whole(across, STEEP);
        warping->down[axis] = whole(down, STEEP);
        warping->start[axis] = whole(start, FAR);
    }
    return m[8] != 0.0 ? FL_OK : fl_fail(status, FL_DECLINED, "a matrix that divides by 0");
}

static int begin_perspective(fl_warping *warping, const double m[9], fl_status *status)
{
    for (int place = 0; place < 9; place++) {
        if (!(fabs(m[place]) <= LARGE))
            return fl_fail(status, FL_DECLINED, "a matrix of numbers that are none");
        warping->back[place] = m[place];
    }
    return FL_OK;
}

int fl_warp_begin(fl_warping *warping, const fl_image *image, const double back[9], enum fl_filter filter,
                  fl_status *status)
{
    if (image->height < 1 || image->width < 1 || image->channels < 1 || image->channels > 4)
        return fl_fail(status, FL_DECLINED, "no picture of 1 to 4 channels");
    if (image->height > FL_WARP_LARGEST || image->width > FL_WARP_LARGEST)
        return fl_fail(status, FL_DECLINED, "a picture of more than %d pixels on a side", FL_WARP_LARGEST);
    *warping = (fl_warping){.image = *image, .filter = filter, .affine = back[6] == 0.0 && back[7] == 0.0};
    return warping->affine ? begin_affine(warping, back, status) : begin_perspective(warping, back, status);
}

static void weigh(const fl_warping *warping, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
    if (warping->filter == FL_NEAREST)
        fl_warp_nearest(&warping->image, x, y, count, out);
    else if (warping->filter == FL_BILINEAR)
        fl_warp_bilinear(&warping->image, x, y, count, out);
    else
        fl_warp_bicubic(&warping->image, x, y, count, out);
}

static void some(const fl_warping *warping, int row, int column, int count, uint8_t *out)
{
    int32_t x[FL_WARP_TOGETHER], y[FL_WARP_TOGETHER];
    fl_warp_places(warping, row, column, count, x, y);
    for (int done = 0; done < count; done += FEW) {
        int now = count - done < FEW ? count - done : FEW;
        weigh(warping, x + done, y + done, now, out + done * warping->image.channels);
    }
}

void fl_warp_row(const fl_warping *warping, int row, int column, int count, uint8_t *out)
{
    for (int done = 0; done < count; done += FL_WARP_TOGETHER) {
        int now = count - done < FL_WARP_TOGETHER ? count - done : FL_WARP_TOGETHER;
        some(warping, row, column + done, now, out + (ptrdiff_t)done * warping->image.channels);
    }
}

int fl_warp(const fl_image *image, const double back[9], enum fl_filter filter, const fl_image *out,
            fl_status *status)
{
    fl_warping warping;
    if (fl_warp_begin(&warping, image, back, filter, status) != FL_OK)
        return status->code;
    for (int row = 0; row < out->height; row++)
        fl_warp_row(&warping, row, 0, out->width, out->pixels + row * out->stride);
    return FL_OK;
}
