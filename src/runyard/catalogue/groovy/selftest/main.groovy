println Greeting.TEXT
