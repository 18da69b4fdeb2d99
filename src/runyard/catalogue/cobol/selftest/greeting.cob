identification division.
program-id. greeting.
procedure division.
    display "héllo ✓".
    goback.
