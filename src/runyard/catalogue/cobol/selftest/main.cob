identification division.
program-id. start-here.
procedure division.
    call "greeting".
    stop run.
