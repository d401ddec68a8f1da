/* Samples that lie in memory, many in a row: the record batches of a store, mapped from its files. */
#ifndef FEEDLINE_SEGMENTS_H
#define FEEDLINE_SEGMENTS_H

#include "chunk.h"

/* SEGMENT of native/segments.py. Numbers in memory are of any alignment, and of this machine's order of bytes. */
typedef struct {
    int64_t start, count;            /* the first row's index in the whole, and rows */
    uint64_t offsets;                /* address of count + 1 int32 offsets into the data; 0: raw pixels */
    uint64_t data, size;             /* address of the images' bytes (0: not open), and how many they are */
    uint64_t checksums;              /* address of count uint32: the CRC-32C of each image's bytes */
    int32_t height, width, channels; /* of raw pixels */
    int32_t unused;
    uint64_t restart_starts;         /* address of count + 1 int32 places in the following; 0: there are none */
    uint64_t restarts;               /* address of uint32 numbers, and how many they are */
    uint64_t restart_count;
} fl_segment;

/* In the order of their rows. */
typedef struct {
    const fl_segment *all;
    size_t count;
} fl_segments;

/* A raw sample that will be asked for soon. */
void fl_ask_segment(const fl_segments *from, int64_t index);

/* A sample to its place. Its bytes have to be those that their checksum was made of; else it is declined. */
int fl_run_segment(fl_worker *worker, const fl_job *job, const fl_segments *from, int64_t index, int place,
                   fl_status *status);

#endif
