/* feedline.native._kernel.permute */
#include "binding.h"
#include "permute.h"

/* The first place of what lies not below n; `count` where all do. */
static Py_ssize_t first_beyond(const int64_t *positions, Py_ssize_t count, int64_t n)
{
    Py_ssize_t place = 0;
    while (place < count && positions[place] >= 0 && positions[place] < n)
        place++;
    return place;
}

/* positions, keys, out */
static PyObject *permute(const Py_buffer *views, int64_t n)
{
    const int64_t *positions = views[0].buf;
    const Py_ssize_t count = views[0].shape[0], rounds = views[1].shape[0];
    if (n < 1)
        return PyErr_Format(PyExc_ValueError, "n has to be at least 1, found %lld", (long long)n);
    if (rounds < 2 || rounds > 64 || rounds % 2)
        return PyErr_Format(PyExc_ValueError, "keys have to be an even number up to 64, found %zd", rounds);
    if (fl_py_shape(views + 2, &count, "out"))
        return NULL;
    const Py_ssize_t beyond = first_beyond(positions, count, n);
    if (beyond < count)
        return PyErr_Format(PyExc_ValueError, "positions have to be from 0 to %lld, found %lld", (long long)n - 1,
                            (long long)positions[beyond]);
    Py_BEGIN_ALLOW_THREADS
    fl_permute(positions, count, n, views[1].buf, (int)rounds, views[2].buf);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

PyObject *fl_py_permute(PyObject *module, PyObject *given)
{
    (void)module;
    PyObject *positions, *keys, *out;
    long long n;
    if (!PyArg_ParseTuple(given, "OLOO:permute", &positions, &n, &keys, &out))
        return NULL;
    fl_py_argument arguments[] = {
        {positions, 0, 1, "lq", "positions"}, {keys, 0, 1, "LQ", "keys"}, {out, 1, 1, "lq", "out"}};
    Py_buffer views[3];
    if (fl_py_arrays(arguments, views, 3))
        return NULL;
    PyObject *done = NULL;
    if (views[0].itemsize == 8 && views[1].itemsize == 8 && views[2].itemsize == 8)
        done = permute(views, n);
    else
        PyErr_SetString(PyExc_ValueError, "positions, keys and out have to be of 64 bits");
    fl_py_release(views, 3);
    return done;
}
