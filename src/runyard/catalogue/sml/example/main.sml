fun fibonacci 0 _ _ = []
  | fibonacci count a b = a :: fibonacci (count - 1) b (a + b);

print (String.concatWith " " (map Int.toString (fibonacci 10 0 1)) ^ "\n");
