/* What the loop reads: the files below a folder, sorted, as the peers of feed_jpeg.py get them, or those of a list. */
#ifndef FILES_H
#define FILES_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    char **paths;
    int count;
} file_list;

static int failed(const char *name)
{
    fprintf(stderr, "Error: %s: %s\n", name, strerror(errno));
    return -1;
}

static int append(file_list *found, const char *path)
{
    char **more = realloc(found->paths, sizeof *more * (size_t)(found->count + 1));
    if (more == NULL)
        return failed(path);
    found->paths = more;
    more[found->count] = strdup(path);
    return more[found->count] == NULL ? failed(path) : (found->count++, 0);
}

static int walk(const char *name, file_list *found);

static int visit(const char *folder, const char *name, file_list *found)
{
    struct stat about;
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        fprintf(stderr, "Error: %s/%s: its path is too long\n", folder, name);
        return -1;
    }
    if (stat(path, &about) != 0)
        return failed(path);
    if (S_ISDIR(about.st_mode))
        return walk(path, found);
    return S_ISREG(about.st_mode) ? append(found, path) : 0;
}

static int walk(const char *name, file_list *found)
{
    DIR *folder = opendir(name);
    int status = 0;
    if (folder == NULL)
        return failed(name);
    for (struct dirent *entry; status == 0 && (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = visit(name, entry->d_name, found);
    closedir(folder);
    return status;
}

static int read_list(const char *name, file_list *found)
{
    FILE *list = fopen(name, "r");
    char path[4096];
    int status = 0;
    if (list == NULL)
        return failed(name);
    while (status == 0 && fgets(path, sizeof path, list) != NULL) {
        path[strcspn(path, "\n")] = 0;
        if (path[0] != 0)
            status = append(found, path);
    }
    fclose(list);
    return status;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* 0, or -1 where it cannot be read, which is said on standard error. */
static int find_files(const char *name, file_list *found)
{
    struct stat about;
    *found = (file_list){NULL, 0};
    if (stat(name, &about) != 0)
        return failed(name);
    if (!S_ISDIR(about.st_mode))
        return read_list(name, found);
    if (walk(name, found))
        return -1;
    if (found->count > 0)
        qsort(found->paths, (size_t)found->count, sizeof *found->paths, by_name);
    return 0;
}

#endif
