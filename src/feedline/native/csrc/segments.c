/* See segments.h. */
#include "segments.h"

#include <string.h>

#include "ahead.h"
#include "crc32c.h"

enum { MOST_PIXELS = 1 << 20 }; /* of a side */

/* A row of a segment, and where its image lies. */
typedef struct {
    const fl_segment *segment;
    uint64_t row;
    const uint8_t *data;
    size_t size;
} sample;

/* In the last segment that begins at the index or before it. Without a branch that a processor could guess wrongly. */
static int find(const fl_segments *from, int64_t index, sample *found)
{
    const fl_segment *at = from->all;
    if (from->count == 0)
        return 0;
    for (size_t left = from->count; left > 1; left -= left / 2)
        at += at[left / 2].start <= index ? left / 2 : 0;
    found->segment = at;
    found->row = (uint64_t)index - (uint64_t)at->start;
    return at->start <= index && at->count > 0 && found->row < (uint64_t)at->count;
}

static const void *at(uint64_t address)
{
    return (const void *)(uintptr_t)address;
}

/* The number of 4 bytes at a place behind an address. */
static uint32_t number(uint64_t address, uint64_t place)
{
    uint32_t found;
    memcpy(&found, (const char *)at(address) + place * sizeof found, sizeof found);
    return found;
}

static int has_raw(sample *found)
{
    const fl_segment *segment = found->segment;
    const int32_t height = segment->height, width = segment->width, channels = segment->channels;
    uint64_t begin;
    if (height < 1 || height > MOST_PIXELS || width < 1 || width > MOST_PIXELS || channels < 1 || channels > 4)
        return 0;
    found->size = (size_t)height * (size_t)width * (size_t)channels;
    if (__builtin_mul_overflow(found->row, (uint64_t)found->size, &begin) || begin > segment->size ||
        found->size > segment->size - begin)
        return 0;
    found->data = (const uint8_t *)at(segment->data) + begin;
    return 1;
}

static int has_file(sample *found)
{
    const fl_segment *segment = found->segment;
    const int32_t begin = (int32_t)number(segment->offsets, found->row);
    const int32_t end = (int32_t)number(segment->offsets, found->row + 1);
    if (begin < 0 || end < begin || (uint64_t)end > segment->size)
        return 0;
    found->size = (size_t)(end - begin);
    found->data = (const uint8_t *)at(segment->data) + begin;
    return 1;
}

static int locate(const fl_segments *from, int64_t index, sample *found, fl_status *status)
{
    if (!find(from, index, found))
        return fl_fail(status, FL_DECLINED, "no such row");
    if (found->segment->data == 0 || found->segment->checksums == 0)
        return fl_fail(status, FL_DECLINED, "a part of the store that is not open");
    if (!(found->segment->offsets == 0 ? has_raw(found) : has_file(found)))
        return fl_fail(status, FL_DECLINED, "a row that does not lie within its record batch");
    return FL_OK;
}

static int check(const sample *found, fl_status *status)
{
    const uint32_t expected = number(found->segment->checksums, found->row);
    const uint32_t made = fl_crc32c_here()(0, found->data, found->size);
    if (made != expected)
        return fl_fail(status, FL_DECLINED, "bytes whose CRC-32C is %08x and should be %08x", made, expected);
    return FL_OK;
}

void fl_ask_segment(const fl_segments *from, int64_t index)
{
    sample next = {0};
    if (!find(from, index, &next) || next.segment->data == 0 || next.segment->offsets != 0 || !has_raw(&next))
        return;
    fl_ask_for((uintptr_t)next.data, next.size);
    fl_ask_for((uintptr_t)(next.segment->checksums + 4 * next.row), 1);
}

static int run_raw(fl_worker *worker, const fl_job *job, const sample *found, int64_t index, int place,
                   fl_status *status)
{
    const fl_segment *segment = found->segment;
    const fl_image image = {(uint8_t *)found->data, segment->height, segment->width, segment->channels,
                            (ptrdiff_t)segment->width * segment->channels}; /* which nobody writes to */
    return fl_run_image(worker, job, index, place, &image, status);
}

/* The places of the row's restart markers; NULL where it has none, or where they do not lie within the segment. */
static const uint32_t *restarts(const sample *found, int *count)
{
    const fl_segment *segment = found->segment;
    if (segment->restart_starts == 0 || segment->restarts == 0 || segment->restarts % sizeof(uint32_t))
        return NULL;
    const int32_t begin = (int32_t)number(segment->restart_starts, found->row);
    const int32_t end = (int32_t)number(segment->restart_starts, found->row + 1);
    if (begin < 0 || end <= begin || (uint64_t)end > segment->restart_count)
        return NULL;
    *count = end - begin;
    return (const uint32_t *)at(segment->restarts) + begin;
}

static int run_file(fl_worker *worker, const fl_job *job, const sample *found, int64_t index, int place,
                    fl_status *status)
{
    int count = 0;
    const uint32_t *offsets = restarts(found, &count);
    return fl_run_jpeg_tiles(worker, job, index, place, found->data, found->size, offsets, count, status);
}

int fl_run_segment(fl_worker *worker, const fl_job *job, const fl_segments *from, int64_t index, int place,
                   fl_status *status)
{
    sample found = {0};
    if (locate(from, index, &found, status) != FL_OK)
        return status->code;
    if (found.segment->offsets == 0 && job->same) /* all of it is reading, and the clock would cost as much */
        return check(&found, status) == FL_OK ? run_raw(worker, job, &found, index, place, status) : status->code;
    const int64_t begun = fl_now();
    const int code = check(&found, status);
    worker->times.read += fl_now() - begun;
    if (code != FL_OK)
        return code;
    return found.segment->offsets == 0 ? run_raw(worker, job, &found, index, place, status)
                                       : run_file(worker, job, &found, index, place, status);
}
