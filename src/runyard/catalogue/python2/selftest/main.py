import greeting

assert 3 / 2 == 1, "this is Python 3"
print(greeting.text())
