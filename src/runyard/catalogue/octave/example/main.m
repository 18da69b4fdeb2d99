numbers = [0 1];
while numel(numbers) < 10
  numbers(end + 1) = numbers(end) + numbers(end - 1);
end
printf("%s\n", strjoin(arrayfun(@num2str, numbers, "UniformOutput", false), " "));
