require "./greeting"

puts GREETING
