unit module Greeting;

sub text is export { "héllo ✓" }
