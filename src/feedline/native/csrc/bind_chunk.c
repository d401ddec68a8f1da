/* run(...): a chunk of samples, from Python's objects to the C job and back. */
#include "bind_sources.h"

#include <time.h>

enum { PASSING = 1 << 21 }; /* bytes of a batch that would push all else out of a core's cache */
enum { EARLY = 3 }; /* samples that are asked for ahead; of 1 to 4, what gathered pictures of 28 x 28 fastest */
enum { MOST_NUMBERS = 1 << 28 }; /* of a picture that is put into its place at once */

/* Whether a place takes a picture's numbers one after the other, of so many bytes each, and few enough to count. */
static int in_order(const fl_job *job, ptrdiff_t size)
{
    const fl_sink *sink = &job->sink;
    return job->whole && (job->channels == 1 || sink->channel == size) && sink->column == job->channels * size &&
           sink->row == job->width * sink->column && job->height <= MOST_NUMBERS / job->width / job->channels &&
           (uintptr_t)sink->data % (size_t)size == 0;
}

/* The batch: NxHxWxC, or NxCxHxW where `channels_first`, of any strides; uint8, or float32 with levels. */
static int take_batch(const Py_buffer *batch, int channels_first, const Py_buffer *levels, const Py_buffer *line,
                      fl_job *job)
{
    const int floats = levels->obj != NULL, channel = channels_first ? 1 : 3, row = channels_first ? 2 : 1;
    if (batch->ndim != 4 || batch->itemsize != (floats ? 4 : 1) || batch->shape[channel] != job->channels ||
        batch->shape[row] > INT32_MAX || batch->shape[row + 1] > INT32_MAX ||
        (uintptr_t)levels->buf % sizeof(float) || (uintptr_t)line->buf % sizeof(double)) {
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
    job->same = job->count == 0 && job->width > 0 && in_order(job, batch->itemsize);
    return 0;
}

/* Nanoseconds of processor time that this thread has had. */
static int64_t worked(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* Why samples were left, for those that were. */
typedef struct {
    int place;
    fl_status status;
} reason;

typedef struct {
    reason *all;
    size_t count, room;
} reasons;

/* Without the interpreter's lock; where there is no memory for a reason, none is given. */
static void tell(reasons *told, int place, const fl_status *status)
{
    if (told->count == told->room) {
        const size_t room = 2 * told->room + 4;
        reason *more = PyMem_RawRealloc(told->all, room * sizeof *more);
        if (more == NULL)
            return;
        told->all = more;
        told->room = room;
    }
    told->all[told->count++] = (reason){place, *status};
}

/* {place: text} */
static PyObject *texts(const reasons *told)
{
    PyObject *made = PyDict_New();
    for (size_t each = 0; made != NULL && each < told->count; each++) {
        PyObject *place = PyLong_FromLong(told->all[each].place);
        PyObject *text = PyUnicode_DecodeLocale(told->all[each].status.text, "surrogateescape");
        if (place == NULL || text == NULL || PyDict_SetItem(made, place, text) < 0)
            Py_CLEAR(made);
        Py_XDECREF(place);
        Py_XDECREF(text);
    }
    return made;
}

/* What was neither reading nor decoding is transforming: a clock for each sample costs as much as a small one. */
static void share_out(fl_times *times, int64_t spent, int nothing_changes)
{
    const int64_t rest = spent - times->read - times->decode;
    *(nothing_changes ? &times->read : &times->transform) += rest;
}

static void run_each(fl_worker *worker, const fl_job *job, const fl_sources *from, const int64_t *indices,
                     Py_ssize_t count, char *code, reasons *told)
{
    const int64_t before = worked(), begun = fl_now();
    worker->times = (fl_times){0};
    for (Py_ssize_t place = 0; place < count; place++) {
        fl_status status = {FL_OK, ""};
        fl_ask(from, place + EARLY < count ? indices[place + EARLY] : -1);
        code[place] = (char)fl_run_one(worker, job, from, indices[place], (int)place, &status);
        if (code[place] != FL_OK)
            tell(told, (int)place, &status);
    }
    share_out(&worker->times, fl_now() - begun, job->same && from->has_segments);
    worker->counters.unlocked_ns += worked() - before;
    fl_tally(worker);
    fl_trim(worker);
}

static PyObject *run_all(const fl_job *job, const fl_sources *from, const int64_t *indices, Py_ssize_t count)
{
    fl_worker *worker = fl_worker_here();
    PyObject *codes = worker == NULL ? PyErr_NoMemory() : PyBytes_FromStringAndSize(NULL, count);
    if (codes == NULL)
        return NULL;
    char *code = PyBytes_AS_STRING(codes);
    reasons told = {0};
    Py_BEGIN_ALLOW_THREADS
    run_each(worker, job, from, indices, count, code, &told);
    Py_END_ALLOW_THREADS
    const fl_times times = worker->times;
    PyObject *why = texts(&told);
    PyMem_RawFree(told.all);
    if (why == NULL) {
        Py_DECREF(codes);
        return NULL;
    }
    return Py_BuildValue("(NNLLL)", codes, why, (long long)times.read, (long long)times.decode,
                         (long long)times.transform);
}

/* What was given to run: held while the lock is not. */
typedef struct {
    Py_buffer steps, indices, batch, levels, line;
} given;

static void release(given *held)
{
    Py_buffer *all[] = {&held->steps, &held->indices, &held->batch, &held->levels, &held->line};
    for (size_t each = 0; each < sizeof all / sizeof *all; each++)
        if (all[each]->obj != NULL)
            PyBuffer_Release(all[each]);
}

static int take_steps(const Py_buffer *steps, fl_job *job)
{
    job->steps = steps->buf;
    job->count = (int)(steps->len / (Py_ssize_t)sizeof(fl_step));
    if (steps->len % (Py_ssize_t)sizeof(fl_step) == 0 && (uintptr_t)steps->buf % sizeof(double) == 0 &&
        fl_steps_fit(job->steps, job->count))
        return 0;
    PyErr_SetString(PyExc_ValueError, "steps must be packed as chunk.packed does, with numbers that can be");
    return -1;
}

static PyObject *checked(const given *held, PyObject *from_object, int channels_first, fl_job *job)
{
    const Py_ssize_t count = held->indices.len / 8;
    fl_sources from = {0};
    PyObject *made = NULL;
    if (job->channels < 1 || job->channels > 4 || held->indices.len % 8 || (uintptr_t)held->indices.buf % 8)
        PyErr_SetString(PyExc_ValueError, "channels must be 1 to 4, and indices of int64");
    else if (take_steps(&held->steps, job) == 0 &&
             take_batch(&held->batch, channels_first, &held->levels, &held->line, job) == 0 &&
             fl_take(&from, from_object, count) == 0) {
        if (held->batch.shape[0] < count)
            PyErr_SetString(PyExc_ValueError, "the batch has fewer places than there are indices");
        else
            made = run_all(job, &from, held->indices.buf, count);
    }
    fl_let_go(&from, count);
    return made;
}

PyObject *fl_py_run(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *from, *batch, *made = NULL;
    unsigned long long seed, epoch;
    int channels_first;
    fl_job job = {0};
    given held = {0};
    if (!PyArg_ParseTuple(args, "y*ipKKy*OOpz*z*", &held.steps, &job.channels, &job.fast, &seed, &epoch, &held.indices,
                          &from, &batch, &channels_first, &held.levels, &held.line))
        return NULL;
    job.seed = seed;
    job.epoch = (uint32_t)epoch;
    if (PyObject_GetBuffer(batch, &held.batch, PyBUF_STRIDED | PyBUF_FORMAT) == 0)
        made = checked(&held, from, channels_first, &job);
    release(&held);
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
    const fl_picture picture = {.height = height, .width = width, .orientation = 1};
    fl_job job = {0};
    fl_plan plan;
    fl_status status = {FL_OK, ""};
    if (take_steps(&steps, &job) < 0) {
        PyBuffer_Release(&steps);
        return NULL;
    }
    if (height < 1 || width < 1)
        fl_fail(&status, FL_DECLINED, "a picture without pixels");
    else
        fl_plan_steps(job.steps, job.count, &key, &picture, &plan, &status);
    PyBuffer_Release(&steps);
    return status.code == FL_OK ? PyBytes_FromStringAndSize((char *)&plan, sizeof plan) : fl_py_raise(&status);
}
