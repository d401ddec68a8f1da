/* Keys' cubic of sixteen pixels: the twin is the filter of native/weights.py at the fractions of native/warping.py. */
#include "warp_sse2.h"

#include <math.h>
#include <pthread.h>

enum { ONE = 1 << FL_WARP_FRACTION, HALF = 1 << (2 * FL_WARP_FRACTION - 1) };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int16_t table[ONE][4];

static double height(double x)
{
    x = fabs(x);
    if (x < 1.0)
        return (1.5 * x - 2.5) * x * x + 1.0;
    return x < 2.0 ? ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0 : 0.0;
}

/* Whole weights, of which the first of the largest takes what rounding left. */
static void fill_table(void)
{
    for (int fraction = 0; fraction < ONE; fraction++) {
        int left = ONE, largest = 0;
        for (int tap = 0; tap < 4; tap++) {
            table[fraction][tap] = (int16_t)rint(height(tap - 1 - fraction / (double)ONE) * ONE);
            left -= table[fraction][tap];
            largest = table[fraction][tap] > table[fraction][largest] ? tap : largest;
        }
        table[fraction][largest] = (int16_t)(table[fraction][largest] + left);
    }
}

const int16_t (*fl_warp_cubic(void))[4]
{
    pthread_once(&once, fill_table);
    return (const int16_t (*)[4])table;
}

static inline uint8_t kept(int sum)
{
    int number = (sum + HALF) >> (2 * FL_WARP_FRACTION);
    return (uint8_t)(number < 0 ? 0 : number > 255 ? 255 : number);
}

/* The sums stay below 2**31: weights of one axis add up to at most 1.25 * 2**11 without their signs. */
static inline void cubic(const uint8_t *const rows[4], const ptrdiff_t columns[4], const int16_t x[4],
                         const int16_t y[4], int channels, uint8_t *out)
{
    for (int channel = 0; channel < channels; channel++) {
        int sum = 0;
        for (int tap = 0; tap < 4; tap++) {
            const uint8_t *line = rows[tap] + channel;
            sum += y[tap] * (line[columns[0]] * x[0] + line[columns[1]] * x[1] + line[columns[2]] * x[2] +
                             line[columns[3]] * x[3]);
        }
        out[channel] = kept(sum);
    }
}

static inline void inner(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out,
                         int channels)
{
    const int16_t(*weights)[4] = fl_warp_cubic();
    const ptrdiff_t columns[4] = {0, channels, 2 * channels, 3 * channels}, stride = image->stride;
    for (int each = 0; each < count; each++, out += channels) {
        ptrdiff_t column = (x[each] >> FL_WARP_FRACTION) - 1, row = (y[each] >> FL_WARP_FRACTION) - 1;
        const uint8_t *first = image->pixels + row * stride + column * channels;
        const uint8_t *rows[4] = {first, first + stride, first + 2 * stride, first + 3 * stride};
        cubic(rows, columns, weights[x[each] & (ONE - 1)], weights[y[each] & (ONE - 1)], channels, out);
    }
}

#if defined(__SSE2__)
/* Sums along a row, of which 16 bytes are read. */
static inline __m128i line_of_four(const uint8_t *row, const int16_t x[4], int channels)
{
    __m128i pixels = _mm_loadu_si128((const __m128i *)row);
    __m128i last = channels == 3 ? _mm_srli_si128(pixels, 6) : _mm_srli_si128(pixels, 8);
    return _mm_add_epi32(_mm_madd_epi16(fl_pairs(pixels, channels), fl_shares(x[0], x[1])),
                         _mm_madd_epi16(fl_pairs(last, channels), fl_shares(x[2], x[3])));
}

static inline __m128i cubic_of_sixteen(const uint8_t *row, ptrdiff_t stride, const int16_t x[4], const int16_t y[4],
                                       int channels)
{
    __m128i first = line_of_four(row, x, channels), second = line_of_four(row + stride, x, channels);
    __m128i third = line_of_four(row + 2 * stride, x, channels), last = line_of_four(row + 3 * stride, x, channels);
    return _mm_add_epi32(fl_two_weighed(first, second, fl_shares(y[0], y[1])), fl_two_weighed(third, last, fl_shares(y[2], y[3])));
}

/* Of 3 channels, the next pixel's first number is written too, before that pixel is. */
static inline void inner_sse2(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out,
                              int channels)
{
    const int16_t(*weights)[4] = fl_warp_cubic();
    for (int each = 0; each < count; each++, out += channels) {
        ptrdiff_t column = (x[each] >> FL_WARP_FRACTION) - 1, row = (y[each] >> FL_WARP_FRACTION) - 1;
        const uint8_t *first = image->pixels + row * image->stride + column * channels;
        __m128i sum = cubic_of_sixteen(first, image->stride, weights[x[each] & (ONE - 1)],
                                       weights[y[each] & (ONE - 1)], channels);
        if (each + 1 < count)
            fl_store_pixel(out, sum, 4);
        else
            fl_store_pixel(out, sum, channels);
    }
}
#endif

static void outer(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
    const int16_t(*weights)[4] = fl_warp_cubic();
    int channels = image->channels;
    for (int each = 0; each < count; each++, out += channels) {
        ptrdiff_t columns[4];
        const uint8_t *rows[4];
        for (int tap = 0; tap < 4; tap++) {
            columns[tap] = (ptrdiff_t)fl_nearest_of((x[each] >> FL_WARP_FRACTION) + tap - 1, image->width) * channels;
            rows[tap] = image->pixels +
                        fl_nearest_of((y[each] >> FL_WARP_FRACTION) + tap - 1, image->height) * image->stride;
        }
        cubic(rows, columns, weights[x[each] & (ONE - 1)], weights[y[each] & (ONE - 1)], channels, out);
    }
}

static void inner_channels(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
#if defined(__SSE2__)
    if (image->channels == 4) {
        inner_sse2(image, x, y, count, out, 4);
        return;
    }
    if (image->channels == 3 && fl_warp_inside(x, count, image->width, 1, 4)) {
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

void fl_warp_bicubic(const fl_image *image, const int32_t *x, const int32_t *y, int count, uint8_t *out)
{
    if (fl_warp_inside(x, count, image->width, 1, 2) && fl_warp_inside(y, count, image->height, 1, 2))
        inner_channels(image, x, y, count, out);
    else
        outer(image, x, y, count, out);
}
