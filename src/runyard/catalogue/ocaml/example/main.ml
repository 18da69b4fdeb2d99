let rec fibonacci count a b = if count = 0 then [] else a :: fibonacci (count - 1) b (a + b)

let () = print_endline (String.concat " " (List.map string_of_int (fibonacci 10 0 1)))
