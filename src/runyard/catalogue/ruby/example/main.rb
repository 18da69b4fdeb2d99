def fibonacci(count)
  (2...count).each_with_object([0, 1]) { |_, numbers| numbers << numbers[-1] + numbers[-2] }
end

puts fibonacci(10).join(" ")
