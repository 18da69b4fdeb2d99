MODULE main;

FROM STextIO IMPORT WriteString, WriteLn;

BEGIN
  WriteString ("héllo ✓");
  WriteLn
END main.
