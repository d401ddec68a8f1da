/* run(...): a chunk of samples, from Python's objects to the C job and back. */
#include "binding.h"
#include "chunk.h"
#include "paths.h"

#include <string.h>
#include <time.h>

enum { PASSING = 1 << 21 }; /* bytes of a batch that would push all else out of a core's cache */

/* Where the samples of a chunk come from: one of the three. */
typedef struct {
    Py_buffer buffers[8]; /* what is held while the lock is not */
    int held;
    int has_paths;
    fl_paths paths;
    PyObject *items; /* a list of encoded files, pictures or None */
    Py_buffer *files;
    int has_images;
    fl_image image; /* the first */
    ptrdiff_t next;
    int64_t images;
} sources;

static int hold(sources *from, PyObject *object, int flags)
{
    if (PyObject_GetBuffer(object, &from->buffers[from->held], flags) < 0)
        return -1;
    from->held++;
    return 0;
}

static void let_go(sources *from, Py_ssize_t count)
{
    while (from->held > 0)
        PyBuffer_Release(&from->buffers[--from->held]);
    for (Py_ssize_t place = 0; from->files != NULL && place < count; place++)
        if (from->files[place].obj != NULL)
            PyBuffer_Release(&from->files[place]);
    PyMem_Free(from->files);
    Py_CLEAR(from->items);
}

static int take_pieces(sources *from, PyObject *text, PyObject *ends, fl_pieces *pieces)
{
    if (hold(from, text, PyBUF_SIMPLE) < 0)
        return -1;
    const Py_buffer *bytes = &from->buffers[from->held - 1];
    if (hold(from, ends, PyBUF_SIMPLE | PyBUF_FORMAT) < 0)
        return -1;
    const Py_buffer *numbers = &from->buffers[from->held - 1];
    if ((numbers->itemsize != 4 && numbers->itemsize != 8) || numbers->len < numbers->itemsize) {
        PyErr_SetString(PyExc_ValueError, "ends must be of uint32 or int64, one more than there are pieces");
        return -1;
    }
    *pieces = (fl_pieces){bytes->buf, (size_t)bytes->len, numbers->buf, numbers->itemsize == 8,
                          numbers->len / numbers->itemsize - 1};
    return 0;
}

/* (root, starts, heads, heads_ends, names, names_ends, tails, tails_ends) */
static int take_paths(sources *from, PyObject *given)
{
    PyObject *object[8];
    if (!PyArg_ParseTuple(given, "OOOOOOOO", &object[0], &object[1], &object[2], &object[3], &object[4], &object[5],
                          &object[6], &object[7]))
        return -1;
    char *root;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(object[0], &root, &length) < 0 || hold(from, object[1], PyBUF_SIMPLE) < 0)
        return -1;
    const Py_buffer *starts = &from->buffers[0];
    if (starts->len < 16 || starts->len % 8) {
        PyErr_SetString(PyExc_ValueError, "starts must be of int64, one more than there are groups");
        return -1;
    }
    from->paths.root = root;
    from->paths.root_length = (size_t)length;
    from->paths.starts = starts->buf;
    from->paths.groups = starts->len / 8 - 1;
    from->has_paths = 1;
    return take_pieces(from, object[2], object[3], &from->paths.heads) ||
                   take_pieces(from, object[4], object[5], &from->paths.names) ||
                   take_pieces(from, object[6], object[7], &from->paths.tails)
               ? -1
               : 0;
}

