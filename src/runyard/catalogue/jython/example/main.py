from java.util import ArrayList

numbers = ArrayList([0, 1])
while numbers.size() < 10:
    numbers.add(numbers[-1] + numbers[-2])
print(" ".join(map(str, numbers)))
