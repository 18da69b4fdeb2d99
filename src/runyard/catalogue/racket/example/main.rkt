#lang racket/base
(require racket/string)

(define (fibonacci count [a 0] [b 1])
  (if (zero? count) '() (cons a (fibonacci (- count 1) b (+ a b)))))

(displayln (string-join (map number->string (fibonacci 10)) " "))
