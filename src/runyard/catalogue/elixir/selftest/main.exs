IO.puts(Greeting.text())
