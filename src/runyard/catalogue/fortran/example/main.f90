program main
  implicit none
  integer :: numbers(10), i

  numbers(1:2) = [0, 1]
  do i = 3, size(numbers)
    numbers(i) = numbers(i - 1) + numbers(i - 2)
  end do
  print "(*(i0, :, ' '))", numbers
end program main
