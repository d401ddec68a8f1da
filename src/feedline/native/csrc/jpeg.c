/* A region of a JPEG by libjpeg-turbo: no pixel is made that the region and its edges have no use for. */
#include "jpeg_header.h"
#include "jpeg_session.h"

enum { AT_ONCE = 16 };

typedef struct {
    const fl_window *region;
    int channels, reduce, fast;
} wish;

static int inside(const fl_window *region, const struct jpeg_decompress_struct *decompress)
{
    return region->top >= 0 && region->left >= 0 && region->top < region->bottom && region->left < region->right &&
           (JDIMENSION)region->bottom <= decompress->output_height &&
           (JDIMENSION)region->right <= decompress->output_width;
}

static void settle(struct jpeg_decompress_struct *decompress, const wish *asked)
{
    decompress->out_color_space = asked->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    decompress->scale_num = 1;
    decompress->scale_denom = (unsigned)asked->reduce;
    decompress->dct_method = asked->fast ? JDCT_IFAST : JDCT_ISLOW;
    decompress->do_fancy_upsampling = TRUE;
    decompress->do_block_smoothing = FALSE;
}

/* Where a reduced colour has its size neither by its own scale alone nor by sampling alone, libjpeg-turbo before 3.0.3
   takes a wrong width for it when cropping. */
static int is_mixed(const struct jpeg_decompress_struct *decompress, const jpeg_component_info *part)
{
    int side = fl_jpeg_block(part), least = fl_jpeg_least_block(decompress);
    return side != least && part->h_samp_factor * side != decompress->max_h_samp_factor * least;
}

static void leave_if_mixed(struct fl_jpeg *jpeg)
{
    for (int part = 0; part < jpeg->decompress.num_components; part++)
        if (is_mixed(&jpeg->decompress, jpeg->decompress.comp_info + part))
            fl_jpeg_leave(jpeg, "a sampling that is reduced in two ways");
}

/* Whether libjpeg interpolates colours between rows, for which it makes the rows above and below. */
static int looks_around(const struct jpeg_decompress_struct *decompress)
{
    int least = fl_jpeg_least_block(decompress);
    int across = decompress->max_h_samp_factor * least, down = decompress->max_v_samp_factor * least;
    for (int part = 0; part < decompress->num_components; part++) {
        const jpeg_component_info *info = decompress->comp_info + part;
        int wide = info->h_samp_factor * fl_jpeg_block(info), tall = info->v_samp_factor * fl_jpeg_block(info);
        int smooth = wide == across || (2 * wide == across && info->downsampled_width > 2);
        if (info->component_needed && least > 1 && 2 * tall == down && smooth)
            return 1;
    }
    return 0;
}

/* Makes columns from the one before `left` to the one behind `right`, which the interpolation of colours looks at, and
   never so few that libjpeg goes without it; returns the first that is made, which lies where blocks begin. */
static int crop_columns(struct jpeg_decompress_struct *decompress, const fl_window *region)
{
    int width = (int)decompress->output_width;
    int left = region->left - 1 < width - FL_JPEG_LEAST_WIDTH ? region->left - 1 : width - FL_JPEG_LEAST_WIDTH;
    left = left < 0 ? 0 : left;
    int right = region->right + 1 > left + FL_JPEG_LEAST_WIDTH ? region->right + 1 : left + FL_JPEG_LEAST_WIDTH;
    right = right > width ? width : right;
    JDIMENSION first = (JDIMENSION)left, columns = (JDIMENSION)(right - left);
    jpeg_crop_scanline(decompress, &first, &columns);
    return (int)first;
}

static void read_rows(struct fl_jpeg *jpeg, const fl_window *region, uint8_t *pixels, size_t stride)
{
    if (region->top > 0)
        jpeg_skip_scanlines(&jpeg->decompress, (JDIMENSION)region->top);
    for (int row = region->top; row < region->bottom;) {
        JSAMPROW lines[AT_ONCE];
        int wanted = region->bottom - row < AT_ONCE ? region->bottom - row : AT_ONCE;
        for (int line = 0; line < wanted; line++)
            lines[line] = pixels + (size_t)(row - region->top + line) * stride;
        int found = (int)jpeg_read_scanlines(&jpeg->decompress, lines, (JDIMENSION)wanted);
        if (found == 0)
            fl_jpeg_leave(jpeg, "no more rows");
        row += found;
    }
}

