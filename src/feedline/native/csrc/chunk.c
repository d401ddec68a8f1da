/* See chunk.h. */
#include "chunk.h"

#include <string.h>
#include <time.h>

#include "codecs.h"
#include "jpeg_tiles.h"
#include "place.h"

int64_t fl_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* The time since it was asked last goes to an account. */
static void lap(int64_t *account, int64_t *last)
{
    const int64_t time = fl_now();
    *account += time - *last;
    *last = time;
}

static int plan(const fl_job *job, int64_t index, const fl_picture *picture, fl_plan *planned, fl_status *status)
{
    const fl_key key = {job->seed, (uint64_t)index, job->epoch};
    if (fl_plan_steps(job->steps, job->count, &key, picture, planned, status) != FL_OK)
        return status->code;
    if (planned->height != job->height || planned->width != job->width)
        return fl_fail(status, FL_DECLINED, "a picture of another size than the batch has");
    return FL_OK;
}

enum { FEW = 4096 }; /* bytes of a file that is decoded as a whole: planned.py's _SMALL */
enum { SHORT = 1 << 10, SMALL = 1 << 16 }; /* bytes of a row, and of a picture */

static fl_sink sink_of(const fl_job *job, int place)
{
    fl_sink sink = job->sink;
    sink.data = (char *)sink.data + place * job->place;
    sink.passing &= sink.row >= SHORT; /* half a line of the cache passes it slowly */
    return sink;
}

static fl_window within(fl_window window, fl_window origin)
{
    return (fl_window){window.top - origin.top, window.left - origin.left, window.bottom - origin.top,
                       window.right - origin.left};
}

static int scaled(fl_worker *worker, const fl_plan *planned, const fl_image *part, const fl_sink *sink,
                  fl_status *status)
{
    const fl_grid down = {planned->height, planned->row_start, planned->row_step, planned->row_width};
    const fl_grid across = {planned->width, planned->column_start, planned->column_step, planned->column_width};
    const enum fl_filter filter = (enum fl_filter)planned->filter;
    fl_taps rows, columns;
    worker->counters.resamplings++;
    if (fl_weigh(worker, FL_ROWS, &down, part->height, filter, &rows, status) != FL_OK ||
        fl_weigh(worker, FL_COLUMNS, &across, part->width, filter, &columns, status) != FL_OK)
        return status->code;
    return fl_scale(worker, part, &rows, &columns, sink, 0, 0, status);
}

static int copied(fl_worker *worker, const fl_plan *planned, const fl_image *part, const fl_sink *sink,
                  fl_status *status)
{
    const fl_window window = within(planned->window, planned->needed), frame = within(planned->frame, planned->needed);
    return fl_place(worker, part, &window, 0, planned->flip_rows, planned->flip_columns, &frame, planned->fill, sink,
                    planned->height, planned->width, status);
}

