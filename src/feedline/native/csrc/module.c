/* The extension feedline.native._kernel: a table of what the files bind_*.c define. */
#include "binding.h"

static PyObject *declined;

PyObject *fl_py_raise(const fl_status *status)
{
    if (status->code == FL_NO_MEMORY)
        return PyErr_NoMemory();
    PyErr_SetString(status->code == FL_DECLINED ? declined : PyExc_OSError, status->text);
    return NULL;
}

static int add(PyObject *counts, const char *name, int64_t number)
{
    PyObject *value = PyLong_FromLongLong(number);
    int failed = value == NULL || PyDict_SetItemString(counts, name, value) < 0;
    Py_XDECREF(value);
    return failed;
}

PyObject *fl_py_counters(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *counts = PyDict_New();
    if (counts == NULL)
        return NULL;
    const fl_counters found = fl_totals();
    if (add(counts, "pixels_decoded", found.pixels_decoded) || add(counts, "mcus_decoded", found.mcus_decoded) ||
        add(counts, "mcu_rows_read", found.mcu_rows_read) || add(counts, "mcus_read", found.mcus_read) ||
        add(counts, "resamplings", found.resamplings) || add(counts, "shrinks", found.shrinks) ||
        add(counts, "copies", found.copies) || add(counts, "pixel_passes", found.pixel_passes) ||
        add(counts, "float_passes", found.float_passes) || add(counts, "unlocked_ns", found.unlocked_ns)) {
        Py_DECREF(counts);
        return NULL;
    }
    return counts;
}

static PyMethodDef methods[] = {
    {"counters", fl_py_counters, METH_NOARGS, "What all threads did, by name."},
    {"png_header", fl_py_png_header, METH_O, "Width, height, channels and bits of a PNG that the kernel takes."},
    {"decode_png", fl_py_decode_png, METH_O, "The pixels of a PNG that the kernel takes."},
    {"place", fl_py_place, METH_VARARGS, "For tests: a window of an image, turned, into memory."},
    {"jpeg_header", fl_py_jpeg_header, METH_O, "Width, height, channels, bits and orientation of a JPEG."},
    {"decode_jpeg", fl_py_decode_jpeg, METH_VARARGS, "A window of a JPEG's upright pixels."},
    {"rewrite_jpeg", fl_py_rewrite_jpeg, METH_VARARGS, "A JPEG with restart markers, and where its intervals begin."},
    {"run_tiles", fl_py_run_tiles, METH_VARARGS, "For tests: a sample of tiles, by steps."},
    {"read_file", fl_py_read_file, METH_O, "A file's bytes."},
    {"regrid", fl_py_regrid, METH_VARARGS, "An image on another grid along its axes."},
    {"regrid_into", fl_py_regrid_into, METH_VARARGS, "The same, to bytes that lie anywhere, by a table."},
    {"scale", fl_py_scale, METH_VARARGS, "An image by weights of its rows and columns."},
    {"taps", fl_py_taps, METH_VARARGS, "The weights of an axis."},
    {"simd", fl_py_simd, METH_NOARGS, "The instructions that resample."},
    {"simd_names", fl_py_simd_names, METH_NOARGS, "All that could, best first."},
    {"choose_simd", fl_py_choose_simd, METH_O, "Chooses by name."},
    {"warp", fl_py_warp, METH_VARARGS, "A picture under a matrix."},
    {"look_up", fl_py_look_up, METH_VARARGS, "A picture by a table."},
    {"mix", fl_py_mix, METH_VARARGS, "A picture by a colour matrix."},
    {"scale_shift", fl_py_scale_shift, METH_VARARGS, "A picture times a factor, plus an offset."},
    {"words", fl_py_words, METH_VARARGS, "Random words from a key."},
    {"permute", fl_py_permute, METH_VARARGS, "What lies at positions of a shuffled order."},
    {"run", fl_py_run, METH_VARARGS, "Makes a chunk of samples in their places of a batch."},
    {"plan", fl_py_plan, METH_VARARGS, "What steps will do to a picture, packed."},
    {"crc32c", fl_py_crc32c, METH_VARARGS, "The CRC-32C of bytes."},
    {"crc32c_names", fl_py_crc32c_names, METH_NOARGS, "The ways to it that this processor can go, best first."},
    {NULL, NULL, 0, NULL},
};

static int run(PyObject *module)
{
    if (declined == NULL)
        declined = PyErr_NewException("feedline.native._kernel.Declined", PyExc_ValueError, NULL);
    return declined == NULL ? -1 : PyModule_AddObjectRef(module, "Declined", declined);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, run},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "feedline.native._kernel", "The hot path, without the interpreter lock.", 0, methods, slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}
