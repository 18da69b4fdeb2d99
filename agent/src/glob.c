/* Patterns against paths, part by part.
 *
 * A set of positions (a bit for each part that may come next) moves over the parts of a path, so a
 * walk knows at each folder whether anything below it can match, and no pattern can be slow.
 */
#include "agent.h"

#include <string.h>

bool glob_parse(struct glob *glob, const char *text)
{
    size_t size = strlen(text);
    if (!files_check_path(text, size))
        return false;
    memcpy(glob->text, text, size + 1);
    glob->part_count = 0;
    for (char *part = strtok(glob->text, "/"); part != NULL; part = strtok(NULL, "/")) {
        if (glob->part_count >= GLOB_PARTS_MAX - 1)
            return false;
        glob->parts[glob->part_count++] = part;
    }
    /* Folders are not given, so ** at the end means the files in any of them. */
    if (strcmp(glob->parts[glob->part_count - 1], "**") == 0)
        glob->parts[glob->part_count++] = "*";
    return true;
}

static bool is_any_depth(const struct glob *glob, unsigned position)
{
    return position < glob->part_count && strcmp(glob->parts[position], "**") == 0;
}

/* ** may stand for no folder at all. */
static uint64_t add_reachable(const struct glob *glob, uint64_t positions)
{
    for (unsigned i = 0; i < glob->part_count; i++) {
        if ((positions >> i & 1) != 0 && is_any_depth(glob, i))
            positions |= 1ull << (i + 1);
    }
    return positions;
}

uint64_t glob_start(const struct glob *glob)
{
    return add_reachable(glob, 1);
}

/* Match one byte against a class such as [a-z]; `*end` is left behind it. NULL if there is no
 * closing bracket: then the bracket stands for itself. */
static bool class_matches(const char *pattern, unsigned char byte, const char **end)
{
    const char *at = pattern + 1;
    bool is_negated = *at == '!' || *at == '^', is_found = false;
    at += is_negated;
    for (bool is_first = true; *at != 0 && (is_first || *at != ']'); is_first = false) {
        unsigned char low = (unsigned char)at[0], high = low;
        if (at[1] == '-' && at[2] != 0 && at[2] != ']') {
            high = (unsigned char)at[2];
            at += 2;
        }
        at++;
        is_found = is_found || (low <= byte && byte <= high);
    }
    *end = *at == ']' ? at + 1 : NULL;
    return is_found != is_negated;
}

/* Match one character at `*name` with the pattern's next element, and step over both. */
static bool step_over(const char **pattern, const char **name)
{
    const char *end = NULL;
    if (**name == 0)
        return false;
    if (**pattern == '[') {
        bool is_match = class_matches(*pattern, (unsigned char)**name, &end);
        if (end != NULL) {
            *pattern = end;
            *name += 1;
            return is_match;
        }
    }
    if (**pattern == '?') {
        *pattern += 1;
        *name += 1;
        while (((unsigned char)**name & 0xc0) == 0x80)
            *name += 1;
        return true;
    }
    if (**pattern != **name)
        return false;
    *pattern += 1;
    *name += 1;
    return true;
}

static bool part_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *retry = NULL;
    if (name[0] == '.' && pattern[0] != '.')
        return false;
    while (*name != 0 || *pattern != 0) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = name;
        } else if (!step_over(&pattern, &name)) {
            /* Let the last star take one byte more; an earlier one need not be tried again. */
            if (star == NULL || *retry == 0)
                return false;
            pattern = star;
            name = ++retry;
        }
    }
    return true;
}

uint64_t glob_step(const struct glob *glob, uint64_t positions, const char *name)
{
    uint64_t next = 0;
    for (unsigned i = 0; i < glob->part_count; i++) {
        if ((positions >> i & 1) == 0)
            continue;
        if (is_any_depth(glob, i))
            next |= name[0] != '.' ? 1ull << i : 0;
        else if (part_matches(glob->parts[i], name))
            next |= 1ull << (i + 1);
    }
    return add_reachable(glob, next);
}

bool glob_is_match(const struct glob *glob, uint64_t positions)
{
    return (positions >> glob->part_count & 1) != 0;
}
