with Greeting;

procedure Main is
begin
   Greeting.Say;
end Main;
