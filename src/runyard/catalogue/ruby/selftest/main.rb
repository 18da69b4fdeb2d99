require_relative "greeting"

puts GREETING
