#lang racket/base
(provide greeting)

(define greeting "héllo ✓")
