/* See draw.h. */
#include "draw.h"

#include <math.h>

#include "philox.h"

enum { TRIES = 10 };

void fl_uniform(const fl_key *key, uint32_t operation, uint32_t block, double numbers[4])
{
    const uint32_t counter[4] = {(uint32_t)key->index, (uint32_t)(key->index >> 32), key->epoch,
                                 operation << 16 | block};
    uint32_t words[4];
    fl_philox(counter, key->seed, words);
    for (int place = 0; place < 4; place++)
        numbers[place] = words[place] * 0x1p-32;
}

static int larger(int one, int other)
{
    return one > other ? one : other;
}

static void fill_of(const fl_step *step, uint8_t fill[4])
{
    for (int channel = 0; channel < 4; channel++)
        fill[channel] = (uint8_t)((uint32_t)step->fill >> 8 * channel);
}

static int crop(fl_draft *draft, int top, int left, int height, int width, const uint8_t *fill, fl_status *status)
{
    const fl_matrix moved = fl_shift(-left, -top);
    return fl_move(draft, &moved, height, width, fill, status);
}

static int pad(fl_draft *draft, const fl_step *step, fl_status *status)
{
    const int32_t *sides = step->sides;
    const fl_matrix moved = fl_shift(sides[0], sides[1]);
    uint8_t fill[4];
    fill_of(step, fill);
    return fl_move(draft, &moved, draft->height + sides[1] + sides[3], draft->width + sides[0] + sides[2], fill,
                   status);
}

static int center_crop(fl_draft *draft, const fl_step *step, fl_status *status)
{
    static const uint8_t black[4];
    const int height = step->size[0], width = step->size[1];
    const int down = larger(height - draft->height, 0), across = larger(width - draft->width, 0);
    const int top = (int)rint((draft->height + down - height) / 2.0) - down / 2;
    const int left = (int)rint((draft->width + across - width) / 2.0) - across / 2;
    return crop(draft, top, left, height, width, black, status);
}

static int random_crop(fl_draft *draft, const fl_step *step, const fl_key *key, fl_status *status)
{
    const int32_t *sides = step->sides, height = step->size[0], width = step->size[1];
    double numbers[4];
    if ((sides[0] || sides[1] || sides[2] || sides[3]) && pad(draft, step, status) != FL_OK)
        return status->code;
    if (draft->height < height || draft->width < width)
        return fl_fail(status, FL_DECLINED, "a crop that is larger than its picture");
    fl_uniform(key, (uint32_t)step->operation, 0, numbers);
    const int top = (int)(numbers[0] * (draft->height - height + 1));
    const int left = (int)(numbers[1] * (draft->width - width + 1));
    return crop(draft, top, left, height, width, NULL, status);
}

/* The middle at the nearest allowed ratio, where no try found a window. */
static fl_window middle(const fl_step *step, int height, int width)
{
    const double low = step->numbers[2], high = step->numbers[3], ratio = (double)width / height;
    const int wide = ratio > high ? larger(1, (int)rint(height * high)) : width;
    const int tall = ratio < low ? larger(1, (int)rint(width / low)) : height;
    const int top = (height - tall) / 2, left = (width - wide) / 2;
    return (fl_window){top, left, top + tall, left + wide};
}

static fl_window resized_window(const fl_step *step, const fl_key *key, int height, int width)
{
    const double *given = step->numbers;
    double numbers[4];
    for (uint32_t block = 0; block < TRIES; block++) {
        fl_uniform(key, (uint32_t)step->operation, block, numbers);
        const double area = (double)((int64_t)height * width) * (given[0] + numbers[0] * (given[1] - given[0]));
        const double ratio = exp(given[4] + numbers[1] * (given[5] - given[4]));
        const double wide = rint(sqrt(area * ratio)), tall = rint(sqrt(area / ratio));
        if (0 < wide && wide <= width && 0 < tall && tall <= height) {
            const int top = (int)(numbers[2] * (height - (int)tall + 1));
            const int left = (int)(numbers[3] * (width - (int)wide + 1));
            return (fl_window){top, left, top + (int)tall, left + (int)wide};
        }
    }
    return middle(step, height, width);
}

