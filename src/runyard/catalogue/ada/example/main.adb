with Ada.Strings.Fixed; use Ada.Strings.Fixed;
with Ada.Text_IO;       use Ada.Text_IO;

procedure Main is
   A    : Natural := 0;
   B    : Natural := 1;
   Next : Natural;
begin
   for I in 1 .. 10 loop
      if I > 1 then
         Put (" ");
      end if;
      Put (Trim (A'Image, Ada.Strings.Left));
      Next := A + B;
      A := B;
      B := Next;
   end loop;
   New_Line;
end Main;
