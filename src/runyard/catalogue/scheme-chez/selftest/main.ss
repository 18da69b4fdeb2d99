(load "greeting.ss")
(display greeting)
(newline)
