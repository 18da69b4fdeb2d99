import greeting
print greeting.text$()
