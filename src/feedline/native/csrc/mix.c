/* Colour matrices. */
#include "pixels.h"

#include <math.h>
#include <stdlib.h>

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
    int32_t shares[ROWS * 4];
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
    int64_t shares[ROWS * 4], largest = 0;
    for (int place = 0; place < rows * 4; place++) {
        double share = rint(matrix[place] * (1 << BITS));
        if (!(fabs(share) <= LARGE))
            return fl_fail(status, FL_DECLINED, "a colour matrix of numbers far beyond any colour");
        shares[place] = (int64_t)share + (place % 4 == 3 ? 1 << (BITS - 1) : 0);
        largest = llabs(shares[place]) > largest ? llabs(shares[place]) : largest;
    }
    if (largest >= SMALL)
        mix_large(out, in, pixels, channels, shares, rows);
    else if (channels == 3 && rows == 3)
        mix_small(out, in, pixels, 3, shares, 3);
    else if (channels == 3)
        mix_small(out, in, pixels, 3, shares, rows);
    else
        mix_small(out, in, pixels, 4, shares, rows);
    return FL_OK;
}
