MODULE main;

FROM STextIO IMPORT WriteChar, WriteLn;
FROM SWholeIO IMPORT WriteCard;

VAR
  a, b, next, i: CARDINAL;

BEGIN
  a := 0;
  b := 1;
  FOR i := 1 TO 10 DO
    IF i > 1 THEN WriteChar (" ") END;
    WriteCard (a, 1);
    next := a + b;
    a := b;
    b := next
  END;
  WriteLn
END main.
