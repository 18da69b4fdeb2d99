(define (fibonacci count a b)
  (if (= count 0) '() (cons a (fibonacci (- count 1) b (+ a b)))))

(format #t "~{~a~^ ~}~%" (fibonacci 10 0 1))
