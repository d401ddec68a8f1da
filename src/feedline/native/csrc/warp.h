/* Pictures under a matrix that turns them; the twin is native/warping.py. uint8, 1 to 4 channels. */
#ifndef FEEDLINE_WARP_H
#define FEEDLINE_WARP_H

#include "resample.h"

enum {
    FL_WARP_PLACE = 24,      /* bits behind the point of a place in the picture */
    FL_WARP_FRACTION = 11,   /* of these, the bits that choose the weights */
    FL_WARP_TOGETHER = 128,  /* output pixels whose places are found together */
    FL_WARP_BEYOND = 8,      /* pixels from the edge, behind which everything is the outermost pixel */
    FL_WARP_LARGEST = 1 << 19, /* pixels of a side: places with their fractions fit 32 bits */
};

/* One warp, ready for its rows: x and y in pairs. */
typedef struct {
    fl_image image;
    enum fl_filter filter;
    int affine;
    int64_t start[2], across[2], down[2]; /* affine: of the first centre, to the next column and row, in 1/2**24 pixel */
    double back[9];                       /* perspective: as given */
} fl_warping;

/* FL_DECLINED: numbers that are none or far beyond any picture, or an image without pixels or too large. */
int fl_warp_begin(fl_warping *warping, const fl_image *image, const double back[9], enum fl_filter filter,
                  fl_status *status);

/* `count` pixels of output row `row` from `column` on, channels interleaved. Needs no memory and cannot fail. */
void fl_warp_row(const fl_warping *warping, int row, int column, int count, uint8_t *out);

/* All rows of `out`, whose channels are those of the image. */
int fl_warp(const fl_image *image, const double back[9], enum fl_filter filter, const fl_image *out,
            fl_status *status);

/* Where up to FL_WARP_TOGETHER output pixels lie in the input, in 1/2**11 pixel: for nearest of the pixel's corner,
   else of its centre. Further than FL_WARP_BEYOND pixels from the picture all places are one. */
void fl_warp_places(const fl_warping *warping, int row, int column, int count, int32_t *x, int32_t *y);

/* The pixels at these places. */
void fl_warp_nearest(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out);
void fl_warp_bilinear(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out);
void fl_warp_bicubic(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out);

/* 2048 x 4 weights of the taps at -1 to 2, shares of 2**11. */
const int16_t (*fl_warp_cubic(void))[4];

/* Whether pixel and its neighbours from -before to +after lie in the picture, for all places. */
int fl_warp_inside(const int32_t *place, int count, int limit, int before, int after);

/* The pixel of an axis of `limit` that lies nearest. */
static inline int fl_nearest_of(int pixel, int limit)
{
    return pixel < 0 ? 0 : pixel < limit ? pixel : limit - 1;
}

#endif
