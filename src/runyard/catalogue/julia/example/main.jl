function fibonacci(count)
    numbers = [0, 1]
    while length(numbers) < count
        push!(numbers, numbers[end] + numbers[end - 1])
    end
    numbers
end

println(join(fibonacci(10), " "))
