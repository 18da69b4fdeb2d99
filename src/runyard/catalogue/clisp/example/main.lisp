(defun fibonacci (count)
  (loop repeat count
        for a = 0 then b
        and b = 1 then (+ a b)
        collect a))

(format t "~{~a~^ ~}~%" (fibonacci 10))
