/* Pictures turned as EXIF's orientation says (CIPA DC-008, tag 0x0112). */
#include "codecs.h"

#include <string.h>

enum { TILE = 32 }; /* of a side: two of them lie in the nearest cache */

static int is_transposed(int orientation)
{
    return orientation >= 5;
}

static int ends_left(int orientation) /* where the picture that is stored, or its transpose, begins on the right */
{
    return orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
}

static int ends_above(int orientation) /* ... begins below */
{
    return orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
}

fl_window fl_stored(const fl_window *upright, int orientation, int stored_height, int stored_width)
{
    int rows = is_transposed(orientation) ? stored_width : stored_height;
    int columns = is_transposed(orientation) ? stored_height : stored_width;
    fl_window found = *upright;
    if (ends_above(orientation)) {
        found.top = rows - upright->bottom;
        found.bottom = rows - upright->top;
    }
    if (ends_left(orientation)) {
        found.left = columns - upright->right;
        found.right = columns - upright->left;
    }
    if (is_transposed(orientation))
        return (fl_window){found.left, found.top, found.right, found.bottom};
    return found;
}

/* Where the pixel of row 0 and column 0 lies, and how far it is from one to the next, in bytes. */
typedef struct {
    const uint8_t *first;
    ptrdiff_t down, across;
} steps;

static steps steps_through(const fl_image *image, int orientation)
{
    int transposed = is_transposed(orientation);
    int rows = transposed ? image->width : image->height, columns = transposed ? image->height : image->width;
    steps found = {image->pixels, transposed ? image->channels : image->stride,
                   transposed ? image->stride : image->channels};
    if (ends_above(orientation)) {
        found.first += (rows - 1) * found.down;
        found.down = -found.down;
    }
    if (ends_left(orientation)) {
        found.first += (columns - 1) * found.across;
        found.across = -found.across;
    }
    return found;
}

static inline void copy_row(uint8_t *to, const uint8_t *from, ptrdiff_t across, int count, int channels)
{
    for (int column = 0; column < count; column++, from += across, to += channels)
        for (int channel = 0; channel < channels; channel++)
            to[channel] = from[channel];
}

/* Four bytes in one move, the last of which the next pixel covers; behind the last pixel lies FL_SLACK. */
static void copy_row_of_colours(uint8_t *to, const uint8_t *from, ptrdiff_t across, int count)
{
    for (int column = 0; column < count - 1; column++, from += across, to += 3)
        memcpy(to, from, 4);
    memcpy(to, from, 3);
}

static void copy_part(uint8_t *to, const uint8_t *from, ptrdiff_t across, int count, int channels)
{
    if (across == channels)
        memcpy(to, from, (size_t)count * (size_t)channels);
    else if (channels == 3)
        copy_row_of_colours(to, from, across, count);
    else if (channels == 1)
        copy_row(to, from, across, count, 1);
    else
        copy_row(to, from, across, count, channels);
}

static void copy(const steps *through, const fl_image *upright, int tile)
{
    for (int top = 0; top < upright->height; top += tile) {
        int bottom = upright->height - top < tile ? upright->height : top + tile;
        for (int left = 0; left < upright->width; left += tile) {
            int count = upright->width - left < tile ? upright->width - left : tile;
            for (int row = top; row < bottom; row++)
                copy_part(upright->pixels + row * upright->stride + (ptrdiff_t)left * upright->channels,
                          through->first + row * through->down + left * through->across, through->across, count,
                          upright->channels);
        }
    }
}

int fl_turn(fl_worker *worker, const fl_image *image, int orientation, fl_image *upright, fl_status *status)
{
    if (orientation <= 1 || orientation > 8) {
        *upright = *image;
        return FL_OK;
    }
    int transposed = is_transposed(orientation);
    int height = transposed ? image->width : image->height, width = transposed ? image->height : image->width;
    size_t stride = (size_t)width * (size_t)image->channels;
    uint8_t *pixels = fl_block(worker, FL_UPRIGHT, stride * (size_t)height);
    if (pixels == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for %d rows of %zu bytes", height, stride);
    *upright = (fl_image){pixels, height, width, image->channels, (ptrdiff_t)stride};
    const steps through = steps_through(image, orientation);
    copy(&through, upright, transposed ? TILE : height > width ? height : width);
    return FL_OK;
}