/* A copy; small ones turn to float as a whole, which is faster than row by row. */
static int placed(fl_worker *worker, const fl_job *job, const fl_plan *planned, const fl_image *part,
                  const fl_sink *sink, fl_status *status)
{
    const int channels = sink->channels;
    const ptrdiff_t row = (ptrdiff_t)planned->width * channels, size = planned->height * row;
    if (sink->levels == NULL || !job->whole || sink->channel != sizeof(float) || size > SMALL)
        return copied(worker, planned, part, sink, status);
    uint8_t *small = fl_block(worker, FL_SMALL, (size_t)size);
    const fl_sink bytes = {.data = small, .channels = channels, .row = row, .column = channels, .channel = 1};
    if (small == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for a small picture");
    if (copied(worker, planned, part, &bytes, status) == FL_OK)
        fl_simd_here()->to_float(sink->data, small, (int)(size / channels), channels, sink->levels, sink->line,
                                 job->sink.passing);
    return status->code;
}

/* `part` is what the plan needs of the picture. */
static int transform(fl_worker *worker, const fl_job *job, const fl_plan *planned, const fl_image *part,
                     const fl_sink *sink, fl_status *status)
{
    worker->counters.float_passes += sink->levels != NULL;
    if (planned->kind == FL_SCALE)
        return scaled(worker, planned, part, sink, status);
    worker->counters.copies += planned->kind == FL_COPY;
    return placed(worker, job, planned, part, sink, status);
}

static int whole_jpeg(const uint8_t *data, size_t size)
{
    return size > 2 && data[0] == 0xFF && data[1] == 0xD8;
}

static int run_jpeg(fl_worker *worker, const fl_job *job, int64_t index, const fl_sink *sink, const uint8_t *data,
                    size_t size, const uint32_t *offsets, int count, int64_t *last, fl_status *status)
{
    fl_header header;
    fl_plan planned;
    fl_image stored, upright;
    if (fl_jpeg_header(data, size, &header, status) != FL_OK)
        return status->code;
    const int turned = header.orientation >= 5;
    const fl_picture picture = {turned ? header.width : header.height, turned ? header.height : header.width,
                                header.orientation, job->fast && size > FEW};
    if (plan(job, index, &picture, &planned, status) != FL_OK)
        return status->code;
    const int step = planned.reduce, height = (header.height + step - 1) / step, width = (header.width + step - 1) / step;
    const fl_window region = fl_stored(&planned.needed, header.orientation, height, width);
    if (fl_jpeg_decode_tiles(worker, data, size, offsets, count, &region, job->channels, step, 0, &stored, status) !=
            FL_OK ||
        fl_turn(worker, &stored, header.orientation, &upright, status) != FL_OK)
        return status->code;
    lap(&worker->times.decode, last);
    return transform(worker, job, &planned, &upright, sink, status);
}

/* Grey serves as three channels. */
static int serves(int channels, int asked)
{
    return channels == asked || (channels == 1 && asked == 3);
}

/* A grey picture, as three equal channels. */
static int colours(fl_worker *worker, fl_image *grey, fl_status *status)
{
    uint8_t *out = fl_block(worker, FL_COLOURS, (size_t)grey->height * (size_t)grey->width * 3);
    if (out == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for a picture");
    const fl_image made = {out, grey->height, grey->width, 3, (ptrdiff_t)grey->width * 3};
    for (int row = 0; row < grey->height; row++)
        for (int column = 0; column < grey->width; column++, out += 3)
            out[0] = out[1] = out[2] = grey->pixels[row * grey->stride + column];
    *grey = made;
    return FL_OK;
}

static fl_image part_of(const fl_image *image, const fl_window *needed)
{
    fl_image part = *image;
    part.pixels += needed->top * image->stride + (ptrdiff_t)needed->left * image->channels;
    part.height = needed->bottom - needed->top;
    part.width = needed->right - needed->left;
    return part;
}

static int run_pixels(fl_worker *worker, const fl_job *job, int64_t index, const fl_sink *sink, const fl_image *image,
                      fl_status *status)
{
    const fl_picture picture = {.height = image->height, .width = image->width, .orientation = 1};
    fl_plan planned;
    if (!serves(image->channels, job->channels))
        return fl_fail(status, FL_DECLINED, "%d channels where %d are asked for", image->channels, job->channels);
    if (plan(job, index, &picture, &planned, status) != FL_OK)
        return status->code;
    fl_image part = part_of(image, &planned.needed);
    if (part.channels != job->channels && colours(worker, &part, status) != FL_OK)
        return status->code;
    return transform(worker, job, &planned, &part, sink, status);
}

/* Of a PNG, by the colour type in its first chunk; 0 of what is none. */
static int png_channels(const uint8_t *data, size_t size)
{
    static const int channels[] = {1, 0, 3, 3, 2, 0, 4};
    enum { TYPE = 25 };
    return size > TYPE && data[0] == 0x89 && data[TYPE] < 7 ? channels[data[TYPE]] : 0;
}

static int run_png(fl_worker *worker, const fl_job *job, int64_t index, const fl_sink *sink, const uint8_t *data,
                   size_t size, int64_t *last, fl_status *status)
{
    fl_image image;
    if (!serves(png_channels(data, size), job->channels))
        return fl_fail(status, FL_DECLINED, "no PNG of the channels that are asked for");
    if (fl_png_decode(worker, data, size, &image, status) != FL_OK)
        return status->code;
    lap(&worker->times.decode, last);
    return run_pixels(worker, job, index, sink, &image, status);
}

int fl_run_jpeg_tiles(fl_worker *worker, const fl_job *job, int64_t index, int place, const uint8_t *data, size_t size,
                      const uint32_t *offsets, int count, fl_status *status)
{
    const fl_sink sink = sink_of(job, place);
    int64_t last = fl_now();
    status->code = FL_OK;
    if (whole_jpeg(data, size))
        run_jpeg(worker, job, index, &sink, data, size, offsets, count, &last, status);
    else
        run_png(worker, job, index, &sink, data, size, &last, status);
    return status->code;
}

int fl_run_bytes(fl_worker *worker, const fl_job *job, int64_t index, int place, const uint8_t *data, size_t size,
                 fl_status *status)
{
    return fl_run_jpeg_tiles(worker, job, index, place, data, size, NULL, 0, status);
}

int fl_run_path(fl_worker *worker, const fl_job *job, int64_t index, int place, const char *path, fl_status *status)
{
    const uint8_t *data;
    size_t size;
    int64_t last = fl_now();
    const int found = fl_read(worker, path, &data, &size, status);
    lap(&worker->times.read, &last);
    return found == FL_OK ? fl_run_bytes(worker, job, index, place, data, size, status) : found;
}

/* A picture that goes to its place as it is needs no plan, which would cost more than the copy. */
static int stays(const fl_job *job, const fl_image *image)
{
    return job->same && image->height == job->height && image->width == job->width &&
           image->channels == job->channels && image->stride == (ptrdiff_t)image->width * image->channels;
}

static void put_whole(fl_worker *worker, const fl_job *job, int place, const fl_image *image)
{
    const int count = image->height * image->width, passing = job->sink.passing;
    void *out = (char *)job->sink.data + place * job->place;
    worker->counters.float_passes += job->sink.levels != NULL;
    if (job->sink.levels == NULL)
        memcpy(out, image->pixels, (size_t)count * (size_t)image->channels);
    else
        fl_simd_here()->to_float(out, image->pixels, count, image->channels, job->sink.levels, job->sink.line, passing);
}

int fl_run_image(fl_worker *worker, const fl_job *job, int64_t index, int place, const fl_image *image,
                 fl_status *status)
{
    status->code = FL_OK;
    if (stays(job, image)) {
        put_whole(worker, job, place, image);
        return FL_OK;
    }
    const fl_sink sink = sink_of(job, place);
    return run_pixels(worker, job, index, &sink, image, status);
}
