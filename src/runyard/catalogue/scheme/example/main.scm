(define (fibonacci count a b)
  (if (= count 0) '() (cons a (fibonacci (- count 1) b (+ a b)))))

(display (string-join (map number->string (fibonacci 10 0 1)) " "))
(newline)
