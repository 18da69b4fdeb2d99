(define greeting "héllo ✓")
