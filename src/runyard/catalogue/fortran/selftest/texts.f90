module texts
  implicit none
  character(len=*), parameter :: hello = "héllo"
end module texts
