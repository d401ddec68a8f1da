/* The plain C loop: so many threads, no Python, the same kernel over the same files.

   c_loop FOLDER THREADS float32|uint8|uint8-decode-only [PASSES]

   FOLDER is walked to its depth; a regular file is taken for a list, a path a line. RandomResizedCrop(224), a flip and,
   of float32, ImageNet's normalising, into batches of 64 that are written again and again; "uint8-decode-only" reads and
   decodes the same regions, and does no more. Prints the images a second of the median pass in one line. Exit status: 1
   where a file could not be made, 2 where the words are others or there is no file. */
#include "chunk.h"
#include "codecs.h"
#include "files.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIDE = 224, BATCH = 64, CHUNK = 32, RING = 4, MOST_PASSES = 99, MOST_THREADS = 64 };

static file_list files;
static fl_job job;
static int decode_only;
static atomic_int next_chunk, failures;
static uint8_t *batches;
static size_t place_size;

static fl_step steps[2];
static float levels[3 * 256];
static double line[2 * FL_ROUND];

static int prepare(int floats)
{
    static const double mean[] = {0.485, 0.456, 0.406}, std[] = {0.229, 0.224, 0.225};
    const double numbers[] = {0.08, 1.0, 3.0 / 4.0, 4.0 / 3.0, log(3.0 / 4.0), log(4.0 / 3.0)};
    steps[0] = (fl_step){.kind = FL_RANDOM_RESIZED_CROP, .size = {SIDE, SIDE}, .filter = FL_BILINEAR, .antialias = 1};
    memcpy(steps[0].numbers, numbers, sizeof numbers);
    steps[1] = (fl_step){.kind = FL_HORIZONTAL_FLIP, .operation = 1, .numbers = {0.5}};
    for (int i = 0; i < FL_ROUND; i++) {
        line[i] = 1 / (255 * std[i % 3]);
        line[FL_ROUND + i] = -mean[i % 3] / std[i % 3];
    }
    for (int channel = 0; channel < 3; channel++)
        for (int value = 0; value < 256; value++)
            levels[channel * 256 + value] = (float)(value * line[channel] + line[FL_ROUND + channel]);
    const ptrdiff_t number = floats ? sizeof(float) : 1;
    place_size = (size_t)(SIDE * SIDE * 3 * number);
    batches = aligned_alloc(64, place_size * BATCH * RING);
    if (batches == NULL) {
        fprintf(stderr, "Error: no memory for the batches\n");
        return -1;
    }
    memset(batches, 1, place_size * BATCH * RING); /* so that its pages are there */
    const fl_sink sink = {.channels = 3, .row = SIDE * 3 * number, .column = 3 * number, .channel = number,
                          .levels = floats ? levels : NULL, .line = floats ? line : NULL, .passing = floats};
    job = (fl_job){.steps = steps, .count = 2, .channels = 3, .height = SIDE, .width = SIDE, .sink = sink,
                   .place = (ptrdiff_t)place_size, .whole = 1};
    return 0;
}

static int decode(fl_worker *worker, int64_t index)
{
    const uint8_t *data;
    size_t size;
    fl_status status = {FL_OK, ""};
    fl_header header;
    fl_plan plan;
    fl_image image;
    const fl_key key = {job.seed, (uint64_t)index, job.epoch};
    if (fl_read(worker, files.paths[index], &data, &size, &status) || fl_jpeg_header(data, size, &header, &status))
        return status.code;
    const fl_picture picture = {.height = header.height, .width = header.width, .orientation = 1};
    if (fl_plan_steps(steps, 2, &key, &picture, &plan, &status))
        return status.code;
    return fl_jpeg_decode(worker, data, size, &plan.needed, 3, 1, 0, &image, &status);
}

static void *work(void *unused)
{
    (void)unused;
    fl_worker *worker = fl_worker_here();
    for (int chunk; (chunk = atomic_fetch_add(&next_chunk, 1)) * CHUNK < files.count;)
        for (int place = chunk * CHUNK; place < (chunk + 1) * CHUNK && place < files.count; place++) {
            fl_status status = {FL_OK, ""};
            const int64_t index = ((int64_t)place * 7919 + job.epoch) % files.count; /* all of them, in another order */
            fl_job mine = job;
            mine.sink.data = batches + place_size * (size_t)(place % (BATCH * RING));
            if (decode_only ? decode(worker, index) : fl_run_path(worker, &mine, index, 0, files.paths[index], &status))
                atomic_fetch_add(&failures, 1);
        }
    return NULL;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static double pass(int threads)
{
    pthread_t thread[MOST_THREADS];
    const double begun = seconds();
    atomic_store(&next_chunk, 0);
    for (int number = 0; number < threads; number++)
        pthread_create(&thread[number], NULL, work, NULL);
    for (int number = 0; number < threads; number++)
        pthread_join(thread[number], NULL);
    job.epoch++;
    return files.count / (seconds() - begun);
}

static int by_size(const void *one, const void *other)
{
    const double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static int known(const char *what)
{
    static const char *const words[] = {"float32", "uint8", "uint8-decode-only"};
    for (size_t number = 0; number < sizeof words / sizeof *words; number++)
        if (strcmp(what, words[number]) == 0)
            return 1;
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "Error: c_loop FOLDER THREADS float32|uint8|uint8-decode-only [PASSES]\n");
    return 2;
}

static double median_rate(int threads, int passes)
{
    double rates[MOST_PASSES];
    pass(threads);
    for (int number = 0; number < passes; number++)
        rates[number] = pass(threads);
    qsort(rates, (size_t)passes, sizeof *rates, by_size);
    return rates[passes / 2];
}

int main(int argc, char **argv)
{
    const int passes = argc > 4 ? atoi(argv[4]) : 5, threads = argc > 2 ? atoi(argv[2]) : 0;
    if (argc < 4 || threads < 1 || threads > MOST_THREADS || passes < 1 || passes > MOST_PASSES || !known(argv[3]))
        return usage();
    if (find_files(argv[1], &files))
        return 2;
    if (files.count == 0) {
        fprintf(stderr, "Error: there is no file in %s\n", argv[1]);
        return usage();
    }
    decode_only = strcmp(argv[3], "uint8-decode-only") == 0;
    if (prepare(strcmp(argv[3], "float32") == 0))
        return 1;
    const double rate = median_rate(threads, passes);
    if (failures > 0) {
        fprintf(stderr, "Error: %d images could not be made in %d passes\n", failures, passes + 1);
        return 1;
    }
    printf("images_per_second=%.1f\n", rate);
    return 0;
}
