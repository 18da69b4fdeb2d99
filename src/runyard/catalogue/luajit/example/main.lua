local function fibonacci(count)
  local numbers = { 0, 1 }
  while #numbers < count do
    numbers[#numbers + 1] = numbers[#numbers] + numbers[#numbers - 1]
  end
  return numbers
end

print(table.concat(fibonacci(10), " "))
