print(greeting)
