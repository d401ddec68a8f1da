/* Colour matrices. */
#include "pixels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BITS = 14, ROWS = 3 };

#define LARGE 0x1p44 /* shares: 3 * 255 of them stay below 2**63 */
#define SMALL (1 << 21) /* shares: 3 * 255 of them and one more stay below 2**31 */

static inline uint8_t kept(int64_t number)
{
    return (uint8_t)(number < 0 ? 0 : number > 255 ? 255 : number);
}

static inline void mix_small(uint8_t *out, const uint8_t *in, size_t pixels, int channels, const int64_t *wide,
                             int rows)
{
    int32_t shares[ROWS * 4] = {0};
    for (int place = 0; place < rows * 4; place++)
        shares[place] = (int32_t)wide[place];
    for (; pixels > 0; pixels--, in += channels, out += rows + channels - 3) {
        int32_t red = in[0], green = in[1], blue = in[2];
        for (int row = 0; row < rows; row++) {
            const int32_t *share = shares + 4 * row;
            int32_t sum = red * share[0] + green * share[1] + blue * share[2] + share[3];
            out[row] = kept(sum >> BITS);
        }
        if (channels == 4)
            out[rows] = in[3];
    }
}

#if defined(__SSE2__)
/* The same number of each row, and the next one, as 16 bits in a lane for each row. */
static inline __m128i two_columns(const int64_t *shares, int column, int columns)
{
    int32_t lanes[4] = {0};
    for (int row = 0; row < ROWS; row++)
        lanes[row] = (int32_t)((uint32_t)(uint16_t)shares[4 * row + column] |
                               (columns == 2 ? (uint32_t)shares[4 * row + column + 1] << 16 : 0));
    return _mm_loadu_si128((const __m128i *)lanes);
}

/* Three rows at once, of shares within 16 bits but for the last. A fourth channel is written over the byte that the
   three leave; else that byte is the next pixel's, which is written later. */
static inline void mix_sse2(uint8_t *out, const uint8_t *in, size_t pixels, size_t channels, const int64_t *shares)
{
    const __m128i first = two_columns(shares, 0, 2), blues = two_columns(shares, 2, 1);
    const __m128i last = _mm_set_epi32(0, (int)shares[11], (int)shares[7], (int)shares[3]);
    for (size_t pixel = 0; pixel < pixels; pixel++, in += channels, out += channels) {
        __m128i sums = _mm_add_epi32(_mm_madd_epi16(_mm_set1_epi32(in[0] | in[1] << 16), first),
                                     _mm_madd_epi16(_mm_set1_epi32(in[2]), blues));
        sums = _mm_srai_epi32(_mm_add_epi32(sums, last), BITS);
        sums = _mm_packs_epi32(sums, sums);
        int32_t packed = _mm_cvtsi128_si32(_mm_packus_epi16(sums, sums));
        uint8_t alpha = in[channels - 1];
        memcpy(out, &packed, pixel + 1 < pixels ? 4 : 3);
        if (channels == 4)
            out[3] = alpha;
    }
}
#endif

static int mix_three(uint8_t *out, const uint8_t *in, size_t pixels, int channels, const int64_t *shares)
{
#if defined(__SSE2__)
    for (int place = 0; place < ROWS * 4; place++)
        if (place % 4 != 3 && (shares[place] < INT16_MIN || shares[place] > INT16_MAX))
            return 0;
    if (channels == 3)
        mix_sse2(out, in, pixels, 3, shares);
    else
        mix_sse2(out, in, pixels, 4, shares);
    return 1;
#else
    (void)out, (void)in, (void)pixels, (void)channels, (void)shares;
    return 0;
#endif
}

static void mix_large(uint8_t *out, const uint8_t *in, size_t pixels, int channels, const int64_t *shares, int rows)
{
    for (; pixels > 0; pixels--, in += channels, out += rows + channels - 3) {
        for (int row = 0; row < rows; row++) {
            const int64_t *share = shares + 4 * row;
            out[row] = kept((in[0] * share[0] + in[1] * share[1] + in[2] * share[2] + share[3]) >> BITS);
        }
        if (channels == 4)
            out[rows] = in[3];
    }
}

int fl_mix(uint8_t *out, const uint8_t *in, size_t pixels, int channels, const double *matrix, int rows,
           fl_status *status)
{
    int64_t shares[ROWS * 4] = {0}, largest = 0;
    for (int place = 0; place < rows * 4; place++) {
        double share = rint(matrix[place] * (1 << BITS));
        if (!(fabs(share) <= LARGE))
            return fl_fail(status, FL_DECLINED, "a colour matrix of numbers far beyond any colour");
        shares[place] = (int64_t)share + (place % 4 == 3 ? 1 << (BITS - 1) : 0);
        largest = llabs(shares[place]) > largest ? llabs(shares[place]) : largest;
    }
    if (largest >= SMALL)
        mix_large(out, in, pixels, channels, shares, rows);
    else if (rows == 3 && mix_three(out, in, pixels, channels, shares))
        return FL_OK;
    else if (channels == 3 && rows == 3)
        mix_small(out, in, pixels, 3, shares, 3);
    else if (channels == 3)
        mix_small(out, in, pixels, 3, shares, rows);
    else
        mix_small(out, in, pixels, 4, shares, rows);
    return FL_OK;
}