/* NxHxWxC uint8 whose pixels are whole. */
static int take_images(sources *from, PyObject *given)
{
    if (hold(from, given, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0)
        return -1;
    const Py_buffer *held = &from->buffers[0];
    if (held->ndim != 4 || held->itemsize != 1 || held->strides[3] != 1 || held->strides[2] != held->shape[3] ||
        held->shape[1] < 1 || held->shape[2] < 1 || held->shape[1] > INT32_MAX || held->shape[2] > INT32_MAX ||
        held->shape[3] < 1 || held->shape[3] > 4) {
        PyErr_SetString(PyExc_ValueError, "images must be NxHxWxC uint8 of 1 to 4 channels, their pixels whole");
        return -1;
    }
    from->image = (fl_image){held->buf, (int)held->shape[1], (int)held->shape[2], (int)held->shape[3],
                             held->strides[1]};
    from->next = held->strides[0];
    from->images = held->shape[0];
    from->has_images = 1;
    return 0;
}

/* A file's bytes, or HxWxC uint8 of any strides. */
static int check_item(const Py_buffer *item)
{
    const int bytes = item->itemsize == 1 && (item->format == NULL || strcmp(item->format, "B") == 0);
    const int file = item->ndim == 1 && item->strides[0] == 1;
    const int picture = item->ndim == 3 && item->shape[0] > 0 && item->shape[0] < 1 << 20 && item->shape[1] > 0 &&
                        item->shape[1] < 1 << 20 && item->shape[2] > 0 && item->shape[2] <= 4;
    if (bytes && (file || picture))
        return 0;
    PyErr_SetString(PyExc_ValueError, "a sample must be bytes, HxWxC uint8 of 1 to 4 channels, or None");
    return -1;
}

/* A list of encoded files and pictures; None is left to the twin. */
static int take_files(sources *from, PyObject *given, Py_ssize_t count)
{
    if (PyList_GET_SIZE(given) != count) {
        PyErr_SetString(PyExc_ValueError, "there must be a file for each index");
        return -1;
    }
    from->items = PyList_GetSlice(given, 0, count); /* whose items nobody else exchanges */
    from->files = PyMem_Calloc((size_t)count + 1, sizeof *from->files);
    if (from->items == NULL || from->files == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t place = 0; place < count; place++) {
        PyObject *item = PyList_GET_ITEM(from->items, place);
        if (item == Py_None)
            continue;
        if (PyObject_GetBuffer(item, &from->files[place], PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0 ||
            check_item(&from->files[place]) < 0)
            return -1;
    }
    return 0;
}

static int take(sources *from, PyObject *given, Py_ssize_t count)
{
    if (PyTuple_Check(given))
        return take_paths(from, given);
    return PyList_Check(given) ? take_files(from, given, count) : take_images(from, given);
}

/* A picture whose pixels are whole: as it lies, or gathered. */
static int gathered(fl_worker *worker, const Py_buffer *item, fl_image *image, fl_status *status)
{
    const Py_ssize_t *stride = item->strides, channels = item->shape[2];
    *image = (fl_image){item->buf, (int)item->shape[0], (int)item->shape[1], (int)channels, stride[0]};
    if (stride[2] == 1 && stride[1] == channels)
        return FL_OK;
    image->stride = item->shape[1] * channels;
    uint8_t *out = image->pixels = fl_block(worker, FL_UPRIGHT, (size_t)(item->shape[0] * image->stride));
    if (out == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for a picture");
    for (Py_ssize_t row = 0; row < item->shape[0]; row++)
        for (Py_ssize_t column = 0; column < item->shape[1]; column++)
            for (Py_ssize_t channel = 0; channel < channels; channel++)
                *out++ = ((const uint8_t *)item->buf)[row * stride[0] + column * stride[1] + channel * stride[2]];
    return FL_OK;
}

static int run_item(fl_worker *worker, const fl_job *job, const Py_buffer *item, int64_t index, int place,
                    fl_status *status)
{
    fl_image image;
    if (item->obj == NULL)
        return fl_fail(status, FL_DECLINED, "no bytes");
    if (item->ndim == 1)
        return fl_run_bytes(worker, job, index, place, item->buf, (size_t)item->len, status);
    if (gathered(worker, item, &image, status) != FL_OK)
        return status->code;
    return fl_run_image(worker, job, index, place, &image, status);
}

enum { AHEAD = 1 << 13, LINE = 64 }; /* bytes of an image that are asked for early, and of a line of the cache */

/* Images that lie anywhere in an array are on their way while the one before them is made. */
static void ask(const sources *from, int64_t index)
{
    if (!from->has_images || index < 0 || index >= from->images)
        return;
    const ptrdiff_t size = from->image.stride * from->image.height;
    const char *image = (const char *)from->image.pixels + index * from->next;
    for (ptrdiff_t at = 0; at < size && at < AHEAD; at += LINE)
        __builtin_prefetch(image + at);
}

/* One sample; without the interpreter's lock. */
static int run_one(fl_worker *worker, const fl_job *job, const sources *from, int64_t index, int place,
                   fl_status *status)
{
    char path[FL_LONGEST_PATH];
    if (from->has_paths) {
        if (fl_path_of(&from->paths, index, path, status) != FL_OK)
            return status->code;
        return fl_run_path(worker, job, index, place, path, status);
    }
    if (from->has_images) {
        fl_image image = from->image;
        if (index < 0 || index >= from->images)
            return fl_fail(status, FL_DECLINED, "no such image");
        image.pixels += index * from->next;
        return fl_run_image(worker, job, index, place, &image, status);
    }
    return run_item(worker, job, &from->files[place], index, place, status);
}

/* The batch: NxHxWxC, or NxCxHxW where `channels_first`, of any strides; uint8, or float32 with levels. */
static int take_batch(const Py_buffer *batch, int channels_first, const Py_buffer *levels, const Py_buffer *line,
                      fl_job *job)
{
    const int floats = levels->obj != NULL, channel = channels_first ? 1 : 3, row = channels_first ? 2 : 1;
    if (batch->ndim != 4 || batch->itemsize != (floats ? 4 : 1) || batch->shape[channel] != job->channels ||
        batch->shape[row] > INT32_MAX || batch->shape[row + 1] > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "the batch must be of 4 axes, uint8, or float32 with levels");
        return -1;
    }
    if (floats && (levels->len != (Py_ssize_t)(job->channels * 256 * sizeof(float)) ||
                   line->len != (Py_ssize_t)(2 * FL_ROUND * sizeof(double)))) {
        PyErr_SetString(PyExc_ValueError, "levels must be channels x 256 float32, and the line 2 x 12 float64");
        return -1;
    }
    job->height = (int)batch->shape[row];
    job->width = (int)batch->shape[row + 1];
    job->place = batch->strides[0];
    job->whole = job->place == batch->itemsize * batch->shape[1] * batch->shape[2] * batch->shape[3];
    job->sink = (fl_sink){.data = batch->buf, .channels = job->channels, .row = batch->strides[row],
                          .column = batch->strides[row + 1], .channel = batch->strides[channel],
                          .levels = levels->buf, .line = line->buf,
                          .passing = batch->len > PASSING};
    return 0;
}

static PyObject *result(const fl_worker *worker, PyObject *codes)
{
    const fl_times times = worker->times;
    return Py_BuildValue("(NLLL)", codes, (long long)times.read, (long long)times.decode, (long long)times.transform);
}

/* Nanoseconds of processor time that this thread has had. */
static int64_t worked(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static PyObject *run_all(const fl_job *job, const sources *from, const int64_t *indices, Py_ssize_t count)
{
    fl_worker *worker = fl_worker_here();
    PyObject *codes = worker == NULL ? PyErr_NoMemory() : PyBytes_FromStringAndSize(NULL, count);
    if (codes == NULL)
        return NULL;
    char *code = PyBytes_AS_STRING(codes);
    worker->times = (fl_times){0};
    Py_BEGIN_ALLOW_THREADS
    const int64_t before = worked();
    for (Py_ssize_t place = 0; place < count; place++) {
        fl_status status = {FL_OK, ""};
        ask(from, place + 1 < count ? indices[place + 1] : -1);
        code[place] = (char)run_one(worker, job, from, indices[place], (int)place, &status);
    }
    worker->counters.unlocked_ns += worked() - before;
    fl_tally(worker);
    Py_END_ALLOW_THREADS
    return result(worker, codes);
}

PyObject *fl_py_run(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer steps = {0}, indices = {0}, batch = {0}, levels = {0}, line = {0};
    PyObject *given, *batch_object, *made = NULL;
    unsigned long long seed, epoch;
    int channels, channels_first;
    fl_job job = {0};
    sources from = {0};
    if (!PyArg_ParseTuple(args, "y*iKKy*OOpz*z*", &steps, &channels, &seed, &epoch, &indices, &given, &batch_object,
                          &channels_first, &levels, &line))
        return NULL;
    const Py_ssize_t count = indices.len / 8;
    job.steps = steps.buf;
    job.count = (int)(steps.len / (Py_ssize_t)sizeof(fl_step));
    job.channels = channels;
    job.seed = seed;
    job.epoch = (uint32_t)epoch;
    if (channels < 1 || channels > 4 || indices.len % 8 || steps.len % (Py_ssize_t)sizeof(fl_step))
        PyErr_SetString(PyExc_ValueError, "channels must be 1 to 4, indices of int64, steps as packed");
    else if (PyObject_GetBuffer(batch_object, &batch, PyBUF_STRIDED | PyBUF_FORMAT) == 0 &&
             take_batch(&batch, channels_first, &levels, &line, &job) == 0 && take(&from, given, count) == 0) {
        if (batch.shape[0] < count)
            PyErr_SetString(PyExc_ValueError, "the batch has fewer places than there are indices");
        else
            made = run_all(&job, &from, indices.buf, count);
    }
    let_go(&from, count);
    if (batch.obj != NULL)
        PyBuffer_Release(&batch);
    if (levels.obj != NULL)
        PyBuffer_Release(&levels);
    if (line.obj != NULL)
        PyBuffer_Release(&line);
    PyBuffer_Release(&indices);
    PyBuffer_Release(&steps);
    return made;
}

/* The plan of one picture, as the bytes of an fl_plan: for comparing it with the twin's. */
PyObject *fl_py_plan(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer steps;
    unsigned long long seed, epoch, index;
    int height, width;
    if (!PyArg_ParseTuple(args, "y*KKKii", &steps, &seed, &epoch, &index, &height, &width))
        return NULL;
    const fl_key key = {seed, index, (uint32_t)epoch};
    fl_plan plan;
    fl_status status = {FL_OK, ""};
    const int count = (int)(steps.len / (Py_ssize_t)sizeof(fl_step));
    if (height < 1 || width < 1)
        fl_fail(&status, FL_DECLINED, "a picture without pixels");
    else
        fl_plan_steps(steps.buf, count, &key, height, width, &plan, &status);
    PyBuffer_Release(&steps);
    return status.code == FL_OK ? PyBytes_FromStringAndSize((char *)&plan, sizeof plan) : fl_py_raise(&status);
}