static int resized_crop(fl_draft *draft, const fl_step *step, const fl_key *key, fl_status *status)
{
    const fl_window window = resized_window(step, key, draft->height, draft->width);
    const int height = window.bottom - window.top, width = window.right - window.left;
    if (height < 1 || width < 1)
        return fl_fail(status, FL_DECLINED, "nothing is left of the picture");
    if (crop(draft, window.top, window.left, height, width, NULL, status) != FL_OK)
        return status->code;
    return fl_resize(draft, step->size[0], step->size[1], (enum fl_filter)step->filter, step->antialias, status);
}

/* int(of * one / other), as Python divides whole numbers. */
static int64_t share(int64_t of, int64_t one, int64_t other)
{
    return (int64_t)((double)(of * one) / (double)other);
}

static int resize(fl_draft *draft, const fl_step *step, fl_status *status)
{
    int64_t shorter = step->size[0], longer = step->size[1];
    const int upright = draft->height <= draft->width;
    const int64_t brief = upright ? draft->height : draft->width, lengthy = upright ? draft->width : draft->height;
    if (shorter > 0 && longer > 0)
        return fl_resize(draft, step->size[0], step->size[1], (enum fl_filter)step->filter, step->antialias, status);
    if (shorter == 0) {
        longer = step->most;
        shorter = share(longer, brief, lengthy);
    } else {
        longer = share(shorter, lengthy, brief);
        if (step->most && longer > step->most) {
            shorter = share(step->most, shorter, longer);
            longer = step->most;
        }
    }
    shorter = shorter < 1 ? 1 : shorter;
    if (longer > INT32_MAX)
        return fl_fail(status, FL_DECLINED, "a side of %lld pixels", (long long)longer);
    const int tall = (int)(upright ? shorter : longer), wide = (int)(upright ? longer : shorter);
    return fl_resize(draft, tall, wide, (enum fl_filter)step->filter, step->antialias, status);
}

static int flip(fl_draft *draft, const fl_step *step, const fl_key *key, fl_status *status)
{
    double numbers[4];
    fl_uniform(key, (uint32_t)step->operation, 0, numbers);
    return numbers[0] < step->numbers[0] ? fl_flip(draft, step->kind == FL_HORIZONTAL_FLIP, status) : FL_OK;
}

static int say(fl_draft *draft, const fl_step *step, const fl_key *key, fl_status *status)
{
    switch (step->kind) {
    case FL_CENTER_CROP:
        return center_crop(draft, step, status);
    case FL_RANDOM_CROP:
        return random_crop(draft, step, key, status);
    case FL_RANDOM_RESIZED_CROP:
        return resized_crop(draft, step, key, status);
    case FL_RESIZE:
        return resize(draft, step, status);
    case FL_HORIZONTAL_FLIP:
    case FL_VERTICAL_FLIP:
        return flip(draft, step, key, status);
    case FL_PAD:
        return pad(draft, step, status);
    default:
        return fl_fail(status, FL_DECLINED, "a step of an unknown kind");
    }
}

static int fits(int32_t number)
{
    return 0 <= number && number <= 1 << 20;
}

int fl_steps_fit(const fl_step *steps, int count)
{
    for (const fl_step *step = steps; step < steps + count; step++) {
        int good = fits(step->size[0]) && fits(step->size[1]) && fits(step->most) && fits(step->operation);
        good = good && FL_NEAREST <= step->filter && step->filter <= FL_BICUBIC;
        for (int each = 0; each < 4; each++)
            good = good && fits(step->sides[each]);
        for (int each = 0; each < 6; each++)
            good = good && isfinite(step->numbers[each]);
        if (!good)
            return 0;
    }
    return 1;
}

int fl_plan_steps(const fl_step *steps, int count, const fl_key *key, const fl_picture *picture, fl_plan *plan,
                  fl_status *status)
{
    fl_draft draft;
    fl_begin(&draft, picture->height, picture->width);
    for (int step = 0; step < count; step++)
        if (say(&draft, &steps[step], key, status) != FL_OK)
            return status->code;
    return fl_finish(&draft, picture, plan, status);
}
