program main;

uses greeting;

begin
  WriteLn(Text);
end.
