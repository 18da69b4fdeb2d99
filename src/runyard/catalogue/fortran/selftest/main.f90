program main
  use greetings
  implicit none
  print "(a)", greeting
end program main
