program main;

var
  a, b, next, i: Integer;
begin
  a := 0;
  b := 1;
  for i := 1 to 10 do
  begin
    if i > 1 then Write(' ');
    Write(a);
    next := a + b;
    a := b;
    b := next;
  end;
  WriteLn;
end.
