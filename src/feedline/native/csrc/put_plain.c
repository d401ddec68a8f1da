/* Finished rows to floats and to planes in plain C. */
#include "simd.h"

void fl_to_float_plain(float *out, const uint8_t *in, int count, int channels, const float *levels,
                       const double *line, int passing)
{
    (void)line, (void)passing;
    if (channels == 3) /* by far the most pictures */
        for (int i = 0; i < count; i++, in += 3, out += 3) {
            out[0] = levels[in[0]];
            out[1] = levels[256 + in[1]];
            out[2] = levels[512 + in[2]];
        }
    else if (channels == 1)
        for (int i = 0; i < count; i++)
            out[i] = levels[in[i]];
    else
        for (int i = 0; i < count; i++)
            for (int channel = 0; channel < channels; channel++)
                *out++ = levels[256 * channel + *in++];
}

/* One after the other, `from` being a multiple of FL_REPEAT. */
static void affine_to(float *out, const uint8_t *in, int from, int to, const float *factor, const float *offset)
{
    for (int i = from; i < to; i++)
        out[i] = (float)in[i] * factor[i - from] + offset[i - from];
}

void fl_affine_plain(float *out, const uint8_t *in, int count, const float *factor, const float *offset)
{
    int at = 0;
    for (; at + FL_REPEAT <= count; at += FL_REPEAT)
        for (int i = 0; i < FL_REPEAT; i++)
            out[at + i] = (float)in[at + i] * factor[i] + offset[i];
    affine_to(out, in, at, count, factor, offset);
}

void fl_pick_plain(uint8_t *out, const uint8_t *in, int count, int channels)
{
    for (int i = 0; i < count; i++)
        out[i] = in[(ptrdiff_t)i * channels];
}
