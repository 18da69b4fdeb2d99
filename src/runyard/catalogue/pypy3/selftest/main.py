from greeting import GREETING

print(GREETING)
