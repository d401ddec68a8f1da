/* Restart markers for Python. */
#include "binding.h"
#include "chunk.h"
#include "jpeg_rewrite.h"

static PyObject *told(const fl_rewritten *made)
{
    return Py_BuildValue("(y#y#i)", (const char *)made->bytes, (Py_ssize_t)made->size, (const char *)made->offsets,
                         (Py_ssize_t)made->count * (Py_ssize_t)sizeof *made->offsets, made->interval);
}

static PyObject *rewritten(const Py_buffer *data, int every)
{
    fl_worker *worker = fl_worker_here();
    fl_rewritten made;
    fl_status status;
    int code;
    if (worker == NULL)
        return PyErr_NoMemory();
    Py_BEGIN_ALLOW_THREADS
    code = fl_jpeg_rewrite(worker, data->buf, (size_t)data->len, every, &made, &status);
    Py_END_ALLOW_THREADS
    if (code != FL_OK)
        return fl_py_raise(&status);
    PyObject *pair = told(&made);
    fl_jpeg_forget(&made);
    return pair;
}

PyObject *fl_py_rewrite_jpeg(PyObject *module, PyObject *arguments)
{
    (void)module;
    Py_buffer data;
    int every;
    PyObject *made = NULL;
    if (!PyArg_ParseTuple(arguments, "y*i:rewrite_jpeg", &data, &every))
        return NULL;
    if (every < 1)
        PyErr_SetString(PyExc_ValueError, "every must be at least 1");
    else
        made = rewritten(&data, every);
    PyBuffer_Release(&data);
    return made;
}

static PyObject *ran(const fl_job *job, int64_t index, const Py_buffer *data, const Py_buffer *offsets)
{
    fl_worker *worker = fl_worker_here();
    fl_status status;
    if (worker == NULL)
        return PyErr_NoMemory();
    const int code = fl_run_jpeg_tiles(worker, job, index, 0, data->buf, (size_t)data->len, offsets->buf,
                                       (int)(offsets->len / (Py_ssize_t)sizeof(uint32_t)), &status);
    fl_tally(worker);
    return code == FL_OK ? Py_NewRef(Py_None) : fl_py_raise(&status);
}

/* A job of steps alone, to one place of HxWxC uint8. */
static int take(const Py_buffer *steps, const Py_buffer *offsets, const fl_image *out, uint64_t seed, int fast,
                fl_job *job)
{
    *job = (fl_job){.steps = steps->buf, .count = (int)(steps->len / (Py_ssize_t)sizeof(fl_step)), .fast = fast,
                    .channels = out->channels, .seed = seed, .height = out->height, .width = out->width, .whole = 1,
                    .sink = {.data = out->pixels, .channels = out->channels, .row = out->stride,
                             .column = out->channels, .channel = 1}};
    if (steps->len % (Py_ssize_t)sizeof(fl_step) == 0 && (uintptr_t)steps->buf % sizeof(double) == 0 &&
        (uintptr_t)offsets->buf % sizeof(uint32_t) == 0 && offsets->len / 4 <= INT32_MAX &&
        fl_steps_fit(job->steps, job->count))
        return 0;
    PyErr_SetString(PyExc_ValueError, "steps must be packed as chunk.packed does, with numbers that can be, and "
                                      "offsets of uint32");
    return -1;
}

PyObject *fl_py_run_tiles(PyObject *module, PyObject *arguments)
{
    (void)module;
    Py_buffer data, offsets, steps, pixels;
    PyObject *out, *made = NULL;
    unsigned long long seed, index;
    int fast;
    fl_image image;
    fl_job job;
    if (!PyArg_ParseTuple(arguments, "y*y*y*KKpO:run_tiles", &data, &offsets, &steps, &seed, &index, &fast, &out))
        return NULL;
    if (fl_py_image(out, 1, &pixels, &image)) {
        if (take(&steps, &offsets, &image, seed, fast, &job) == 0)
            made = ran(&job, (int64_t)index, &data, &offsets);
        PyBuffer_Release(&pixels);
    }
    PyBuffer_Release(&steps);
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&data);
    return made;
}
