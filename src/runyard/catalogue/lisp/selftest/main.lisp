(load "greeting.lisp" :external-format :utf-8)
(write-line *greeting*)
