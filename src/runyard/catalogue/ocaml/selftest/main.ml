let () = print_endline (Greeting.text ())
