package Greeting;

sub text { return "héllo ✓" }

1;
