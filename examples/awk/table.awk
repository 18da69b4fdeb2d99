# Fills `list` with the keys of `set` in order and returns how many there are.
function sorted(set, list,    key, count, i, held) {
    for (key in set) {
        for (i = ++count; i > 1 && list[i - 1] > key; i--) list[i] = list[i - 1]
        list[i] = key
    }
    return count
}

function money(cents, width) {
    return sprintf("%" width ".2f", cents / 100)
}
