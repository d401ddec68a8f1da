/* The nearest pixel, and the mean of four by how near they lie. */
#include "warp_sse2.h"

enum { ONE = 1 << FL_WARP_FRACTION, HALF = 1 << (2 * FL_WARP_FRACTION - 1) };

static inline void nearest(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out,
                           int channels)
{
    for (int each = 0; each < count; each++, out += channels) {
        int row = fl_nearest_of(y[each] >> FL_WARP_FRACTION, image->height);
        int column = fl_nearest_of(x[each] >> FL_WARP_FRACTION, image->width);
        const uint8_t *pixel = image->pixels + row * image->stride + (ptrdiff_t)column * channels;
        for (int channel = 0; channel < channels; channel++)
            out[channel] = pixel[channel];
    }
}

void fl_warp_nearest(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
    switch (image->channels) { /* numbers that the compiler knows make loops that it unrolls */
    case 1: nearest(image, x, y, count, out, 1); break;
    case 3: nearest(image, x, y, count, out, 3); break;
    default: nearest(image, x, y, count, out, image->channels);
    }
}

/* Sums are exact, so that any order gives the twin's. */
static inline void mean(const uint8_t *top, const uint8_t *bottom, ptrdiff_t right, int x, int y, int channels,
                        uint8_t *out)
{
    for (int channel = 0; channel < channels; channel++) {
        int above = top[channel] * ONE + (top[channel + right] - top[channel]) * x;
        int below = bottom[channel] * ONE + (bottom[channel + right] - bottom[channel]) * x;
        out[channel] = (uint8_t)((above * ONE + (below - above) * y + HALF) >> (2 * FL_WARP_FRACTION));
    }
}

static inline void inner(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out,
                         int channels)
{
    for (int each = 0; each < count; each++, out += channels) {
        ptrdiff_t column = x[each] >> FL_WARP_FRACTION, row = y[each] >> FL_WARP_FRACTION;
        const uint8_t *top = image->pixels + row * image->stride + column * channels;
        mean(top, top + image->stride, channels, x[each] & (ONE - 1), y[each] & (ONE - 1), channels, out);
    }
}

#if defined(__SSE2__)
/* 8 bytes are read from each row. */
static inline __m128i mean_of_four(const uint8_t *top, const uint8_t *bottom, int x, int y, int channels)
{
    __m128i across = fl_shares(ONE - x, x);
    __m128i above = _mm_madd_epi16(fl_pairs(_mm_loadl_epi64((const __m128i *)top), channels), across);
    __m128i below = _mm_madd_epi16(fl_pairs(_mm_loadl_epi64((const __m128i *)bottom), channels), across);
    return fl_two_weighed(above, below, fl_shares(ONE - y, y));
}

/* Of 3 channels, the next pixel's first number is written too, before that pixel is. */
static inline void inner_sse2(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out,
                              int channels)
{
    for (int each = 0; each < count; each++, out += channels) {
        ptrdiff_t column = x[each] >> FL_WARP_FRACTION, row = y[each] >> FL_WARP_FRACTION;
        const uint8_t *top = image->pixels + row * image->stride + column * channels;
        __m128i sum = mean_of_four(top, top + image->stride, x[each] & (ONE - 1), y[each] & (ONE - 1), channels);
        if (each + 1 < count)
            fl_store_pixel(out, sum, 4);
        else
            fl_store_pixel(out, sum, channels);
    }
}
#endif

static void outer(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
    int channels = image->channels;
    for (int each = 0; each < count; each++, out += channels) {
        int column = x[each] >> FL_WARP_FRACTION, row = y[each] >> FL_WARP_FRACTION;
        ptrdiff_t left = fl_nearest_of(column, image->width), right = fl_nearest_of(column + 1, image->width);
        ptrdiff_t top = fl_nearest_of(row, image->height), bottom = fl_nearest_of(row + 1, image->height);
        const uint8_t *pixel = image->pixels + left * channels;
        mean(pixel + top * image->stride, pixel + bottom * image->stride, (right - left) * channels,
             x[each] & (ONE - 1), y[each] & (ONE - 1), channels, out);
    }
}

static void inner_channels(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
#if defined(__SSE2__)
    if (image->channels == 4) {
        inner_sse2(image, x, y, count, out, 4);
        return;
    }
    if (image->channels == 3 && fl_warp_inside(x, count, image->width, 0, 2)) {
        inner_sse2(image, x, y, count, out, 3);
        return;
    }
#endif
    switch (image->channels) {
    case 1: inner(image, x, y, count, out, 1); break;
    case 2: inner(image, x, y, count, out, 2); break;
    case 3: inner(image, x, y, count, out, 3); break;
    default: inner(image, x, y, count, out, 4);
    }
}

void fl_warp_bilinear(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
    if (fl_warp_inside(x, count, image->width, 0, 1) && fl_warp_inside(y, count, image->height, 0, 1))
        inner_channels(image, x, y, count, out);
    else
        outer(image, x, y, count, out);
}
