source -encoding utf-8 greeting.tcl
puts $greeting
