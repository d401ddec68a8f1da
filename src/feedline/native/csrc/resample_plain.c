/* Resampling in plain C: what the others equal to the bit. */
#include "simd.h"

void fl_down_plain(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count)
{
    for (int i = 0; i < count; i++) {
        int32_t sum = 0;
        for (int tap = 0; tap < taps; tap++)
            sum += rows[tap][i] * weight[tap];
        out[i] = fl_rounded(sum);
    }
}

void fl_across_plain(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels)
{
    for (int place = 0; place < columns->count; place++) {
        const uint8_t *from = row + (ptrdiff_t)columns->first[place] * channels;
        const int16_t *weight = columns->weight + (ptrdiff_t)place * columns->taps;
        for (int channel = 0; channel < channels; channel++) {
            int32_t sum = 0;
            for (int tap = 0; tap < columns->taps; tap++)
                sum += from[tap * channels + channel] * weight[tap];
            *out++ = fl_rounded(sum);
        }
    }
}

const fl_simd fl_simd_plain = {
    "plain", fl_down_plain, fl_across_plain, fl_to_float_plain, fl_affine_plain, fl_pick_plain, 1,
};