/* In units of all colours (iMCUs). Of one scan those rows are read that end with the one of the region's last row of
   pixels; of several scans all. Where libjpeg looks around, it makes pixels from the row above the region on, and the
   next row of units too if the region ends within the last row of colours (1 or 2 rows of pixels) of one. */
static void count(fl_counters *counters, const struct jpeg_decompress_struct *decompress, const fl_window *region,
                  int around)
{
    int height = decompress->max_v_samp_factor * fl_jpeg_least_block(decompress);
    int width = (decompress->num_components == 1 ? 1 : decompress->max_h_samp_factor) * fl_jpeg_least_block(decompress);
    int first = (region->top - (around && region->top > 0)) / height;
    int64_t rows = (int64_t)decompress->output_iMCU_row - first;
    int64_t columns = ((int64_t)decompress->output_width + width - 1) / width;
    counters->pixels_decoded += (int64_t)decompress->output_width * (region->bottom - region->top);
    counters->mcus_decoded += rows * columns;
    counters->mcu_rows_read += decompress->input_iMCU_row;
    counters->mcus_read += (int64_t)decompress->input_iMCU_row * fl_jpeg_units(decompress);
}

static int decode(fl_worker *worker, const fl_header *header, const wish *asked, fl_image *image)
{
    struct fl_jpeg *jpeg = worker->jpeg;
    struct jpeg_decompress_struct *decompress = &jpeg->decompress;
    const fl_window *region = asked->region;
    jpeg_read_header(decompress, TRUE);
    if (decompress->image_width != (JDIMENSION)header->width || decompress->image_height != (JDIMENSION)header->height)
        fl_jpeg_leave(jpeg, "libjpeg finds another size");
    settle(decompress, asked);
    jpeg_start_decompress(decompress);
    if (!inside(region, decompress))
        fl_jpeg_leave(jpeg, "a region that is not inside the picture");
    fl_jpeg_leave_unless_whole(jpeg);
    leave_if_mixed(jpeg);
    int around = looks_around(decompress), rows = region->bottom - region->top;
    int first = crop_columns(decompress, region);
    size_t stride = (size_t)decompress->output_width * (size_t)asked->channels;
    uint8_t *pixels = fl_block(worker, FL_DECODED, stride * (size_t)rows);
    if (pixels == NULL)
        return fl_fail(jpeg->status, FL_NO_MEMORY, "no memory for %d rows of %zu bytes", rows, stride);
    read_rows(jpeg, region, pixels, stride);
    if (decompress->output_scanline == decompress->output_height)
        jpeg_finish_decompress(decompress); /* what lies before the end-of-image marker may be damaged */
    count(&worker->counters, decompress, region, around);
    *image = (fl_image){pixels + (size_t)(region->left - first) * (size_t)asked->channels, rows,
                        region->right - region->left, asked->channels, (ptrdiff_t)stride};
    return FL_OK;
}

int fl_jpeg_decode(fl_worker *worker, const uint8_t *data, size_t size, const fl_window *region, int channels,
                   int reduce, int fast, fl_image *image, fl_status *status)
{
    fl_jpeg_markers markers;
    if (fl_jpeg_walk(data, size, &markers, status) != FL_OK || fl_jpeg_check(&markers.header, status) != FL_OK)
        return status->code;
    if (!fl_jpeg_ends(data, size, markers.scan))
        return fl_fail(status, FL_DECLINED, "no end-of-image marker near the end");
    struct fl_jpeg *jpeg = fl_jpeg_session(worker, status);
    if (jpeg == NULL)
        return status->code;
    const wish asked = {region, channels, reduce, fast};
    fl_jpeg_begin(jpeg, data, size, status);
    status->code = FL_OK;
    if (setjmp(jpeg->back) == 0)
        decode(worker, &markers.header, &asked, image); /* says in the status how it went */
    jpeg_abort_decompress(&jpeg->decompress);
    return status->code;
}
