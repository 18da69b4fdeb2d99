numbers = [0, 1]
until numbers.size == 10
  numbers << numbers[-1] + numbers[-2]
end
puts numbers.join(" ")
