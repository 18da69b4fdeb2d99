module greetings
  use texts
  implicit none
  character(len=*), parameter :: greeting = hello // " ✓"
end module greetings
