proc fibonacci {count} {
    set numbers {0 1}
    while {[llength $numbers] < $count} {
        lappend numbers [expr {[lindex $numbers end] + [lindex $numbers end-1]}]
    }
    return $numbers
}

puts [fibonacci 10]
